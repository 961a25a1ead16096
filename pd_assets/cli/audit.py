"""`pdd audit`: a blind sample of decisions as a page for a person to judge, and the error rates of the answers.

They are kept in the home, or in the folder that the command is given in where the home is read-only.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import at_work, is_read_only, open_home, write_text
from pd_assets.lib.rights.audit import count_answers, draw_sample, folder_of, in_words, save_sample
from pd_assets.lib.rights.audit_page import render
from pd_assets.lib.rights.rules import PROFILES
from pd_assets.lib.settings import Settings

PAGE = "audit.html"


def write_page(count: int, seed: int, profile: str | None) -> Iterator[str]:
    """Draw the sample and write its page; lines that say where it is."""
    settings = Settings.from_env()
    profile = profile or settings.rights_profile
    if profile not in PROFILES:
        raise ConfigError(f"--profile {profile} is unknown; expected one of {', '.join(PROFILES)}")
    with at_work(open_home(settings.home, to_ask=is_read_only(settings.home))) as home:
        sample = draw_sample(home, profile=profile, count=count, seed=seed)
        path = save_sample(home, sample) / PAGE
        home.fetched(*(home.root / one.path for one in sample.items if one.path))
        write_text(path, render(home, sample))
    accepted = sum(one.is_accepted for one in sample.items)
    yield f"{len(sample.items)} items, {accepted} of them accepted, in an order that does not tell which"
    yield f"judge them in a browser: {path.as_uri()}"
    yield "then download the answers there, and: pdd audit --answers FILE"


def count(answers_file: Path) -> Iterator[str]:
    """The error rates of the answers, which are kept with their sample."""
    place = Settings.from_env().home
    with at_work(open_home(place, to_ask=is_read_only(place))) as home:
        result = count_answers(home, answers_file)
    yield f"audit {result.sample}, profile {result.profile}"
    yield from in_words(result)
    yield f"kept in {folder_of(home, result.sample)}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--n", type=_at_least_one, default=100, help="items in the sample (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another sample (default 0)")
    parser.add_argument("--profile", help="rights profile (default: PD_RIGHTS_PROFILE)")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="count the answers downloaded from the page")


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number of at least 1")
    return number


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    given = arguments
    for line in count(given.answers) if given.answers else write_page(given.n, given.seed, given.profile):
        print(line)
