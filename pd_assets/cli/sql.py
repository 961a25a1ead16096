"""`pdd sql`: ask the tables with DuckDB, which can do nothing else here."""

import argparse
import sys

import duckdb

from pd_assets.lib.catalog.questions import answering, locked, names
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import open_home
from pd_assets.lib.settings import Settings

PROMPT = "pdd sql> "


def ask(statements: str | None) -> None:
    """Run the given statement, or read statements from the terminal until its end."""
    home = open_home(Settings.from_env().home, to_ask=True)
    with locked(home) as connection:
        if statements is not None:
            _answer(connection, statements)
            return
        print("Tables: " + ", ".join(names(home)) + ". End with Ctrl-D.")
        while True:
            try:
                statement = input(PROMPT)
            except EOFError:
                print()
                return
            try:
                _answer(connection, statement)
            except ConfigError as error:
                print(error, file=sys.stderr)


def _answer(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    if not statement.strip():
        return
    with answering(connection, statement) as relation:
        if relation is not None:
            relation.show(max_width=160)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("query", nargs="?", help="one statement; without it, statements are read from stdin")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    ask(arguments.query if arguments.query or sys.stdin.isatty() else sys.stdin.read())
