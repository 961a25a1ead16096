"""`pdd sql`: ask the tables with DuckDB, read-only."""

import argparse
import sys

import duckdb

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import open_home
from pd_assets.lib.settings import Settings

PROMPT = "pdd sql> "


def ask(statements: str | None) -> None:
    """Run the given statement, or read statements from the terminal until its end."""
    home = open_home(Settings.from_env().home, to_ask=True)
    if not home.catalog.is_file():
        raise ConfigError(f"{home.catalog} does not exist; materialise catalog/licensed_images first, or run pdd demo")
    with duckdb.connect(str(home.catalog), read_only=True, config={"file_search_path": str(home.root)}) as connection:
        if statements is not None:
            _answer(connection, statements)
            return
        print("Tables: " + ", ".join(_tables(connection)) + ". End with Ctrl-D.")
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


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        "select schema_name || '.' || view_name from duckdb_views() where not internal"
    ).fetchall()
    return sorted(str(name) for (name,) in found)


def _answer(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    if not statement.strip():
        return
    try:
        relation = connection.sql(statement)
        if relation is not None:
            relation.show(max_width=160)
    except duckdb.Error as error:
        raise ConfigError(f"the query failed: {' '.join(str(error).split())}") from error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("query", nargs="?", help="one statement; without it, statements are read from stdin")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    ask(arguments.query if arguments.query or sys.stdin.isatty() else sys.stdin.read())
