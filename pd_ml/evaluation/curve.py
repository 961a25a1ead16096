"""The loss curve of a run, drawn from the rows of its `metrics.jsonl`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

LOSS_CURVE = "loss_curve.png"


def save_loss_curve(path: Path, rows: Sequence[Mapping[str, float]], *, title: str) -> None:
    """Training and validation loss over steps, a PNG of less than 60 KB."""
    figure = Figure(figsize=(6.4, 3.6), dpi=90, layout="constrained")
    axes = figure.add_subplot()
    for name, label in (("train_loss", "training (mean since the last point)"), ("validation_loss", "validation")):
        points = [(row["step"], row[name]) for row in rows if name in row]
        if points:
            axes.plot(*zip(*points, strict=True), label=label, marker="o" if len(points) < 20 else None, markersize=3)
    axes.set(title=title, xlabel="steps", ylabel="loss", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, format="png", metadata={"Software": None})
