"""Where a request may go: to the hosts of the archive that is asked, at public addresses or at those that were set.

A name decides first (`Archive.has`), then what it resolves to (`is_public`), which the connection itself looks at, so
that nothing can change in between (lib/connections.py). Neither DNS nor HTTP here.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from pd_assets.lib.errors import FetchFailed
from pd_assets.lib.museums.contract import MUSEUMS
from pd_assets.lib.settings import Settings

VARIABLE = "PD_ARCHIVE_HOSTS"
PORTS = {"http": 80, "https": 443}
# The projects of one foundation, whose files lie at wikimedia.org; those of museums where their contract says.
WIKIMEDIA_PROJECTS = ("wikimedia.org", "wikipedia.org", "wikidata.org")
WIKIMEDIA = "wikimedia.org"
LONGEST_NAME, LONGEST_LABEL = 253, 63


class Place(NamedTuple):
    """A host and its port, spelled in one way."""

    host: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Archive:
    """The places of one archive. To those in `private` a request may go whatever address they have.

    `domains` stand for the hosts of that name and all below it, on the web's ports.
    """

    private: frozenset[Place] = frozenset()
    places: frozenset[Place] = frozenset()
    domains: frozenset[str] = frozenset()

    def has(self, place: Place) -> bool:
        """Whether it is one of this archive's."""
        is_of_domain = place.port in PORTS.values() and _is_below(place.host, self.domains)
        return place in self.private or place in self.places or is_of_domain


def archive_at(place: Place, hosts: frozenset[Place] = frozenset(), domains: Iterable[str] = ()) -> Archive:
    """The archive with an API or index at this place: itself, all below its name, and what is known to be its own."""
    if _is_private_name(place.host):
        return Archive(private=hosts | {place}, domains=frozenset(domains))
    known = {WIKIMEDIA} if _is_below(place.host, WIKIMEDIA_PROJECTS) else set()
    return Archive(private=hosts, places=frozenset({place}), domains=frozenset({place.host, *domains, *known}))


def archives_of(settings: Settings) -> tuple[Archive, ...]:
    """The archives that are set, with PD_ARCHIVE_HOSTS for each."""
    hosts = frozenset(place for name in settings.archive_hosts for place in _places(name))
    apis = [settings.commons_api, *([settings.wikidata_api] if settings.wikidata_api else [])]
    indexes = {"smithsonian": settings.smithsonian_index, "cleveland": settings.cleveland_index}
    museums = (_museum_at(indexes[name], hosts, museum.domains) for name, museum in MUSEUMS.items())
    return (*(archive_at(place_of(api), hosts) for api in apis), *museums)


def _museum_at(index: str, hosts: frozenset[Place], domains: Iterable[str]) -> Archive:
    if "://" in index:
        return archive_at(place_of(index), hosts, domains)
    return Archive(private=hosts, domains=frozenset(domains))


def place_of(url: str) -> Place:
    """The place that an address of the web leads to; FetchFailed says what is wrong with another one."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise bad_address(url, str(error)) from None
    if parts.scheme not in PORTS:
        raise bad_address(url, f"found {parts.scheme!r}")
    if not host or port == 0 or not _is_name(host):
        raise bad_address(url, f"found the host {host!r}")
    return Place(_one_spelling(host), PORTS[parts.scheme] if port is None else port)


def bad_address(url: str, found: str) -> FetchFailed:
    """The error for what is no address, in plain characters."""
    return FetchFailed(f"{plain(url)}: {plain(found)}, expected an http or https address of the web", permanent=True)


def plain(text: str, most: int = 300) -> str:
    """A text of others in characters that every log and table takes."""
    shown = text[:most].encode("unicode_escape" if not text.isprintable() else "utf-8", "backslashreplace").decode()
    return shown + ("..." if len(text) > most else "")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet at large."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_global and not found.is_multicast


def _is_private_name(host: str) -> bool:
    """Whether a host cannot be a public one by its name alone: an address of a local net, or a name without a dot."""
    try:
        return not is_public(host)
    except ValueError:
        return "." not in host or host.endswith(".localhost")


def _is_below(host: str, domains: Iterable[str]) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in domains)


def _is_name(host: str) -> bool:
    if ":" in host:
        return True  # an IPv6 address, which urlsplit has read
    return len(host) <= LONGEST_NAME and all(0 < len(label) <= LONGEST_LABEL for label in host.split("."))


def _one_spelling(host: str) -> str:
    return "127.0.0.1" if host in ("localhost", "::1") else host.lower()


def _places(name: str) -> list[Place]:
    """`host:port`, or a host on the web's ports."""
    place = place_of(f"http://{name}")
    return [place] if urlsplit(f"//{name}").port is not None else [Place(place.host, port) for port in PORTS.values()]
