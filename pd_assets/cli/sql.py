"""`pdd sql`: ask the tables with DuckDB, which can do nothing else here.

On a terminal the answer is a table that fits it. Through a pipe, or with --csv or --json, it is whole: every row and
column, written as they come (lib/catalog/answer_formats.py).
"""

import argparse
import shutil
import sys
import textwrap
from collections.abc import Iterator

import duckdb

from pd_assets.lib.catalog.answer_formats import FORMATS
from pd_assets.lib.catalog.questions import answering, described, locked
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import open_home
from pd_assets.lib.standing import of_the_environment

PROMPT = "pdd sql> "
# A column's description begins here.
MARGIN = 26
EXAMPLES = """examples:
  pdd sql                                                    the tables and what is in each of their columns
  pdd sql "select verdict, rule_id, count(*) from rights.decisions group by all order by all"
  pdd sql --csv "from catalog.licensed_images" > licensed.csv       every row and column
  pdd sql --json "from decisions where verdict = 'quarantine'" | jq '.[].reasons'
  pdd sql < questions.sql
"""


def ask(statements: str | None, *, form: str | None = None) -> None:
    """Answer the given statement, or list the tables and, on a terminal, read statements until its end.

    `form`: `csv` or `json`; without it a table on a terminal, and CSV through a pipe.
    """
    home = open_home(of_the_environment().home, to_ask=True)
    if form is None and not sys.stdout.isatty():
        form = "csv"
    with locked(home) as connection:
        if statements is not None and statements.strip():
            _answer(connection, statements, form)
            return
        for line in _listed(_width()):
            print(line)
        if not sys.stdin.isatty():
            return
        print("\nOne statement a line; end with Ctrl-D.")
        while True:
            try:
                statement = input(PROMPT)
            except EOFError:
                print()
                return
            try:
                _answer(connection, statement, form)
            except ConfigError as error:
                print(error, file=sys.stderr)


def _answer(connection: duckdb.DuckDBPyConnection, statement: str, form: str | None) -> None:
    if not statement.strip():
        return
    with answering(connection, statement) as relation:
        if relation is None:
            return
        if form is None:
            relation.show(max_width=_width())
        else:
            FORMATS[form](relation, sys.stdout)


def _listed(width: int) -> Iterator[str]:
    """Every table with its names, and a line or more for each of its columns."""
    for table in described():
        yield f"{' or '.join(table.names)}   ({table.key})"
        for name, kind, says in table.columns:
            head = f"  {name:<{MARGIN - 3}} "
            yield from textwrap.wrap(
                f"{says} ({kind})",
                max(width, 60),
                initial_indent=head,
                subsequent_indent=" " * MARGIN,
                break_on_hyphens=False,
            )
        yield ""


def _width() -> int:
    return shutil.get_terminal_size((118, 24)).columns


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument(
        "query", nargs="?", help="one statement; without it, one is read from stdin, or the tables are listed"
    )
    form = parser.add_mutually_exclusive_group()
    for name in FORMATS:
        form.add_argument(
            f"--{name}", dest="form", action="store_const", const=name, help=f"the answer as {name.upper()}"
        )


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    ask(arguments.query if arguments.query or sys.stdin.isatty() else sys.stdin.read(), form=arguments.form)
