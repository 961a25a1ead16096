"""The written answers beside the recorded ones: no part that those never have, and no sentence that stands in them."""

import bz2
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.material import WRITTEN, json_of, paths_of, recorded
from tests.pd_assets.lib.commons.whole_pages import whole_pages

# What no recorded call asked for and the client does.
OF_TODAY = re.compile(
    r"\.imageinfo\[\]\.(?:timestamp|sha1|mime|mediatype): str|\.categories\[\]\.hidden: bool|"
    r"\.templates\[\]\.(?:ns: int|title: str)|\.revisions\[\]\..*|\.(?:missing|redirect): bool"
)
RUN = 6
# Names that are no sentences: of a licence, of a category that tells of rights, of museums.
NAMES = (
    "creative commons zero public domain dedication",
    "category items with otrs permission confirmed",
    "archives center national museum of american history",
    "national air and space museum collection",
    "freer gallery of art and arthur m sackler gallery collection",
)


@pytest.mark.parametrize("area", ["commons", "smithsonian"])
def test_no_written_answer_has_a_part_that_recorded_ones_never_have(area: str) -> None:
    known = set(_paths(recorded(area)))
    for path in sorted((WRITTEN / area).rglob("*.json")):
        assert set(paths_of(json_of(path))) - known == set(), path.name
    assert set(_paths(WRITTEN / area)) - known == set()


def test_the_parts_of_whole_pages_are_those_of_recorded_ones_and_what_the_client_asks_for_besides() -> None:
    known = {path for page in _pages(recorded("commons")) for path in paths_of(page)}
    for shows, page in whole_pages().items():
        unknown = set(paths_of(page)) - known
        assert {path for path in unknown if not OF_TODAY.fullmatch(path)} == set(), shows


def test_the_statements_of_whole_pages_have_the_parts_of_recorded_ones() -> None:
    answers = [json_of(path) for path in sorted(recorded("commons").rglob("*wbgetentities*.json"))]
    entities = [entity for answer in answers if isinstance(answer, dict) for entity in answer["entities"].values()]
    known = {path for entity in entities for path in paths_of(entity.get("statements") or {})}
    found = 0
    for shows, page in whole_pages().items():
        for slot in (revision["slots"].get("mediainfo") for revision in page.get("revisions", [])):
            statements = json.loads(slot["content"])["statements"] if slot else []
            found += len(statements)
            assert set(paths_of(statements)) - known == set(), shows
    assert found > 5


def test_no_sentence_of_a_recorded_answer_stands_in_a_written_one() -> None:
    foreign = {run for part in ("commons", "smithsonian") for text in _texts(recorded(part)) for run in _runs(text)}
    names = {run for name in NAMES for run in _runs(name)}
    assert len(foreign) > 3000
    for text in _texts(WRITTEN):
        assert _runs(text) & foreign <= names, text


def _answers(folder: Path) -> Iterator[object]:
    """What every file of JSON below a folder holds, and every line of a file of lines."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".json":
            yield json_of(path)
        elif path.suffix in (".bz2", ".txt", ".jsonl"):
            text = (bz2.decompress(path.read_bytes()) if path.suffix == ".bz2" else path.read_bytes()).decode()
            yield from (json.loads(line.rstrip(",")) for line in text.splitlines() if line.startswith("{"))


def _paths(folder: Path) -> Iterator[str]:
    """The parts of all answers but whole pages, which are of today's form."""
    for answer in _answers(folder):
        if not (isinstance(answer, dict) and "shows" in answer):
            yield from paths_of(answer)


def _pages(folder: Path) -> Iterator[dict]:
    """Every page that an answer speaks of."""
    for answer in _answers(folder):
        query = answer.get("query") if isinstance(answer, dict) else None
        yield from query.get("pages", {}).values() if isinstance(query, dict) else ()


def _texts(folder: Path) -> Iterator[str]:
    """Every text in the answers below a folder, and rendered pages as a whole."""
    for answer in _answers(folder):
        yield from _texts_in(answer)
    for path in sorted(folder.rglob("*.html")):
        yield path.read_text()


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(inner)


def _runs(text: str) -> set[tuple[str, ...]]:
    """Every run of six words; markup, addresses, letters alone, and what holds a digit or a hyphen are no words."""
    runs: set[tuple[str, ...]] = set()
    for piece in re.split(r"<[^>]*>|https?:\S+|[{\[\]}\"|=]", text.lower()):
        words = [word for word in re.findall(r"[\w-]+", piece) if word.isalpha() and len(word) > 1]
        runs.update(tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))
    return runs
