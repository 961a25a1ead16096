"""The licence breakdown: which tags the decided items carry, by verdict, as a table and as a drawing."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.answers import answer
from pd_assets.lib.catalog.schemas import DECISIONS
from pd_assets.lib.home import Home

COLOURS = {"accept": "#2e7d32", "quarantine": "#f9a825", "reject": "#b0bec5"}
LISTED = 20
LONGEST_LABEL = 40


@dataclass(frozen=True, kw_only=True)
class TagCount:
    """The items that carry a licence tag, by verdict. `kind` is what the tag means for a decision."""

    tag: str
    kind: str
    verdicts: Mapping[str, int]

    @property
    def items(self) -> int:
        return sum(self.verdicts.values())


def tags_of(home: Home, *, profile: str, kind: str | None = None) -> list[TagCount]:
    """Every tag (of one kind) on the decided pages, the most frequent first."""
    found = answer(home, "tags_by_verdict", {"decisions": DECISIONS}, {"profile": profile, "kind": kind or "%"})
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for row in tables.rows(found):
        verdicts = counts.setdefault((str(row["tag"]), str(row["kind"])), {})
        verdicts[str(row["verdict"])] = int(str(row["items"]))
    tags = [TagCount(tag=tag, kind=kind, verdicts=verdicts) for (tag, kind), verdicts in counts.items()]
    return sorted(tags, key=lambda one: (-one.items, one.tag, one.kind))


def draw(by_rule: Mapping[tuple[str, str], int], tags: Sequence[TagCount], *, profile: str) -> bytes:
    """A PNG: how many items each rule decided, and what became of those that carry the most frequent tags."""
    rules = {rule: {verdict: items} for (verdict, rule), items in list(by_rule.items())[:LISTED]}
    licences = {one.tag: one.verdicts for one in tags[:LISTED]}
    rows = max(len(rules) + len(licences), 4)
    # Loading the code location takes a third less time without it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 1.6 + 0.24 * rows), dpi=80, layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=(max(len(rules), 2), max(len(licences), 2)))
    for axes, bars, title in (
        (above, rules, f"items by the rule that decided ({profile})"),
        (below, licences, "items by licence tag"),
    ):
        names = list(bars)[::-1]
        left = [0] * len(names)
        for verdict, colour in COLOURS.items():
            widths = [bars[name].get(verdict, 0) for name in names]
            axes.barh([_short(name) for name in names], widths, left=left, color=colour, label=verdict)
            left = [so_far + width for so_far, width in zip(left, widths, strict=True)]
        axes.set_title(title, fontsize=9)
        axes.tick_params(labelsize=7)
    above.legend(fontsize=7)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", metadata={"Software": None})
    return drawn.getvalue()


def _short(name: str) -> str:
    """Labels come from pages: a dollar would begin a formula."""
    plain = name.replace("$", r"\$")
    return plain if len(plain) <= LONGEST_LABEL else plain[: LONGEST_LABEL - 1] + "…"
