"""Losses as numbers and as lines to draw."""

import json
from pathlib import Path

import pytest

from pd_assets.lib.release.curves import HEIGHT, MOST_POINTS, WIDTH, Series, drawing, losses, table


def noted(folder: Path, rows: list[dict[str, object]], end: str = "") -> Path:
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + end)
    return folder


def test_a_training_under_way_is_read_as_far_as_it_is_and_what_is_no_number_is_passed_over(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"step": 1, "train_loss": 2.0}, {"step": 2, "train_loss": float("nan")}, {"step": 3, "train_loss": "much"},
        {"train_loss": 9}, {"step": 1, "train_loss": 1.5}, {"step": 4, "validation_loss": 1.0},
    ]  # fmt: skip
    found = losses(noted(tmp_path, rows, end='{"step": 5, "train_'))
    assert [(one.name, one.points) for one in found] == [
        ("train_loss", ((1.0, 1.5),)),
        ("validation_loss", ((4.0, 1.0),)),
    ]
    assert losses(tmp_path / "nowhere") == []


@pytest.mark.parametrize("values", [[1.0], [3.0, 3.0], [-1.0, 0.0, 2.0], [1e-6, 1e6], [0.0], [5.0] * 9 + [1e-9]])
def test_every_point_lies_within_the_frame(values: list[float]) -> None:
    found = drawing([Series(name="train_loss", points=tuple(enumerate(values)))])
    assert found is not None
    for x, y in found.lines[0].dots:
        assert 0 <= x <= WIDTH and 0 <= y <= HEIGHT
    assert found.across and all(0 <= tick.at <= HEIGHT for tick in found.up)


def test_a_hundred_thousand_points_become_a_line_of_few_that_keeps_its_ends() -> None:
    points = tuple((float(step), 1.0 + 1.0 / (1 + step)) for step in range(100_000))
    found = drawing([Series(name="train_loss", points=points)])
    assert found is not None and found.lines[0].path.count("L") == MOST_POINTS - 1
    assert found.lines[0].path.startswith("M58 14") and "708 " in found.lines[0].path


def test_the_table_has_the_first_and_the_last_step() -> None:
    found = table([Series(name="train_loss", points=tuple((float(step), float(step)) for step in range(100)))])
    assert (found[0], found[-1], len(found)) == (("0", "0"), ("99", "99"), 12)
    assert drawing([]) is None and table([]) == []
