"""Where pictures came from, in words: the archives that have a name, and hosts of media with their bytes.

An archive is called by its name only where a host of its own delivered pictures: the sandbox of the demo, or any other
site that is read in the same way, is called what it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pd_ml.bundle.distrust import is_day
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.papers.writing import one_line

_LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


@dataclass(frozen=True, kw_only=True)
class Archive:
    """`is_dataset`: a dataset that its owner put together and gave away whole; else it was read page by page."""

    name: str
    url: str
    domain: str
    is_dataset: bool


_ARCHIVES: Mapping[str, Archive] = {
    "commons": Archive(
        name="Wikimedia Commons", url="https://commons.wikimedia.org/", domain="wikimedia.org", is_dataset=False
    ),
    "smithsonian": Archive(
        name="Smithsonian Open Access", url="https://www.si.edu/openaccess", domain="si.edu", is_dataset=True
    ),
    "cleveland": Archive(
        name="Cleveland Museum of Art Open Access",
        url="https://www.clevelandart.org/open-access",
        domain="clevelandart.org",
        is_dataset=True,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """One value of the ledger's `source`: pictures of it that any model of the chain was trained on or measured with.

    `url` is "" where the archive is none that has a name here.
    """

    source_id: str
    name: str
    url: str
    is_dataset: bool
    pictures: int


def sources(facts: Facts) -> tuple[Source, ...]:
    """In the order of their ids."""
    return sources_of(facts, facts.counts.by_source)


def sources_of(facts: Facts, by_source: Mapping[str, int]) -> tuple[Source, ...]:
    """The archives of some pictures, as those of one dataset version, in the order of their ids."""
    hosts = list(facts.counts.hosts)
    return tuple(_source(source_id, count, hosts) for source_id, count in sorted(by_source.items()))


def collected(facts: Facts, by_source: Mapping[str, int]) -> str:
    """How pictures were read, by archive, in a sentence; that they are made up, where they are."""
    ways = {False: "by its interface for programs", True: "from the release of all its metadata"}
    told = [f"{one.name} ({one.pictures}), {ways[one.is_dataset]}" for one in sources_of(facts, by_source)]
    return f"Pictures were read from: {'; '.join(told) or 'no archive'}.{made_up(facts)}"


def made_up(facts: Facts) -> str:
    """What every paper says of the demo's pictures; "" of real ones."""
    return " The pictures are made up, by the project's own sandbox." if is_sandbox(facts) else ""


def _source(source_id: str, pictures: int, hosts: list[str]) -> Source:
    known = _ARCHIVES.get(source_id)
    if known is None:
        return Source(source_id=source_id, name=one_line(source_id), url="", is_dataset=False, pictures=pictures)
    if any(host == known.domain or host.endswith(f".{known.domain}") for host in hosts):
        return Source(
            source_id=source_id, name=known.name, url=known.url, is_dataset=known.is_dataset, pictures=pictures
        )
    name = f"a site that is read as {known.name} is"
    return Source(source_id=source_id, name=name, url="", is_dataset=known.is_dataset, pictures=pictures)


def is_sandbox(facts: Facts) -> bool:
    """Whether every picture came from a machine's own archive, as in the demo."""
    return bool(facts.counts.hosts) and all(host in _LOOPBACK for host in facts.counts.hosts)


def host_rows(facts: Facts) -> list[dict[str, str | int]]:
    """Hosts that delivered pictures, those with most bytes first."""
    ordered = sorted(facts.counts.hosts.items(), key=lambda one: (-one[1].size_bytes, one[0]))
    return [
        {"domain": one_line(host), "pictures": found.pictures, "size_bytes": found.size_bytes}
        for host, found in ordered
    ]


def month(day: str) -> str:
    """`2026-11-30` as the Commission's template asks for it: `11/2026`; "unknown" where there is no day."""
    return f"{day[5:7]}/{day[:4]}" if is_day(day) else "unknown"


def language_name(code: str) -> str:
    """The code of the language that a label field is in; some are in none, as names and dates are."""
    return one_line(code) or "no language"
