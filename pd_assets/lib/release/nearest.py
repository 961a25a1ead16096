"""The pictures of a home that look like one: by the hashes of all, then by a second look at the few that may be it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.home import Home
from pd_assets.lib.release.alike import likeness
from pd_assets.lib.release.look import MOST_CANDIDATES, SAME, SAME_BY_HASHES, Known, Look, Near, stored_grey
from pd_assets.lib.release.lookup import Looks, Lookup
from pd_assets.lib.release.pictures import Match
from pd_assets.lib.release.segments import Row

# Clusters remember pictures that were fetched once; what was fetched since the last catalogue is in the files alone.
TOLD_IN = ("clusters", "files")


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    item_id: str
    sha256: str
    near: Near
    path: Path | None


def nearest(home: Home, look: Look, *, lookup: Lookup | None = None) -> list[Match]:
    """The items whose picture is the same, the likest first; those of one picture in the store in their order.

    What could not be asked is in `lookup.unread`.
    """
    lookup = lookup or Lookup(home=home)
    found: list[Match] = []
    seen: dict[str, float | None] = {}
    for candidate in _candidates(lookup, look):
        if candidate.sha256 not in seen:
            grey = stored_grey(candidate.path) if candidate.path is not None and look.grey is not None else None
            seen[candidate.sha256] = None if grey is None or look.grey is None else likeness(look.grey, grey)
        alike = seen[candidate.sha256]
        if candidate.near.score <= SAME_BY_HASHES if alike is None else alike >= SAME:
            found.append(
                Match(
                    item_id=candidate.item_id,
                    sha256=candidate.sha256,
                    distance=candidate.near.distance,
                    likeness=None if alike is None else round(alike, 3),
                )
            )
    return sorted(found, key=lambda one: (-(one.likeness or 0), one.distance, one.item_id))


def _candidates(lookup: Lookup, look: Look) -> Iterator[_Candidate]:
    """The items whose pictures may be the same, the likeliest first, each once a picture in the store."""
    best: dict[tuple[str, str], Near] = {}
    for near, row in sorted(_near(lookup, look), key=lambda one: one[0].score):
        if row["sha256"] is not None:
            best.setdefault((str(row["item_id"]), str(row["sha256"])), near)
    digests = list(dict.fromkeys(sha256 for _, sha256 in best))[:MOST_CANDIDATES]
    stored = {str(row["sha256"]): row for row in lookup.rows("files", "sha256", digests) if row["path"]}
    for (item_id, sha256), near in best.items():
        if sha256 in digests:
            yield _Candidate(item_id=item_id, sha256=sha256, near=near, path=_path(lookup.home, sha256, stored))


def _path(home: Home, sha256: str, stored: Mapping[str, Row]) -> Path | None:
    """Where the picture lies on this disk; None where it is gone, or in a bucket alone."""
    found: Iterable[Path] = home.images.glob(f"{sha256[:2]}/{sha256}.*")
    if (row := stored.get(sha256)) is not None:
        found = (home.root / str(row["path"]), *found)
    return next((path for path in found if path.is_file()), None)


def _near(lookup: Lookup, look: Look) -> Iterator[tuple[Near, Row]]:
    for name in TOLD_IN:
        best: list[tuple[Near, Looks]] = []
        for some in lookup.looks(name):
            best += [(near, some) for near in Known.of_words(some.words).near(look)]
            best = sorted(best, key=lambda one: one[0].score)[: 2 * MOST_CANDIDATES]
        yield from ((near, some.row(near.place)) for near, some in best)
