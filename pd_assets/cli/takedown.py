"""`pdd takedown`: an operator takes pictures down, with their copies, and asks later how that stands."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pd_assets.lib.errors import ConfigError, RemoteError
from pd_assets.lib.home import Home, at_work, open_home
from pd_assets.lib.release.name_lists import read_names
from pd_assets.lib.release.purge import Purged
from pd_assets.lib.release.receipts import receipt, receipts
from pd_assets.lib.release.takedowns import (
    GROUNDS,
    MANY,
    Asked,
    NobodyKnows,
    Takedown,
    keep_aside,
    resume,
    take_down_all,
)
from pd_assets.lib.release.undoing import undo
from pd_assets.lib.standing import of_the_environment

# Of each kind, in words for a person.
SHOWN = 20
EXAMPLES = """examples:
  pdd takedown commons:M123 --reason "the heirs ask for it" --purge
  pdd takedown --from names.txt --reason "letter of 30 November"   one receipt for all of a list
  pdd takedown --pattern "artist:*Foo*" --reason "not free yet"    what matches now, and what will
  pdd takedown --status T-20261130-7Q4ZK2MX                        what is done, what waits, what cannot be undone
  pdd takedown --list --json                                       all receipts, for a program
  pdd takedown --purge                                             go on with what earlier takedowns left
  pdd takedown --undo T-20261130-7Q4ZK2MX --reason "the heirs agreed"   judged as any other again; both stay in the log
"""


def remove(asked: Asked) -> Iterator[str]:
    """Take it down, and tell a person what happened; ConfigError where nothing is called so, or something is left."""
    place = of_the_environment().home
    try:
        with at_work(open_home(place)) as home:
            try:
                done = take_down_all(home, asked)
            except NobodyKnows as error:
                if not _is_meant(error):
                    raise
                done = take_down_all(home, replace(asked, is_sure=True))
    except RemoteError as error:
        number, (path, *_) = keep_aside(open_home(place, as_it_is=True), asked)
        yield f"receipt: {number}"
        raise ConfigError(
            f"{error}; the takedown is noted as {number} in {path} and not yet in the home: run pdd takedown --purge "
            "or any job on this machine once the bucket can be written"
        ) from error
    yield f"receipt: {done.number}"
    yield from _taken_down(done)
    if asked.purge:
        yield from _purged(done.purged)
    yield from _models(home, done.number)
    yield from (f"also found: {one}" for one in done.told)
    yield (
        "It is out of the tables and the dataset after the next run: the sensor takedown_watch asks for one, or run "
        f"pdd run build_dataset. How it stands: pdd takedown --status {done.number}"
    )
    yield from _ended(done)


def _is_meant(error: NobodyKnows) -> bool:
    """Ask the person at the terminal; what is no yes is a no, and so is a terminal that is none."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    print(f"{str(error).partition('; say --yes')[0]}.")
    try:
        return input("Note it all the same? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def undone(number: str, reason: str) -> Iterator[str]:
    """Undo a takedown, and tell what comes of it; ConfigError for a number that none has, or that is undone."""
    with at_work(open_home(of_the_environment().home)) as home:
        done = undo(home, number, reason=reason)
    yield f"undone: {done.number}, which had taken down {_few(done.named)}"
    yield f"{done.items} items are judged as any other again; the takedown and its undoing both stay in the log"
    if done.was_purged:
        yield "what was purged stays removed: the next run fetches it anew where it is accepted, and exports it"
    if done.others:
        yield f"still taken down as {', '.join(done.others)}: some of it, or all"
    yield "It is in the tables and the dataset again after the next run: pdd run nightly"
    yield from (f"left to do: {one}; the next run goes on with it" for one in done.left)


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def go_on() -> Iterator[str]:
    """Do what earlier takedowns left; ConfigError where something is left still."""
    with at_work(open_home(of_the_environment().home)) as home:
        left = resume(home)
    if not left:
        yield "nothing is left to do of any takedown"
    yield from _left(left)


def status(number: str, *, as_json: bool) -> Iterator[str]:
    """How one takedown stands; ConfigError for a number that none has."""
    told = receipt(_to_ask(), number)
    if as_json:
        yield json.dumps(told.as_json(), indent=1, ensure_ascii=False)
    else:
        yield from told.in_words()


def list_all(*, as_json: bool) -> Iterator[str]:
    """How each of them stands, the oldest first; ConfigError where notes are damaged."""
    told, damaged = receipts(_to_ask())
    if as_json:
        listed = {"takedowns": [one.as_json() for one in told], "damaged": damaged}
        yield json.dumps(listed, indent=1, ensure_ascii=False)
    else:
        yield from (one.in_a_line() for one in told)
        if not told and not damaged:
            yield "nothing was taken down"
    if damaged:
        raise ConfigError(f"{len(damaged)} notes of takedowns cannot be read ({damaged[0]}); the next run mends them")


def _to_ask() -> Home:
    """The home to ask; one in a bucket that is out of reach, as it lies on this machine."""
    place = of_the_environment().home
    try:
        return open_home(place, to_ask=True)
    except RemoteError:
        return open_home(place, as_it_is=True)


def _taken_down(done: Takedown) -> Iterator[str]:
    for named, count in done.matched.items():
        yield f"pattern {named}: {count} items match now; later ones are taken down as well"
    lines = [
        f"taken down: {one.item_id or 'no item yet'}  {one.sha256 or 'never fetched'}"
        + ("" if one.is_meant else "  (a copy of it)")
        for one in done.pictures
    ]
    lines += [
        f"taken down: {one.item_id}  {one.sha256 or 'never fetched'}  (the same by its {one.matched_by})"
        for one in done.again
    ]
    yield from _some(lines, f"pdd takedown --status {done.number} --json lists all")
    if not lines and not done.matched:
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


def _models(home: Home, number: str) -> Iterator[str]:
    told = receipt(home, number)
    learnt = {(one.name, one.version): one for one in reversed(told.learnt)}
    yield f"models that saw it: {len(learnt) or 'none'}"
    for one in sorted(learnt.values(), key=lambda one: (one.name, one.version)):
        unknown = ", unknown: treated as seen" if one.relation == "unknown" else ""
        yield f"  {one.name} {one.version} ({one.standing}){unknown}"


def _ended(done: Takedown) -> Iterator[str]:
    """What could not be done, and the error that says so."""
    if done.unknown:
        lines = [f"nothing is called: {name}" for name in done.unknown]
        yield from _some(lines, "the rest of the list is taken down")
    if done.left or not done.unknown:
        yield from _left(done.left)
    raise_unknown(done)


def raise_unknown(done: Takedown) -> None:
    """ConfigError where names of a list are unknown."""
    if done.unknown:
        raise ConfigError(
            f"{len(done.unknown)} names of the list are unknown ({done.unknown[0]}); the others are taken down as "
            f"{done.number}"
        )


def _left(left: tuple[str, ...] | list[str]) -> Iterator[str]:
    if not left:
        return
    yield f"left to do: {len(left)}" + "".join(f"\n  {one}" for one in left)
    raise ConfigError(
        f"the takedown is recorded, and {len(left)} things are left to do ({left[0]}); the next run goes on with them, "
        "and so does pdd takedown --purge"
    )


def _some(lines: list[str], more: str) -> Iterator[str]:
    yield from lines[:SHOWN]
    if len(lines) > SHOWN:
        yield f"and {len(lines) - SHOWN} more: {more}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument(
        "item",
        nargs="?",
        help="an item id (commons:M123), a page id, a title (File:Name.jpg), the address of a page, a SHA-1 or "
        "SHA-256; without it, what earlier takedowns left is gone on with",
    )
    parser.add_argument(
        "--from", dest="names", type=Path, metavar="FILE", help="a list: a name on each line, or a CSV's first column"
    )
    parser.add_argument(
        "--pattern",
        action="append",
        default=[],
        metavar="GLOB",
        help="title:*Foo*, artist:*Foo* or category:*Foo*: what matches now and what will; may be given several times",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help=f"a pattern that matches more than {MANY} items is meant so, or an id or a digest that nobody here knows",
    )
    parser.add_argument(
        "--reason", metavar="TEXT", help="why, for whoever asks later; needed with what is taken down or undone"
    )
    parser.add_argument("--ground", choices=GROUNDS, default="", help="the kind of reason, for the public notice")
    parser.add_argument(
        "--public-reason",
        nargs="?",
        const="",
        metavar="TEXT",
        help="put this text, or else the reason, into the public notice; without it the notice says no words of yours",
    )
    parser.add_argument(
        "--purge", action="store_true", help="remove its files, all datasets that hold it, and what shows it"
    )
    parser.add_argument("--status", metavar="NUMBER", help="how the takedown with this receipt stands")
    parser.add_argument(
        "--undo", metavar="NUMBER", help="have the takedown with this receipt keep nothing out any more"
    )
    parser.add_argument("--list", action="store_true", help="how every takedown stands")
    parser.add_argument("--json", action="store_true", help="the answer to --status or --list for a program")
    parser.set_defaults(wrong=parser.error)


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    for line in _told(arguments):
        print(line)


def _told(given: argparse.Namespace) -> Iterator[str]:
    names = given.item is not None or given.names is not None or bool(given.pattern)
    says = names or given.purge or given.reason is not None or given.public_reason is not None or given.ground
    if given.undo is not None:
        if names or given.purge or given.list or given.json or given.status is not None or given.ground:
            given.wrong("--undo NUMBER goes with --reason alone")
        if given.reason is None:
            given.wrong("the following arguments are required: --reason")
        return undone(given.undo, given.reason)
    if given.status is not None or given.list:
        if says or (given.status is not None and given.list):
            given.wrong("--status and --list each stand alone, or with --json")
        return list_all(as_json=given.json) if given.list else status(given.status, as_json=given.json)
    if given.json:
        given.wrong("--json goes with --status NUMBER or --list")
    if names and given.reason is None:
        given.wrong("the following arguments are required: --reason")
    if not names and not (given.purge and given.reason is None):
        given.wrong("name an item with its --reason, or give --purge alone to go on with what is left")
    return remove(_asked(given)) if names else go_on()


def _asked(given: argparse.Namespace) -> Asked:
    listed = read_names(given.names) if given.names is not None else ()
    return Asked(
        names=(*([given.item] if given.item is not None else []), *listed),
        patterns=tuple(given.pattern),
        reason=given.reason,
        purge=given.purge,
        ground=given.ground,
        public_reason="" if given.public_reason is None else given.public_reason or given.reason,
        is_list=given.names is not None or bool(given.pattern),
        is_sure=given.yes,
    )
