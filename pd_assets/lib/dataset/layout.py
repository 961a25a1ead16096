"""Which shards of the last export stand, and which are written anew: what an export costs is decided here.

New rows go to new shards. A shard that holds what may not be in the dataset any more is written anew at once. One in
which only labels are out of date waits for its turn: in each export the shards that have waited longest are written,
up to a share of the dataset's bytes, so that none waits for more than `1 / LABEL_SHARE` exports behind the others.
Small shards are merged by the size of their like, as a log-structured merge tree does it (O'Neil and others 1996): a
row is written once more for each power of FEW between the size of its shard and half a full one, and no more. Pure.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pd_ml.data import shards

# The share of a dataset's bytes that an export writes anew for labels alone, and no less than one full shard.
LABEL_SHARE = 0.02
# So many small shards of about one size are merged; each size is that many times the next.
FEW = 8


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A shard of the last export, and what is to become of its `rows`: `kept` stay in it, in `stale` of these the
    labels are out of date. `must`: it may not stand as it is. `waited`: for how many exports its labels have waited.
    """

    path: str
    split: str
    size_bytes: int
    rows: int
    kept: int
    must: bool = False
    stale: int = 0
    waited: int = 0

    @property
    def kept_bytes(self) -> int:
        """About what it will take."""
        return self.size_bytes * self.kept // max(1, self.rows)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Shards by their paths: `linked` as they are; `rewritten` in their place; `merged` with the new rows. `waited`
    says of the linked ones in which labels wait for how many exports they have, and `waiting` how many rows that is.
    """

    linked: frozenset[str] = frozenset()
    rewritten: frozenset[str] = frozenset()
    merged: frozenset[str] = frozenset()
    waited: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0


def decide(standing: Sequence[Standing], *, new_in: Collection[str], shard_bytes: int) -> Layout:
    """What becomes of the shards of the last export, where there are new rows in the splits `new_in`."""
    kept = sorted((one for one in standing if one.kept), key=lambda one: shards.place_of(one.path))
    must = {one.path for one in kept if one.must}
    merged: set[str] = set()
    for split in shards.SPLITS:
        of_split = [one for one in kept if one.split == split]
        # Where nothing else is written nothing is merged: the same tables give the same version.
        if split in new_in or any(one.must and one.split == split for one in standing):
            merged |= _too_many_small(of_split, shard_bytes // 2)
    # What is merged has its labels renewed with it: the share is for the others.
    budget = max(int(LABEL_SHARE * sum(one.size_bytes for one in standing)), shard_bytes)
    anew = must | set(_within(budget, [one for one in kept if one.stale and one.path not in must | merged]))
    waits = [one for one in kept if one.stale and one.path not in anew | merged]
    return Layout(
        linked=frozenset(one.path for one in kept) - anew - merged,
        rewritten=frozenset(anew - merged),
        merged=frozenset(merged),
        waited={one.path: one.waited + 1 for one in waits},
        waiting=sum(one.stale for one in waits),
    )


def _within(budget: int, stale: Iterable[Standing]) -> Iterator[str]:
    """Those of the shards that are taken now: one at least, longest waiting first, then those with most to change."""
    taken_bytes = 0
    for one in sorted(stale, key=lambda one: (-one.waited, -one.stale, shards.place_of(one.path))):
        taken_bytes += one.size_bytes
        if taken_bytes > budget and taken_bytes > one.size_bytes:
            return
        yield one.path


def _too_many_small(of_split: Iterable[Standing], half: int) -> set[str]:
    by_size: dict[int, list[str]] = {}
    for one in of_split:
        if one.kept_bytes < half:
            by_size.setdefault(_size(one.kept_bytes, half), []).append(one.path)
    return {path for alike in by_size.values() if len(alike) >= FEW for path in alike}


def _size(size_bytes: int, half: int) -> int:
    """Which of the sizes below `half`, counted from the largest."""
    size = 0
    while half and size_bytes < (half := half // FEW):
        size += 1
    return size
