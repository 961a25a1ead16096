"""`pdd rights-gaps`: the templates that hold back otherwise free pages, those first that hold back most."""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import at_work, is_read_only, open_home
from pd_assets.lib.rights.gaps import COLUMNS, Gap, rights_gaps
from pd_assets.lib.rights.rules import PROFILES
from pd_assets.lib.standing import of_the_environment

SHOWN = 30
EXAMPLES = """examples:
  pdd rights-gaps                            the templates that hold back most under PD_RIGHTS_PROFILE
  pdd rights-gaps --profile us --n 100       more of them, sorted for another profile
  pdd rights-gaps --csv gaps.csv             all of them, with the address of a page each
"""


def found_gaps(profile: str | None) -> tuple[str, list[Gap]]:
    """The profile that is sorted by, and all gaps of the home."""
    settings = of_the_environment()
    chosen = profile or settings.rights_profile
    if chosen not in PROFILES:
        raise ConfigError(f"--profile {chosen} is unknown; expected one of {', '.join(PROFILES)}")
    with at_work(open_home(settings.home, to_ask=is_read_only(settings.home))) as home:
        return chosen, rights_gaps(home, profile=chosen)


def in_words(gaps: list[Gap], profile: str, count: int) -> Iterator[str]:
    """The lines for a person."""
    if not gaps:
        yield "no page waits for an unknown template alone"
        return
    yield f"{len(gaps)} templates hold back pages that are otherwise free, sorted by {profile}"
    yield f"{'strict':>8}{'life70':>8}{'us':>8}  {'what it is':<17} template, and a page with it"
    for gap in gaps[:count]:
        numbers = "".join(f"{gap.pages.get(name, 0):>8}" for name in PROFILES)
        yield f"{numbers}  {gap.kind:<17} {gap.template}: {gap.example}"


def write_csv(gaps: list[Gap], path: Path) -> None:
    """All gaps with the columns of COLUMNS."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(gap.cells() for gap in gaps)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--profile", help="sort by this rights profile (default: PD_RIGHTS_PROFILE)")
    parser.add_argument("--n", type=int, default=SHOWN, help=f"templates shown (default {SHOWN})")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write all of them to a file instead")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    profile, gaps = found_gaps(arguments.profile)
    if arguments.csv is None:
        for line in in_words(gaps, profile, arguments.n):
            print(line)
    else:
        write_csv(gaps, arguments.csv)
        print(f"{len(gaps)} templates written to {arguments.csv}")
