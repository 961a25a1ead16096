"""Score the decisions of any system about the labelled pages. Standard library alone.

    python -m benchmarks.rights.score decisions.csv [--pages FILE] [--json]

`decisions.csv` has the columns id, profile and verdict (accept, wait, reject). A page without a line waits.
Precision is the share of free pages among the accepted ones, recall that of accepted ones among the free ones; both
with Wilson's 95% interval.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.rights.pages import ACCEPT, PAGES, PROFILES, REJECT, VERDICTS, BadFile, Decided, Page, read_decisions
from benchmarks.rights.pages import read_pages as pages_of

# 95% of intervals made so hold the true share.
Z = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Share:
    """`count` of `of`, with Wilson's 95% interval (1927); of nothing, everything is possible."""

    count: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.share:.1%} ({self.low:.1%} to {self.high:.1%})" if self.of else "none"


def share_of(count: int, of: int) -> Share:
    """A share with its interval."""
    if of == 0:
        return Share(count=0, of=0, low=0.0, high=1.0)
    share = count / of
    centre = share + Z**2 / (2 * of)
    width = Z * math.sqrt(share * (1 - share) / of + Z**2 / (4 * of**2))
    below = 1 + Z**2 / of
    return Share(count=count, of=of, low=max(0.0, (centre - width) / below), high=min(1.0, (centre + width) / below))


@dataclass(frozen=True, kw_only=True)
class Score:
    """What a system did with some pages under one profile. `waits` and `refused` are of the free pages."""

    pages: int
    precision: Share
    recall: Share
    waits: Share
    refused: Share
    false_accepts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The score of one profile over all pages, and by the form, language and kind of the pages."""

    profile: str
    all: Score
    by: Mapping[str, Mapping[str, Score]]


GROUPS: Mapping[str, Callable[[Page], str]] = {
    "form": lambda page: page.form,
    "language": lambda page: page.language,
    "kind": lambda page: page.kind,
}


def score(pages: Sequence[Page], decided: Iterable[Decided]) -> list[Scores]:
    """The scores of all profiles. Errors: BadFile for a page, profile or verdict that is not known, or said twice."""
    verdicts = _verdicts(pages, decided)
    return [
        Scores(
            profile=profile,
            all=_score(pages, profile, verdicts),
            by={name: _by(pages, profile, verdicts, key) for name, key in GROUPS.items()},
        )
        for profile in PROFILES
    ]


def _by(
    pages: Sequence[Page], profile: str, verdicts: Mapping[tuple[str, str], str], key: Callable[[Page], str]
) -> dict[str, Score]:
    names = sorted({key(page) for page in pages})
    return {name: _score([page for page in pages if key(page) == name], profile, verdicts) for name in names}


def _score(pages: Sequence[Page], profile: str, verdicts: Mapping[tuple[str, str], str]) -> Score:
    accepted = {page.id for page in pages if verdicts.get((page.id, profile)) == ACCEPT}
    free = {page.id for page in pages if profile in page.free}
    refused = {page_id for page_id in free if verdicts.get((page_id, profile)) == REJECT}
    return Score(
        pages=len(pages),
        precision=share_of(len(accepted & free), len(accepted)),
        recall=share_of(len(accepted & free), len(free)),
        waits=share_of(len(free - accepted - refused), len(free)),
        refused=share_of(len(refused), len(free)),
        false_accepts=tuple(sorted(accepted - free)),
    )


def _verdicts(pages: Sequence[Page], decided: Iterable[Decided]) -> dict[tuple[str, str], str]:
    known, verdicts = {page.id for page in pages}, dict[tuple[str, str], str]()
    wrong = []
    for one in decided:
        if one.id not in known:
            wrong.append(f"the page {one.id!r}, which is not among the labelled ones")
        elif one.profile not in PROFILES:
            wrong.append(f"the profile {one.profile!r} of {one.id}, expected one of {', '.join(PROFILES)}")
        elif one.verdict not in VERDICTS:
            wrong.append(f"the verdict {one.verdict!r} of {one.id}, expected one of {', '.join(VERDICTS)}")
        elif (one.id, one.profile) in verdicts:
            wrong.append(f"{one.id} under {one.profile} twice, expected it once")
        verdicts[one.id, one.profile] = one.verdict
    if wrong:
        raise BadFile("found " + "; found ".join(wrong[:5]) + (f"; and {len(wrong) - 5} more" if wrong[5:] else ""))
    return verdicts


HEAD = "| pages | accepted | precision | recall | free that wait | free refused |"


def lines(scores: Sequence[Scores], groups: Iterable[str] = tuple(GROUPS)) -> list[str]:
    """The scores as markdown tables, over all pages and by `groups`."""
    told = [f"| profile {HEAD}", "|---|---|---|---|---|---|---|"]
    told += [f"| {one.profile} {_row(one.all)}" for one in scores]
    for name in groups:
        for one in scores:
            told += ["", f"| {one.profile}, by {name} {HEAD}", "|---|---|---|---|---|---|---|"]
            told += [f"| {group} {_row(found)}" for group, found in one.by[name].items()]
    for one in scores:
        told += ["", f"False accepts under {one.profile}: {', '.join(one.all.false_accepts) or 'none'}"]
    return told


def _row(found: Score) -> str:
    accepted = found.precision.of
    return f"| {found.pages} | {accepted} | {found.precision} | {found.recall} | {found.waits} | {found.refused} |"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("decisions", type=Path, help="CSV with the columns id, profile, verdict")
    parser.add_argument("--pages", type=Path, default=PAGES, help="the labelled pages (default: those beside this)")
    parser.add_argument("--json", action="store_true", help="JSON instead of tables")
    arguments = parser.parse_args(argv)
    try:
        scores = score(pages_of(arguments.pages), read_decisions(arguments.decisions))
    except (BadFile, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    as_json = json.dumps([asdict(one) for one in scores], ensure_ascii=False, indent=1)
    print(as_json if arguments.json else "\n".join(lines(scores)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
