"""Which rows lie in which shard: a rule under which a change of one row changes one shard.

Every row has a place, a hash of 64 bits. A shard holds the places that begin with certain bits; one that would hold too
much is two shards, of one bit more each (extendible hashing: Fagin, Nievergelt, Pippenger and Strong 1979). Shards have
the numbers of a heap: 1 holds all, 2n and 2n+1 the halves of n. What was once divided stays so, as else a takedown
could change the shard beside its own.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BITS = 64


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A shard's number, and its rows from `first` up to `end`."""

    number: int
    first: int
    end: int


def leaves(
    places: npt.NDArray[np.uint64], sizes: npt.NDArray[np.int64], *, shard_bytes: int, before: Collection[int] = ()
) -> list[Leaf]:
    """The shards of rows in ascending `places`, of at most `shard_bytes` each if they hold more than one row.

    `before` are the numbers of the shards that there were; empty ones are left out.
    """
    up_to = np.concatenate(([0], np.cumsum(sizes)))
    divided = {number >> step for number in before for step in range(1, number.bit_length())}

    def cut(number: int, depth: int, lowest: int, first: int, end: int) -> Iterator[Leaf]:
        if first == end:
            return
        too_much = int(up_to[end] - up_to[first]) > shard_bytes and end - first > 1
        if depth == BITS or not (too_much or number in divided):
            yield Leaf(number=number, first=first, end=end)
            return
        middle = lowest + (1 << (BITS - 1 - depth))
        at = first + int(np.searchsorted(places[first:end], np.uint64(middle)))
        yield from cut(2 * number, depth + 1, lowest, first, at)
        yield from cut(2 * number + 1, depth + 1, middle, at, end)

    return sorted(cut(1, 0, 0, 0, len(places)), key=lambda leaf: leaf.number)
