"""`pdd trace`: which datasets and models saw a picture, and how its verdict changed."""

import argparse
import json
from collections.abc import Iterator

from pd_assets.lib.home import open_home
from pd_assets.lib.release.trace import trace
from pd_assets.lib.settings import Settings


def tell(called: str, *, as_json: bool = False) -> Iterator[str]:
    """Lines for a person, or JSON for a program; ConfigError where nothing is called so."""
    told = trace(open_home(Settings.from_env().home, to_ask=True), called)
    if as_json:
        yield json.dumps(told.as_json(), indent=1, default=str)
    else:
        yield from told.in_words()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument(
        "item", help="an item id (commons:M123), a page id, a title (File:Name.jpg), an address, a SHA-1 or a SHA-256"
    )
    parser.add_argument("--json", action="store_true", help="for programs: what is unknown has the relation `unknown`")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    for line in tell(arguments.item, as_json=arguments.json):
        print(line)
