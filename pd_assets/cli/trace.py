"""`pdd trace`: which datasets and models saw a picture, and how its verdict changed; and which pictures a model saw."""

import argparse
import json
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pd_assets.cli.days import a_day
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, at_work, open_home
from pd_assets.lib.standing import of_the_environment

EXAMPLES = """examples:
  pdd trace "File:The Night Watch.jpg"            which datasets and models saw it, and how its verdict changed
  pdd trace M123 --as-of 2026-11-30               as it stood at the end of a day
  pdd trace picture.jpg                           by its bytes or its look
  pdd trace --model transformer --json            the pictures that a model was shown, for a program
"""
# What is read in no time need not be told of.
WORTH_SAYING_BYTES = 10_000_000


def tell(called: str, *, as_json: bool = False, parquet: Path | None = None, day: date | None = None) -> Iterator[str]:
    """Lines for a person, or JSON for a program; ConfigError where nothing is called so."""
    from pd_assets.lib.release.trace import trace, trace_file

    _require_folder(parquet)
    settings = of_the_environment()
    home = open_home(settings.home, to_ask=True)
    if _is_file(called):
        told = trace_file(home, Path(called), max_side=settings.max_side, day=day)
    else:
        told = trace(home, called, day=day, no_file=_no_file(called))
    if (plain_bytes := sum(told.found.plain.values())) > WORTH_SAYING_BYTES:
        print(
            f"pdd: the index is older than {plain_bytes // 1_000_000} MB of the tables, which were read themselves: "
            "the answer is whole, and took longer; the next run brings it in step, and so does pdd trace --index",
            file=sys.stderr,
        )
    if parquet is not None:
        from pd_assets.lib.release.trace_file import write_parquet

        with _written(parquet):
            rows = write_parquet(told, parquet)
        print(f"pdd: {rows} rows in {parquet}", file=sys.stderr)
    if as_json:
        yield json.dumps(told.as_json(), indent=1, default=str)
    elif parquet is None:
        yield from told.in_words()


def tell_of_model(called: str, *, as_json: bool = False, parquet: Path | None = None) -> Iterator[str]:
    """The same about the pictures of a model."""
    from pd_assets.lib.release.model_pictures import pictures_of_model, write_pictures

    _require_folder(parquet)
    home: Home = open_home(of_the_environment().home, to_ask=True)
    told = pictures_of_model(home, called)
    if parquet is not None:
        with _written(parquet):
            rows = write_pictures(home, told.model, parquet)
        print(f"pdd: {rows} rows in {parquet}", file=sys.stderr)
    if as_json:
        yield json.dumps(told.as_json(), indent=1, default=str)
    elif parquet is None:
        yield from told.in_words()


def bring_index_in_step() -> Iterator[str]:
    """Write what is missing of the index."""
    from pd_assets.lib.release import index

    with at_work(open_home(of_the_environment().home)) as home:
        written, files = index.refresh(home)
    yield f"the index is in step with {files} files of the tables; {written} of them were read"


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """ConfigError where a file cannot be written."""
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror or error}); expected a file of yours") from error


def _require_folder(parquet: Path | None) -> None:
    """ConfigError where a file is to be written into a folder that is not there: a typing error makes none."""
    if parquet is not None and not parquet.parent.is_dir():
        raise ConfigError(f"{parquet.parent} is no folder; expected one that is there, for {parquet.name}")


def _is_file(called: str) -> bool:
    try:
        return Path(called).is_file()
    except (OSError, ValueError):
        return False


def _no_file(called: str) -> str:
    """Why something is no picture file where it may be meant as the path of one; nothing for other names."""
    from pd_assets.lib.release.names import looks_like_a_path

    try:
        kind = Path(called).stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return f"there is no file {called!r}" if looks_like_a_path(called) else ""
    except OSError as error:
        return f"{called!r} cannot be looked at ({error.strerror or error})" if looks_like_a_path(called) else ""
    except ValueError:
        return ""
    if not called:
        return ""
    return f"{called!r} is a folder, and no picture file" if stat.S_ISDIR(kind) else f"{called!r} is no plain file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument(
        "item",
        nargs="?",
        help="an item id (commons:M123), a page id, a title (File:Name.jpg), the address of a page or file, a SHA-1, a "
        "SHA-256, or the path of a picture file, which is found by its bytes or by its look",
    )
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="the pictures of a model instead: its stage, stage and version, models/STAGE, folder, or latest",
    )
    parser.add_argument("--as-of", metavar="DATE", type=a_day, help="decisions and evidence as of the end of a day")
    parser.add_argument("--json", action="store_true", help="for programs: what is unknown has the relation `unknown`")
    parser.add_argument("--parquet", metavar="FILE", type=Path, help="for programs: a row for each item, or picture")
    parser.add_argument(
        "--index", action="store_true", help="bring the index in step with the tables first, or only that"
    )
    parser.set_defaults(wrong=parser.error)


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    if (arguments.item is None) == (arguments.model is None) and not (arguments.index and arguments.item is None):
        arguments.wrong("expected an item or a picture file, or --model, and not both")
    if arguments.model is not None and arguments.as_of is not None:
        arguments.wrong("--as-of is for an item: a model saw what it saw")
    lines: list[Iterator[str]] = []
    if arguments.index:
        lines.append(bring_index_in_step())
    if arguments.item is not None:
        lines.append(tell(arguments.item, as_json=arguments.json, parquet=arguments.parquet, day=arguments.as_of))
    if arguments.model is not None:
        lines.append(tell_of_model(arguments.model, as_json=arguments.json, parquet=arguments.parquet))
    for some in lines:
        for line in some:
            print(line)
