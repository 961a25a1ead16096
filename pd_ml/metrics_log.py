"""`metrics.jsonl`: one JSON object per log interval or validation, in the order of steps (plot: evaluation/curve)."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

Row = Mapping[str, float]


def append_metrics(path: Path, row: Row) -> None:
    """Add one line."""
    with path.open("a") as file:
        file.write(json.dumps(dict(row)) + "\n")


def read_metrics(path: Path) -> list[dict[str, float]]:
    """Every whole line; a line that a crash cut short is left out."""
    rows: list[dict[str, float]] = []
    for line in path.read_text().splitlines() if path.is_file() else []:
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


def rewind_metrics(path: Path, step: int) -> None:
    """Forget what was logged after `step`: training goes on from there."""
    kept = [row for row in read_metrics(path) if row["step"] <= step]
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text("".join(json.dumps(row) + "\n" for row in kept))
    os.replace(partial, path)
