"""`pdd takedown`: an operator takes a picture down, with its copies, and sees which models saw it."""

import argparse
from collections.abc import Iterator

from pd_assets.lib.home import Home, at_work, open_home
from pd_assets.lib.release.pictures import pictures_called
from pd_assets.lib.release.purge import Purged
from pd_assets.lib.release.takedowns import Takedown, take_down
from pd_assets.lib.release.trace import trace
from pd_assets.lib.settings import Settings


def remove(called: str, *, reason: str, purge: bool) -> Iterator[str]:
    """Take it down, and tell a person what happened; ConfigError where nothing is called so."""
    with at_work(open_home(Settings.from_env().home)) as home:
        done = take_down(home, called, reason=reason, purge=purge)
    yield from _taken_down(done)
    if purge:
        yield from _purged(done.purged)
    yield from _models(home, called)
    yield (
        "It is out of the tables and the dataset after the next run: the sensor takedown_watch asks for one, or run "
        "pdd run build_dataset."
    )


def _taken_down(done: Takedown) -> Iterator[str]:
    for picture in done.pictures:
        copy = "" if picture.is_meant else "  (a copy of it)"
        yield f"taken down: {picture.item_id or 'no item yet'}  {picture.sha256 or 'never fetched'}{copy}"


def _purged(purged: Purged) -> Iterator[str]:
    for what, names in (
        ("pictures from the store", purged.files),
        ("dataset versions", purged.datasets),
        ("versions of models/latents", purged.latents),
        ("sheets and pages that may show it", purged.sheets),
    ):
        yield f"removed {len(names)} {what}" + "".join(f"\n  {name}" for name in names)
    yield "pictures that Dagster shows of past runs are in its own database: delete those runs where they must go too"


def _models(home: Home, called: str) -> Iterator[str]:
    models = trace(home, called).models if pictures_called(home, called) else ()
    yield f"models that saw it: {len(models) or 'none'}"
    for model in models:
        yield f"  {model.stage} {model.version} ({model.standing})"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("item", help="an item id (commons:M123), a title (File:Name.jpg) or a SHA-256")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why, for whoever asks later")
    parser.add_argument(
        "--purge", action="store_true", help="remove its files, all datasets that hold it, and what shows it"
    )


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    for line in remove(arguments.item, reason=arguments.reason, purge=arguments.purge):
        print(line)
