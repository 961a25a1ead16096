"""Reads what people call models, datasets and bundles, and finds the version that is meant.

`transformer`, `transformer/latest`, `models/transformer`, `transformer/b837`, `transformer@b837`, `dataset:main`,
`dataset/main/latest`, and the path of such a folder in a home: all of them are understood wherever one is asked for.
Pictures are called otherwise (names.py). Errors: ConfigError, with near names.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pd_assets.lib.catalog.schemas import TABLES
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home

MODELS, DATASET, RELEASE = "models", "dataset", "release"
# How each kind may be said before a name, and what a person calls one.
KINDS = {
    **{"models": MODELS, "model": MODELS, "dataset": DATASET, "datasets": DATASET},
    **{"release": RELEASE, "bundle": RELEASE},
}
WORDS = {MODELS: "model", DATASET: "dataset", RELEASE: "bundle"}
LATEST = "latest"
POINTERS = (LATEST, "candidate", "exported")
# Of a version that is said in short.
LEAST_DIGITS = 4
NEAR = 3
_TABLES = {key.partition("/")[2] for key in TABLES if key.startswith("dataset/")}


@dataclass(frozen=True, kw_only=True)
class Called:
    """What a text says: the kind and the version may be left out. Nothing was looked up."""

    kind: str | None
    name: str
    version: str | None


def parse(called: str) -> Called:
    """The parts of a name; a name of odd form is one that nothing has."""
    words = [word for word in re.split(r"[/@:\s]+", called.strip().removeprefix("./")) if word]
    kind = KINDS.get(words[0].lower()) if len(words) > 1 else None
    rest = words[1:] if kind else words
    return Called(kind=kind, name=rest[0] if rest else "", version="/".join(rest[1:]) or None)


def folder_called(home: Home, called: str, kinds: Sequence[str]) -> Path:
    """The one folder of a version that is called so; its pointer `latest` is meant where no version is said.

    `kinds` are those that may be meant, the first where none is said. ConfigError where there is none, or several.
    """
    if (place := _in_home(home, called)) is not None:
        return place
    said = parse(called)
    kind = said.kind or next((one for one in kinds if said.name in names(home, one)), kinds[0])
    if said.name == LATEST and (only := _only(home, kind)) is not None:
        said = replace(said, name=only)
    if kind not in kinds:
        raise ConfigError(f"{called!r} is a {WORDS[kind]}; expected a {' or a '.join(WORDS[one] for one in kinds)}")
    if said.name not in (there := names(home, kind)):
        raise ConfigError(_unknown(home, called, kind, said.name, there))
    return home.root / kind / said.name / version_of(home, kind, said)


def version_of(home: Home, kind: str, said: Called) -> str:
    """The version of a name that is there; a pointer names one, and some digits of one are enough."""
    there = versions(home, kind, said.name)
    if said.version is None or said.version in POINTERS:
        pointer = said.version or LATEST
        found = home.pointed(kind, said.name, pointer)
        if found is None:
            raise ConfigError(f"{kind}/{said.name} has no {pointer} version; there are: {', '.join(there) or 'none'}")
        return found
    meant = [one for one in there if one == said.version]
    if len(said.version) >= LEAST_DIGITS:
        meant = meant or [one for one in there if one.startswith(said.version)]
    if len(meant) != 1:
        raise ConfigError(
            f"{'several versions' if meant else 'no version'} of {kind}/{said.name} called {said.version!r}; "
            f"expected one of {', '.join(there) or 'none'}, or latest"
        )
    return meant[0]


def names(home: Home, kind: str) -> list[str]:
    """The models, datasets or bundles that there are, by name."""
    found = (path for path in (home.root / kind).glob("[!.]*") if path.is_dir())
    return sorted(path.name for path in found if kind != DATASET or path.name not in _TABLES)


def versions(home: Home, kind: str, name: str) -> list[str]:
    """The versions of one that are there, unfinished ones left out."""
    found = (path for path in (home.root / kind / name).glob("[!.]*") if path.is_dir())
    return sorted(path.name for path in found if "." not in path.name)


def near(word: str, there: Sequence[str]) -> str:
    """What may have been meant, as the end of a sentence; nothing where nothing is near."""
    by_small = {one.lower(): one for one in there}
    found = difflib.get_close_matches(word.lower(), list(by_small), n=NEAR, cutoff=0.6)
    return f"; did you mean {' or '.join(by_small[one] for one in found)}?" if found else ""


def _in_home(home: Home, called: str) -> Path | None:
    """A folder of a version that is said by its path."""
    place = Path(called)
    try:
        if len(place.parts) < 2 or not place.is_dir() or not place.resolve().is_relative_to(home.root):
            return None
    except (OSError, ValueError):
        return None
    found = place.resolve()
    return found if len(found.relative_to(home.root).parts) == 3 else None


def _only(home: Home, kind: str) -> str | None:
    """The one name of a kind that has a version in use, if there is one alone: what `latest` by itself means then."""
    there = [one for one in names(home, kind) if home.pointed(kind, one, LATEST) is not None]
    return there[0] if len(there) == 1 else None


def _unknown(home: Home, called: str, kind: str, name: str, there: Sequence[str]) -> str:
    listed = ", ".join(there) or "none"
    return f"no {WORDS[kind]} in {home.root} is called {called!r}{near(name, there)}; there are: {listed}"
