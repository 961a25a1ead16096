"""The drift of grounds: per month and tag, how many accepted pictures lost theirs, why, and how old they were.

The rate is that of the pictures that were accepted when the month began. rights/changes has every change (changes.py).
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home
from pd_assets.lib.rights.intervals import wilson
from pd_assets.lib.rights.report import render_page

ALL = "all grounds"
PER_ITEMS = 100_000
# What each cause of rights/changes is for somebody who does not know our words.
CAUSES: Mapping[str, str] = {
    "upstream_edit": "the page was edited",
    "deletion": "the page was deleted",
    "copy": "a page of the same picture",
    "rule": "our rules changed",
    "settings": "our settings changed",
    "calendar": "the calendar",
    "knowledge": "what others know changed",
    "judgement": "people judged it",
}


@dataclass(frozen=True, kw_only=True)
class Losses:
    """One month and ground, or ALL: of `at_start` accepted pictures `lost_of_start` lost it.

    `lost` counts those too that were accepted only in that month. Days are from the acceptance to the loss, None where
    no day of an acceptance is known.
    """

    month: str
    ground: str
    at_start: int
    lost: int
    lost_of_start: int
    causes: Mapping[str, int] = field(default_factory=dict)
    youngest_days: int | None = None
    median_days: float | None = None
    oldest_days: int | None = None

    @property
    def per_100_000(self) -> tuple[float, float, float] | None:
        """The rate with its 95% interval; None where nothing was accepted when the month began."""
        if not self.at_start:
            return None
        share = self.lost_of_start / self.at_start
        low, high = wilson(share, self.at_start)
        return share * PER_ITEMS, low * PER_ITEMS, high * PER_ITEMS

    @property
    def why(self) -> str:
        """The causes in words, the most frequent first."""
        told = sorted(self.causes.items(), key=lambda one: (-one[1], one[0]))
        return ", ".join(f"{CAUSES.get(cause, cause.replace('_', ' '))}: {items}" for cause, items in told)

    @property
    def age(self) -> str:
        """How old the acceptances were."""
        if self.median_days is None:
            return "not known" if self.lost else ""
        return f"{self.median_days:g} ({self.youngest_days} to {self.oldest_days})"

    @property
    def rate(self) -> str:
        """The rate as people read it."""
        if (told := self.per_100_000) is None:
            return ""
        share, low, high = told
        return f"{share:,.1f} ({low:,.1f} to {high:,.1f})"


def ground_losses(home: Home, *, profile: str, today: date, months: int | None = None) -> list[Losses]:
    """Every month up to today's, the latest first: all grounds, then each. `months` is how many; None is all."""
    found = tables.query(
        home,
        load("ground_losses"),
        {"decisions": DECISIONS, "changes": CHANGES},
        {"profile": profile, "first": None if months is None else _back(today, months - 1), "last": f"{today:%Y-%m}"},
    )
    return [_losses(row) for row in tables.rows(found)]


def with_losses(losses: Sequence[Losses]) -> list[Losses]:
    """What is worth a line: each month, and below it the grounds that somebody lost in it."""
    return [one for one in losses if one.ground == ALL or one.lost]


def as_facts(losses: Sequence[Losses]) -> list[dict[str, object]]:
    """Plain values for the papers of a dataset."""
    return [
        {"month": one.month, "ground": one.ground, "at_start": one.at_start, "lost": one.lost, "rate": one.rate,
         "why": one.why, "age": one.age}
        for one in losses
    ]  # fmt: skip


HEADINGS = ("month", "ground", "accepted at its start", "lost", "of 100,000 (95% interval)", "why", "days accepted")


def as_cells(one: Losses | Mapping[str, object]) -> tuple[str, ...]:
    """One line of the table, as HEADINGS."""
    told = as_facts([one])[0] if isinstance(one, Losses) else one
    return tuple(str(told[name]) for name in ("month", "ground", "at_start", "lost", "rate", "why", "age"))


def as_markdown(lines: Sequence[Losses | Mapping[str, object]]) -> str:
    """The table for a card or for metadata; a tag is text, whatever its page wrote."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(tuple(map(_escaped, as_cells(one))) for one in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def as_csv(losses: Sequence[Losses]) -> str:
    """Every month and ground for other programs."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("month", "ground", "at_start", "lost", "lost_of_start", "per_100_000", "low", "high", *CAUSES, "other_causes",
         "youngest_days", "median_days", "oldest_days")
    )  # fmt: skip
    for one in losses:
        rate = ("", "", "") if one.per_100_000 is None else tuple(f"{value:.3f}" for value in one.per_100_000)
        others = sum(items for cause, items in one.causes.items() if cause not in CAUSES)
        ages = ("" if days is None else days for days in (one.youngest_days, one.median_days, one.oldest_days))
        writer.writerow(
            (one.month, one.ground, one.at_start, one.lost, one.lost_of_start, *rate,
             *(one.causes.get(cause, 0) for cause in CAUSES), others, *ages)
        )  # fmt: skip
    return text.getvalue()


def as_page(losses: Sequence[Losses], *, profile: str, today: date) -> str:
    """A self-contained page: a bar a month, and the table."""
    whole = [one for one in losses if one.ground == ALL][::-1]
    highest = max((one.lost for one in whole), default=0)
    told = {
        "profile": profile,
        "today": f"{today.day} {today:%B} {today.year}",
        "headings": HEADINGS,
        "rows": [as_cells(one) for one in with_losses(losses)],
        "bars": [(one.month, one.lost, round(100 * one.lost / highest) if highest else 0) for one in whole],
        "lost": sum(one.lost for one in whole),
    }
    return render_page("drift.html", told)


def page_of(home: Home, profile: str) -> Path:
    """Where the page lies: where the home is read-only, in the current folder."""
    return (home.root if home.may_write else Path.cwd()) / "drift" / f"{profile}.html"


def _losses(row: Mapping[str, object]) -> Losses:
    causes, median = row["causes"], row["median_days"]
    return Losses(
        month=str(row["month"]),
        ground=ALL if row["ground"] is None else str(row["ground"]),
        at_start=_whole(row["at_start"]),
        lost=_whole(row["lost"]),
        lost_of_start=_whole(row["lost_of_start"]),
        causes={str(cause): int(items) for cause, items in causes} if isinstance(causes, list) else {},
        youngest_days=None if row["youngest_days"] is None else _whole(row["youngest_days"]),
        median_days=float(median) if isinstance(median, int | float) else None,
        oldest_days=None if row["oldest_days"] is None else _whole(row["oldest_days"]),
    )


def _back(today: date, months: int) -> str:
    """The month so many months ago."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return f"{year:04}-{month + 1:02}"


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def _escaped(text: str) -> str:
    return text.replace("|", "&#124;").replace("<", "&lt;").replace("\n", " ")
