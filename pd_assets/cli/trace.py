"""`pdd trace`: which datasets and models saw a picture, and how its verdict changed."""

import argparse
from collections.abc import Iterator

from pd_assets.lib.home import open_home
from pd_assets.lib.release.trace import trace
from pd_assets.lib.settings import Settings


def tell(called: str) -> Iterator[str]:
    """Lines for a person; ConfigError where nothing is called so."""
    yield from trace(open_home(Settings.from_env().home, to_ask=True), called).in_words()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("item", help="an item id (commons:M123), a title (File:Name.jpg) or a SHA-256")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    for line in tell(arguments.item):
        print(line)
