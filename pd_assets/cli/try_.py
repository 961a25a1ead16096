"""`pdd try "Category:…"`: from nothing to a model of real public-domain pictures, with one command.

It says what it will ask of the archive and how long that takes, shows the pictures while they come, trains the recipe
for a CPU on them, and opens the page to draw on. Interrupted, the same command goes on.
"""

import argparse
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pd_assets.cli.demo import licence_breakdown
from pd_assets.cli.open import OPEN_PORT, show
from pd_assets.cli.project import HOST, answers, end_with_parent, free_port, project_root
from pd_assets.cli.run import RunFailed, run_job
from pd_assets.lib.addresses import archives_of
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import LICENSED, PAGES
from pd_assets.lib.commons.client import CategoryFacts, CommonsClient
from pd_assets.lib.commons.walk import normalised
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home, write_text
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.pacing import MEDIA, HostPolicy, action_api
from pd_assets.lib.settings import Settings, is_loopback, require_contact
from pd_assets.lib.standing import of_the_environment

PLACE = Path("data-try")
# In a home that was begun so: which category, so that no other is mixed into it.
MARK = "try.json"
LIMIT = 300
# As measured on Commons: a batch of 50 pages takes five requests with what it continues and what Wikidata is asked;
# beside these there are the category, the templates and the makers.
PAGES_A_BATCH, REQUESTS_A_BATCH, OTHER_REQUESTS = 50, 5, 25
# Of a JPEG of a painting, for a picture of four to three.
BYTES_A_PIXEL, SHORTER = 0.28, 0.75
# The recipe `debug` on two cores, with its evaluation.
TRAINING_MINUTES = 6
MOST_NAMED = 8
# A page of another kind, or an address. A colon before a space is part of a name.
OF_ANOTHER_KIND = re.compile(r"[A-Za-z_ ]+:\S")
# Of MediaWiki's titles: what is in none, and so many bytes at most.
FORBIDDEN = re.compile(r"[#<>\[\]|{}\x00-\x1f\x7f]")
LONGEST_TITLE = 255


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a harvest asks of the archive."""

    pictures: int
    requests: int
    size_bytes: float
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.pictures} pictures: about {self.requests} requests of the API and {self.pictures} files of "
            f"{self.size_bytes / 1e6:.0f} MB, in about {_minutes(self.seconds)} at the pace that the archive allows"
        )


def run_try(category: str, limit: int, *, yes: bool, train: bool, in_browser: bool) -> None:
    """Harvest, show, train and draw, until Ctrl-C. ConfigError where category, home or contact will not do."""
    title = _category(category)
    os.chdir(project_root())
    home_place = _place()
    os.environ.update({"PD_HOME": str(home_place), "PD_COMMONS_ROOTS": title, "PD_COMMONS_DEPTH": "0"})
    os.environ.setdefault("PD_RECIPE", "debug")
    settings = of_the_environment()
    _require_same(home_place, title)
    told = _probed(settings, title)
    known = _known(home_place)
    _agree(_said(settings, told, limit - known, known), yes=yes)
    home = open_home(settings.home)
    write_text(home.root / MARK, json.dumps({"category": title}) + "\n")
    with _site() as url:
        print(f"The pictures as they come: {url}/pictures", flush=True)
        if in_browser:
            show(f"{url}/pictures")
        run_job("nightly", config={"commons/refresh": {"limit": max(0, limit - known)}})
        _tell_verdicts(home)
        if train:
            print(f"Training on this machine's CPU, some {TRAINING_MINUTES} minutes on two cores ...", flush=True)
            run_job("train_models")
            print(f"\nDraw: {url}/draw", flush=True)
            if in_browser:
                show(f"{url}/draw")
        print(f"Later: PD_HOME={home_place} pdd open   (Ctrl-C ends this)", flush=True)
        _until_interrupted()


def _category(said: str) -> str:
    """The title of a category; ConfigError for what can be none."""
    bare = re.sub(r"^\s*category\s*:", "", said, flags=re.IGNORECASE)
    title = normalised(bare)
    is_other = bare == said and OF_ANOTHER_KIND.match(said)
    if not title or is_other or FORBIDDEN.search(title) or len(title.encode()) > LONGEST_TITLE:
        raise ConfigError(
            f"{said[:100]!r} is no category; expected the name of one, such as "
            '"Category:Paintings by Jan van Goyen", as it is at the top of its page'
        )
    return title


def _place() -> Path:
    """A home of its own: PD_HOME where it is new, empty or was begun so, else a folder beside."""
    said = os.environ.get("PD_HOME")
    if said is None or "://" in said:
        return PLACE.absolute()
    place = Path(said).absolute()
    if not place.is_dir() or (place / MARK).is_file() or not any(place.iterdir()):
        return place
    print(f"PD_HOME={said} holds other pictures and stays as it is; this goes to {PLACE.absolute()}")
    return PLACE.absolute()


def _require_same(place: Path, title: str) -> None:
    """ConfigError where a home was begun with another category, or with none."""
    if not place.is_dir() or not any(place.iterdir()):
        return
    try:
        found = json.loads((place / MARK).read_text())["category"]
    except (OSError, ValueError, KeyError, TypeError):
        found = None
    if found != title:
        holds = f"Category:{found}" if found else "other pictures"
        raise ConfigError(f"{place} holds {holds}; set PD_HOME to a new folder, or move that one away")


def _probed(settings: Settings, title: str) -> CategoryFacts:
    """What the archive says of the category; ConfigError where it has no files of its own."""
    with PoliteSession(require_contact(settings), archives=archives_of(settings)) as session:
        client = CommonsClient(
            settings.commons_api, session, thumb_side=settings.max_side, token=settings.commons_token
        )
        client.probe()
        told = client.category_facts([title]).get(title)
        if told is not None and told.files > 0:
            return told
        below = [one for one in client.subcategories(title) if one.files > 0]
    if not below:
        raise ConfigError(f"Category:{title} has no files on {settings.commons_api}; look its name up there")
    largest = sorted(below, key=lambda one: -one.files)[:MOST_NAMED]
    named = "; ".join(f"{one.title} ({one.files})" for one in largest)
    raise ConfigError(f"Category:{title} has no files of its own; choose one below it: {named}")


def _known(place: Path) -> int:
    """How many pages an earlier try has read."""
    return tables.count_rows(Home(root=place), PAGES) if (place / MARK).is_file() else 0


def _said(settings: Settings, told: CategoryFacts, left: int, known: int) -> str:
    """What will be asked, in words."""
    if known:
        asks = f"{known} are here already; " + (f"{left} more at most" if left > 0 else "nothing is read anew")
        return f"Category:{told.title} has {told.files:,} files; {asks}"
    planned = estimate(settings, min(left, told.files))
    return f"Category:{told.title} has {told.files:,} files on {settings.commons_api}\n{planned}"


def estimate(settings: Settings, pictures: int) -> Estimate:
    """What so many pictures cost at most: those that may not be used are not fetched."""
    is_here = is_loopback(settings.commons_api)
    requests = OTHER_REQUESTS + REQUESTS_A_BATCH * math.ceil(pictures / PAGES_A_BATCH)
    size_bytes = pictures * BYTES_A_PIXEL * SHORTER * settings.max_side**2
    api_s = requests / (action_api(settings.commons_token).most_per_s or 1.0)
    seconds = 0.1 * pictures if is_here else api_s + media_s(MEDIA, pictures, size_bytes)
    return Estimate(pictures=pictures, requests=requests, size_bytes=size_bytes, seconds=seconds)


def media_s(policy: HostPolicy, files: int, size_bytes: float) -> float:
    """How long so many files take: the rate begins low and grows, and the bandwidth has a limit."""
    assert policy.start_per_s is not None and policy.most_per_s is not None and policy.bits_per_s is not None
    start, growth = policy.start_per_s, policy.growth_per_s2
    grows_s = (policy.most_per_s - start) / growth
    while_growing = start * grows_s + growth * grows_s**2 / 2
    if files <= while_growing:
        by_rate = (math.sqrt(start**2 + 2 * growth * files) - start) / growth
    else:
        by_rate = grows_s + (files - while_growing) / policy.most_per_s
    return max(by_rate, 8 * size_bytes / policy.bits_per_s)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def _agree(said: str, *, yes: bool) -> None:
    """Say it, and go on where somebody says so; ConfigError where nobody can."""
    print(said, flush=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError("nobody is at this terminal to agree; say --yes to go on with that")
    if input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise ConfigError("nothing was asked for and nothing written")


def _tell_verdicts(home: Home) -> None:
    """What may be used, by rule; ConfigError where that is nothing."""
    print("\nWhat may be used, and why not the rest:")
    for line in licence_breakdown(home):
        print(f"  {line}")
    if not tables.count_rows(home, LICENSED):
        raise RunFailed(
            "no picture of these may be used, so there is nothing to train on: `pdd decide` explains each; "
            "try a category of older works, with PD_HOME set to a new folder"
        )


@contextmanager
def _site() -> Iterator[str]:
    """Our pages in a process of their own, which ends with this one; their address."""
    port = free_port(OPEN_PORT)
    command = [sys.executable, "-m", "pd_assets.cli", "open", "--no-browser", "--port", str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, start_new_session=True, preexec_fn=end_with_parent
    ) as process:
        try:
            while process.poll() is None and not answers(port):
                time.sleep(0.1)
            if process.poll() is not None:
                raise RunFailed(f"the pages ended with exit code {process.returncode} before they could be shown")
            yield f"http://{HOST}:{port}"
        finally:
            process.terminate()


def _until_interrupted() -> None:
    try:
        signal.pause()
    except KeyboardInterrupt:
        return


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("category", help='of the archive, such as "Category:Paintings by Jan van Goyen"')
    parser.add_argument("--limit", type=_positive, default=LIMIT, help=f"pictures to read at most (default {LIMIT})")
    parser.add_argument("--yes", action="store_true", help="do not ask before the archive is asked")
    parser.add_argument("--no-train", action="store_true", help="only show the pictures")
    parser.add_argument("--no-browser", action="store_true", help="only say the addresses")


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a number of pictures from 1 on")
    return int(text)


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    given = arguments
    run_try(given.category, given.limit, yes=given.yes, train=not given.no_train, in_browser=not given.no_browser)
