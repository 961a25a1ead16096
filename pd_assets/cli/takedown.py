"""`pdd takedown`: an operator takes a picture down, with its copies, and sees which models saw it."""

import argparse
from collections.abc import Iterator

from pd_assets.lib.errors import ConfigError, PdError, RemoteError
from pd_assets.lib.home import Home, at_work, open_home
from pd_assets.lib.release.purge import Purged
from pd_assets.lib.release.takedowns import Takedown, keep_aside, resume, take_down
from pd_assets.lib.release.trace import trace
from pd_assets.lib.settings import Settings


def remove(called: str, *, reason: str, purge: bool) -> Iterator[str]:
    """Take it down, and tell a person what happened; ConfigError where nothing is called so, or something is left."""
    place = Settings.from_env().home
    try:
        with at_work(open_home(place)) as home:
            done = take_down(home, called, reason=reason, purge=purge)
    except RemoteError as error:
        path = keep_aside(open_home(place, as_it_is=True), called, reason=reason, purge=purge)
        raise ConfigError(
            f"{error}; the takedown is noted in {path} and not yet in the home: run pdd takedown --purge or any job on "
            "this machine once the bucket can be written"
        ) from error
    yield from _taken_down(done)
    if purge:
        yield from _purged(done.purged)
    yield from _models(home, called)
    yield from (f"also found: {one}" for one in done.told)
    yield (
        "It is out of the tables and the dataset after the next run: the sensor takedown_watch asks for one, or run "
        "pdd run build_dataset."
    )
    yield from _left(done.left)


def go_on() -> Iterator[str]:
    """Do what earlier takedowns left; ConfigError where something is left still."""
    with at_work(open_home(Settings.from_env().home)) as home:
        left = resume(home)
    if not left:
        yield "nothing is left to do of any takedown"
    yield from _left(left)


def _taken_down(done: Takedown) -> Iterator[str]:
    for picture in done.pictures:
        copy = "" if picture.is_meant else "  (a copy of it)"
        yield f"taken down: {picture.item_id or 'no item yet'}  {picture.sha256 or 'never fetched'}{copy}"
    if not done.pictures:
        yield "taken down by its name: which picture it is cannot be looked up now"


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
    try:
        told = trace(home, called)
    except ConfigError:
        # Nobody has seen it yet.
        yield "models that saw it: none"
        return
    except PdError as error:
        yield f"models that saw it: not known ({error})"
        return
    yield f"models that saw it: {len(told.models) or 'none'}"
    for model in told.models:
        unknown = ", unknown: treated as seen" if told.relation(model) == "unknown" else ""
        yield f"  {model.stage} {model.version} ({model.standing}){unknown}"


def _left(left: tuple[str, ...] | list[str]) -> Iterator[str]:
    if not left:
        return
    yield f"left to do: {len(left)}" + "".join(f"\n  {one}" for one in left)
    raise ConfigError(
        f"the takedown is recorded, and {len(left)} things are left to do ({left[0]}); the next run goes on with them, "
        "and so does pdd takedown --purge"
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument(
        "item",
        nargs="?",
        help="an item id (commons:M123), a page id, a title (File:Name.jpg), the address of a page, a SHA-1 or "
        "SHA-256; without it, what earlier takedowns left is gone on with",
    )
    parser.add_argument("--reason", metavar="TEXT", help="why, for whoever asks later; needed with an item")
    parser.add_argument(
        "--purge", action="store_true", help="remove its files, all datasets that hold it, and what shows it"
    )
    parser.set_defaults(wrong=parser.error)


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    if arguments.item is not None and arguments.reason is None:
        arguments.wrong("the following arguments are required: --reason")
    if arguments.item is None and not arguments.purge:
        arguments.wrong("name an item with its --reason, or give --purge alone to go on with what is left")
    if arguments.item is None:
        told = go_on()
    else:
        told = remove(arguments.item, reason=arguments.reason, purge=arguments.purge)
    for line in told:
        print(line)
