"""Which marks a file has, as the page tells it."""

from pathlib import Path

import pytest

from pd_assets.lib.child import ChildFailed
from pd_assets.lib.drawing.marked import marks_of
from tests.pd_assets.lib.drawing.planted import picture


def test_of_each_file_it_is_told_which_marks_were_found(tmp_path: Path) -> None:
    for name in ("one.png", "other.png"):
        (tmp_path / name).write_bytes(picture((64, 64)))
    found = marks_of([tmp_path / "one.png", tmp_path / "other.png"])
    assert [len(lines) for lines in found] == [3, 3]
    assert found[0][:2] == ("Content credentials not found", "XMP not found")


def test_what_is_no_picture_is_told(tmp_path: Path) -> None:
    (tmp_path / "none.png").write_bytes(b"nothing")
    with pytest.raises(ChildFailed, match=r"none\.png"):
        marks_of([tmp_path / "none.png"])
