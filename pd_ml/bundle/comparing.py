"""The papers of a bundle against what its facts give: the place in a document, what was found, what was expected.

No torch in here. Errors: none of its own; whatever goes wrong with a paper is a problem of the paper.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice, zip_longest
from pathlib import Path

from pd_ml.bundle import layout
from pd_ml.bundle.distrust import MOST_JSON_BYTES, Problem, read_json, shown
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.rules import TEXTS, problems_of_bom, problems_of_croissant, problems_of_spdx, problems_of_texts
from pd_ml.bundle.sealing import Sealed
from pd_ml.errors import BundleError

JSON_PAPERS = frozenset({layout.BOM, layout.SPDX, layout.CROISSANT, layout.EU_DATA})
# Of each paper so many places are told.
_MOST_PLACES = 3
_RULED = {layout.BOM: problems_of_bom, layout.SPDX: problems_of_spdx, layout.CROISSANT: problems_of_croissant}
_MOST_CHARACTERS = 120


def problems_of_papers(
    facts: Facts, found: Mapping[str, Sealed], writers: Mapping[str, Callable[[Facts], str]]
) -> list[Problem]:
    """How the papers of a bundle differ from those that its facts give."""
    problems: list[Problem] = []
    for name, write in writers.items():
        if name not in found:
            continue
        try:
            expected = write(facts).encode()
            if hashlib.sha256(expected).hexdigest() != found[name].sha256:
                texts = islice(_differences(facts.folder / name, found[name].size_bytes, expected), _MOST_PLACES)
                problems += [Problem(file=name, text=text) for text in texts]
        except Exception as error:
            # Facts that no paper can be made of, of whatever kind: whoever made the bundle could not either.
            text = f"cannot be computed from the facts ({type(error).__name__}: {error})"
            problems.append(Problem(file=name, text=text))
    return problems


def problems_by_rules(facts: Facts) -> list[Problem]:
    """The rules of papers that outside validators do not know, on those that were found."""
    problems = []
    for name in TEXTS:
        try:
            with (facts.folder / name).open("rb") as file:
                text = file.read(MOST_JSON_BYTES).decode("utf-8", "replace")
        except OSError as error:
            problems.append(Problem(file=name, text=f"cannot be read ({error})"))
            continue
        problems += [_problem(name, one) for one in problems_of_texts(name, text, facts)]
    for name, rule in _RULED.items():
        try:
            texts = rule(read_json(facts.folder / name), facts)
        except BundleError as error:
            texts = [str(error)]
        problems += [_problem(name, text) for text in texts]
    return problems


def _problem(name: str, text: str) -> Problem:
    return Problem(file=name, text=text.removeprefix(f"{name}: "))


def _differences(path: Path, size_bytes: int, expected: bytes) -> Iterator[str]:
    if size_bytes > MOST_JSON_BYTES + 2 * len(expected):
        yield f"{size_bytes} bytes, the facts give {len(expected)}"
        return
    content = path.read_bytes()
    if path.name in JSON_PAPERS:
        try:
            there, wanted = json.loads(content), json.loads(expected)
        except (ValueError, RecursionError) as error:
            yield f"cannot be read as JSON ({error}); the facts give another"
            return
        texts = _in_json(there, wanted, "")
        yield next(texts, "the same content, written otherwise than the facts give it")
        yield from texts
    else:
        yield from _in_lines(content, expected)


def _in_json(found: object, expected: object, path: str) -> Iterator[str]:
    """Each place where two documents differ, by its path: `components[2].licenses[0].license.id`."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for name in [*expected, *(name for name in found if name not in expected)]:
            place = f"{path}.{name}" if path else name
            if name not in found:
                yield f"{place} is missing, expected {_short(expected[name])}"
            elif name not in expected:
                yield f"{place} is {_short(found[name])}, the facts give none"
            else:
                yield from _in_json(found[name], expected[name], place)
    elif isinstance(found, list) and isinstance(expected, list):
        for number, (one, other) in enumerate(zip(found, expected, strict=False)):
            yield from _in_json(one, other, f"{path}[{number}]")
        if len(found) != len(expected):
            yield f"{path or 'it'} has {len(found)} entries, expected {len(expected)}"
    elif found != expected or type(found) is not type(expected):
        yield f"{path or 'it'} is {_short(found)}, expected {_short(expected)}"


def _in_lines(content: bytes, expected: bytes) -> Iterator[str]:
    there, wanted = (text.decode("utf-8", "backslashreplace").splitlines() for text in (content, expected))
    told = 0
    for number, (one, other) in enumerate(zip_longest(there, wanted), 1):
        if one == other:
            continue
        told += 1
        if one is None:
            yield f"line {number} is missing, expected {_short(other)}"
        elif other is None:
            yield f"line {number} is {_short(one)}, the facts give none"
        else:
            yield f"line {number} is {_short(one)}, expected {_short(other)}"
    if not told:
        yield "the same lines, ended otherwise than the facts give them"


def _short(value: object) -> str:
    text = shown(value if isinstance(value, str) else json.dumps(value))
    return repr(text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]} ...")
