"""One request: what is asked of whom, and where it may be sent on to. What a host was told goes to no other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from pd_assets.lib.addresses import VARIABLE, Archive, Place, bad_address, place_of, plain
from pd_assets.lib.answers import Answer
from pd_assets.lib.errors import FetchFailed

CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
# What every host is told.
OURS = frozenset({"user-agent", "accept-encoding", "accept", "connection"})


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked, again and again if need be. `named` is the address as the caller and errors have it."""

    named: str
    prepared: requests.PreparedRequest
    place: Place
    check: Callable[[Answer], float | None] | None
    into: Path | None
    most_bytes: int

    @property
    def address(self) -> str:
        """What is asked for, with its parameters."""
        return str(self.prepared.url)

    @property
    def is_conditional(self) -> bool:
        return any(name.lower() in CONDITIONS for name in self.prepared.headers)

    def moved(self, location: str, archive: Archive) -> "Request":
        """The same, at another place of the archive. What the caller told one host is told to no other."""
        try:
            joined = urljoin(self.address, location.encode("latin-1").decode())
            place, prepared = prepare(joined, None, dict(self.prepared.headers))
        except (FetchFailed, ValueError):
            raise FetchFailed(f"{self.named}: redirects to {plain(location)!r}, which is no address") from None
        # As it will be asked, and not as it was written: parsers differ about odd addresses.
        url = str(prepared.url)
        if not archive.has(place):
            raise FetchFailed(
                f"{self.named}: redirects to {plain(url)}, which is no host of this archive; if it is to be asked, "
                f"name it in {VARIABLE}"
            )
        if _origin(url) != _origin(self.address):
            kept = {name: value for name, value in prepared.headers.items() if name.lower() in {*CONDITIONS, *OURS}}
            place, prepared = prepare(url, None, kept)
        return replace(self, prepared=prepared, place=place)


def prepare(
    url: str, params: Mapping[str, str | int] | None, headers: Mapping[str, str]
) -> tuple[Place, requests.PreparedRequest]:
    """The request as it will be sent, and where to. FetchFailed for what cannot be."""
    try:
        url.encode()  # no half of a character, which libraries would send on in one way or another
        prepared = requests.Request("GET", url, params=params, headers=headers).prepare()
    except (requests.RequestException, ValueError) as error:
        raise bad_address(url, type(error).__name__) from None
    return place_of(str(prepared.url)), prepared


def _origin(url: str) -> tuple[str, Place]:
    return urlsplit(url).scheme, place_of(url)
