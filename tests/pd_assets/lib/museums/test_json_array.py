"""The objects of a long array: each as its own text, wherever the blocks end, and never more than was there."""

import json
import random
import tracemalloc
from pathlib import Path

import pytest

from pd_assets.lib.museums import json_array
from pd_assets.lib.museums.json_array import BrokenArray, objects

ODD = [
    {"id": 1, "text": 'a "quoted" } brace { and a \\ backslash'},
    {"id": 2, "deep": {"list": [{"a": {}}, "}", "\\", '\\"']}, "é": "日本 \u2028"},
    {},
    {"end": "\\\\"},
]


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_every_object_comes_out_wherever_a_block_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(5)
    for ascii_only in (True, False):
        for indent in (None, 1):
            text = json.dumps(ODD * 3, ensure_ascii=ascii_only, indent=indent)
            path = written(tmp_path / "data.json", f"\ufeff {text}\n" if indent else text)
            for size in [*range(1, 12), *(chance.randrange(12, 400) for _ in range(8))]:
                monkeypatch.setattr(json_array, "BLOCK", size if size > 2 else 3)
                assert [json.loads(one) for one in objects(path)] == ODD * 3


def test_an_empty_array_has_no_objects(tmp_path: Path) -> None:
    assert list(objects(written(tmp_path / "data.json", "[]\n"))) == []


def test_an_array_that_breaks_off_gives_what_was_whole_and_says_so(tmp_path: Path) -> None:
    text = json.dumps(ODD)
    for end in range(1, len(text), 3):
        found, whole = [], objects(written(tmp_path / "data.json", text[:end]))
        with pytest.raises(BrokenArray, match="breaks off"):
            while True:
                found.append(json.loads(next(whole)))
        assert found == ODD[: len(found)]


@pytest.mark.parametrize("text", ["", "<html>", '{"data": []}', "null"])
def test_what_is_no_array_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BrokenArray, match="expected a JSON array"):
        list(objects(written(tmp_path / "data.json", text)))


def test_a_text_without_an_end_costs_no_more_than_the_longest_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_array, "LONGEST", 200_000)
    monkeypatch.setattr(json_array, "BLOCK", 50_000)
    path = written(tmp_path / "data.json", '[{"a": "' + "x" * 10_000_000)
    tracemalloc.start()
    with pytest.raises(BrokenArray, match="longer than any"):
        list(objects(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000
