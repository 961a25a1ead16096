"""Randomness as a function: a seed and a place in the run give a number, on every machine. No torch in here."""

import hashlib

import numpy as np
import numpy.typing as npt


def seed_of(seed: int, *place: str | int) -> int:
    """63 bits that depend on `seed` and on `place` (purpose, step, example ...), the same in every process."""
    text = "/".join([str(seed), *map(str, place)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def seeds_of(seed: int, *place: str | int, last: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """`seed_of` for each number that ends a place: what they have in common is hashed once."""
    begun = hashlib.blake2b("/".join([str(seed), *map(str, place), ""]).encode(), digest_size=8)
    digests = []
    for number in last.tolist():
        one = begun.copy()
        one.update(b"%d" % number)
        digests.append(one.digest())
    return (np.frombuffer(b"".join(digests), dtype=">u8") >> np.uint64(1)).astype(np.int64)
