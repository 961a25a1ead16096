"""`pdd drift`: per month and tag, how many accepted pictures lost their ground, why, and how old they were."""

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import at_work, is_read_only, open_home, write_text
from pd_assets.lib.rights.drift import (
    HEADINGS,
    Losses,
    as_cells,
    as_csv,
    as_page,
    ground_losses,
    page_of,
    with_losses,
)
from pd_assets.lib.rights.rules import PROFILES
from pd_assets.lib.standing import of_the_environment

MONTHS = 12
NOTHING_YET = "no month has passed yet in which an accepted picture could have lost its ground"


def tell(
    profile: str | None, *, months: int = MONTHS, csv: Path | None = None, everything: bool = False,
    today: date | None = None,
) -> Iterator[str]:  # fmt: skip
    """Lines for a person; the page is written into the home, the CSV where it is asked for."""
    settings = of_the_environment()
    profile = profile or settings.rights_profile
    if profile not in PROFILES:
        raise ConfigError(f"--profile {profile} is unknown; expected one of {', '.join(PROFILES)}")
    today = today or datetime.now(UTC).date()
    with at_work(open_home(settings.home, to_ask=is_read_only(settings.home))) as home:
        losses = ground_losses(home, profile=profile, today=today, months=months)
        page = page_of(home, profile)
        write_text(page, as_page(losses, profile=profile, today=today))
    if csv is not None:
        write_text(csv, as_csv(losses))
    if not any(one.at_start or one.lost for one in losses):
        yield f"under profile {profile}: {NOTHING_YET}"
    else:
        yield from _table(losses if everything else with_losses(losses))
    yield f"as a page: {page.as_uri()}"
    if csv is not None:
        yield f"as CSV: {csv}"


def _table(losses: Sequence[Losses]) -> Iterator[str]:
    """Columns as wide as they need to be."""
    rows = [HEADINGS, *map(as_cells, losses)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADINGS))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--profile", help="rights profile (default: PD_RIGHTS_PROFILE)")
    parser.add_argument("--months", type=_at_least_one, default=MONTHS, help=f"how many, to now (default {MONTHS})")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every month and ground as CSV")
    parser.add_argument("--all", action="store_true", help="the grounds that nobody lost, too")


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number of at least 1")
    return number


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    given = arguments
    for line in tell(given.profile, months=given.months, csv=given.csv, everything=given.all):
        print(line)
