"""How the rules on a paper say what is wrong with it: a sentence with the place, what was found, what was expected."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_SHOWN = 120
# Hexadecimal digits of a digest by the name of its algorithm in CycloneDX, SPDX and Croissant.
DIGITS = {"SHA-256": 64, "sha256": 64, "SHA-384": 96, "sha384": 96, "SHA-512": 128, "sha512": 128}


class Problems:
    """The problems of one paper, in the order in which they were found."""

    def __init__(self, paper: str) -> None:
        self.paper = paper
        self.told: list[str] = []

    def add(self, place: str, found: object, expected: str) -> None:
        """Something is wrong at a place."""
        self.told.append(f"{self.paper}: {place} is {_short(found)}, expected {expected}")

    def expect(self, place: str, found: object, expected: object) -> None:
        """A value that is known beforehand."""
        if found != expected:
            self.add(place, found, _short(expected))

    def expect_all(self, place: str, found: Mapping[str, object], expected: Mapping[str, object]) -> None:
        """Values by name: none missing, none more, each as it should be."""
        for name in sorted({*found, *expected}):
            if name not in expected:
                self.add(f"{place} {name}", found[name], "no such entry")
            elif name not in found:
                self.add(f"{place} {name}", "missing", _short(expected[name]))
            else:
                self.expect(f"{place} {name}", found[name], expected[name])

    def expect_once(self, place: str, names: Iterable[str]) -> None:
        """No name is used twice."""
        for name, times in sorted(Counter(names).items()):
            if times > 1:
                self.add(f"{place} {name}", f"used {times} times", "one use")

    def expect_known(self, place: str, names: Iterable[str], known: Iterable[str]) -> None:
        """What is referred to is there."""
        for name in sorted(set(names) - set(known)):
            self.add(place, name, "something that the paper describes")

    def expect_digest(self, place: str, algorithm: object, digest: object) -> None:
        """As many lower-case hexadecimal digits as the algorithm gives."""
        digits = DIGITS.get(str(algorithm))
        if digits is None:
            self.add(f"{place} algorithm", algorithm, f"one of {', '.join(DIGITS)}")
        elif not (isinstance(digest, str) and len(digest) == digits and set(digest) <= set("0123456789abcdef")):
            self.add(f"{place} digest", digest, f"{digits} hexadecimal digits")


def items(value: object) -> list[Any]:
    """The entries of a list; none where it is no list."""
    return value if isinstance(value, list) else []


def entries(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list; an empty one for what is none."""
    return [members(one) for one in items(value)]


def members(value: object) -> Mapping[str, Any]:
    """The members of an object; none where it is no object."""
    return value if isinstance(value, Mapping) else {}


def objects(value: object) -> Iterator[Mapping[str, Any]]:
    """Every object of a JSON value, itself first."""
    if isinstance(value, Mapping):
        yield value
    inner = value.values() if isinstance(value, Mapping) else items(value)
    for one in inner:
        yield from objects(one)


def _short(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
