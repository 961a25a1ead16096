"""What a model was shown, counted: by the rule that had accepted a picture, by archive, by licence of its captions."""

import io
from collections.abc import Sequence
from pathlib import Path

from pd_assets.lib.catalog.schemas import MODEL_LEDGER
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home
from pd_assets.lib.release.asking import Parts, ask
from pd_assets.lib.release.model_pictures import Count

COLOURS = {"rule": "#2e7d32", "archive": "#1565c0", "caption licence": "#6a1b9a"}
TITLES = {
    "rule": "pictures by the rule that had accepted them",
    "archive": "pictures by archive",
    "caption licence": "pictures by the licence of the captions that were shown with them",
}
LISTED = 12


def counts_of(home: Home, ledger: Path) -> list[Count]:
    """The counts of one model, by kind (the keys of TITLES), the most frequent first; from its ledger alone."""
    found = ask(home, load("ledger_counts"), {"ledger": Parts(table=MODEL_LEDGER, paths=(ledger,))})
    return [Count(**row) for row in found.to_pylist()]


def draw(counts: Sequence[Count]) -> bytes:
    """A PNG with a bar for each count."""
    kinds = [kind for kind in TITLES if any(one.kind == kind for one in counts)]
    bars = {kind: [one for one in counts if one.kind == kind][:LISTED][::-1] for kind in kinds}
    # Loading the code location takes a third less time without it.
    from matplotlib.figure import Figure

    rows = sum(map(len, bars.values()))
    figure = Figure(figsize=(8.0, 0.6 + 0.55 * len(kinds) + 0.24 * rows), dpi=80, layout="constrained")
    heights = [len(bars[kind]) + 1 for kind in kinds] or [1]
    below = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)
    for axes, kind in zip(below[:, 0], kinds, strict=False):
        axes.barh([one.name for one in bars[kind]], [one.pictures for one in bars[kind]], color=COLOURS[kind])
        for place, one in enumerate(bars[kind]):
            said = f" {one.pictures}, {one.times_shown} showings"
            axes.annotate(said, (one.pictures, place), fontsize=6, va="center")
        axes.set_title(TITLES[kind], fontsize=9)
        axes.tick_params(labelsize=7)
        axes.margins(x=0.25)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", metadata={"Software": None})
    return drawn.getvalue()


def as_markdown(counts: Sequence[Count]) -> str:
    """The same as a table."""
    lines = [f"| {one.kind} | {one.name} | {one.pictures} | {one.times_shown} |" for one in counts]
    return "\n".join(["| by | | pictures | showings |", "|---|---|---|---|", *lines])
