"""Randomness as a function: a seed and a place in the run give a number, on every machine. No torch in here."""

import hashlib


def seed_of(seed: int, *place: str | int) -> int:
    """63 bits that depend on `seed` and on `place` (purpose, step, example ...), the same in every process."""
    text = "/".join([str(seed), *map(str, place)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
