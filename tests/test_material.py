"""The tests stand on what is in this repository; only files of recorded material look beside it."""

import re
from pathlib import Path

from tests.conftest import ROOT
from tests.material import WRITTEN, json_of, paths_of

TESTS = ROOT / "tests"
# Where the recorded material is named, frozen anew, or asked for by what is no test of the suite's small sizes.
MAY_LOOK = {
    "bench/labelled_pages.py",
    "bench/month.py",
    "integration/conftest.py",
    "material.py",
    "mutations.py",
    "pd_assets/lib/rights/golden.py",
    "pd_assets/lib/rights/known_templates.py",
    # Where the shapes of SPDX may lie.
    "validators.py",
}
LOOKS_BESIDE = re.compile(
    r"""[/(] ?"shared["/]|"\.\./shared/|\bRECORDED\b|from tests\.material import .*\brecorded\b"""
)


def test_only_files_of_recorded_material_look_beside_the_repository() -> None:
    found = {
        path.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.py") if LOOKS_BESIDE.search(path.read_text())
    }
    named = {name for name in found if name.rpartition("/")[2].startswith("test_recorded_")}
    assert len(named) > 10
    assert found - named == MAY_LOOK


def test_every_file_of_answers_is_named_in_their_readme() -> None:
    told = (WRITTEN / "README.md").read_text()
    files = [path.relative_to(WRITTEN).as_posix() for path in WRITTEN.rglob("*") if path.is_file()]
    kinds = {re.sub(r"^\w+/(\w+/)\w+(\.\w+)$", r"\1*\2", name) for name in files if name != "README.md"}
    special = {"continuation/*.json": "continuation/chunk1..3.json"}
    missing = [
        kind
        for kind in kinds
        if special.get(kind, kind.removeprefix("commons/").removeprefix("smithsonian/")) not in told
    ]
    assert missing == []


def test_the_parts_of_a_value_are_told_by_place_and_kind_whatever_its_names_are_data() -> None:
    told = set(paths_of({"pages": {"-1": {"title": "A"}, "12": {"n": [1, None]}}, "P180": [], "M7": True, "Page": {}}))
    assert told == {".pages{}.title: str", ".pages{}.n[]: int", ".pages{}.n[]: NoneType", "{}: bool"}


def test_a_recording_is_read_by_its_body(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"recorded_at": null, "body": [1]}')
    (tmp_path / "b.json").write_text('{"body": [1]}')
    assert (json_of(tmp_path / "a.json"), json_of(tmp_path / "b.json")) == ([1], {"body": [1]})
