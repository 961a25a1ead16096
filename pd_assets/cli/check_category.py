"""`pdd check-category`: pages of a harvested category whose tags, dates and structured data contradict one another."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from pd_assets.lib.home import open_home
from pd_assets.lib.rights.category_check import COLUMNS, Checked, check_category
from pd_assets.lib.spreadsheet import no_formula
from pd_assets.lib.standing import of_the_environment

EXAMPLES = """examples:
  pdd check-category "Winter in art"          what contradicts what, with a link to edit each page
  pdd check-category "Winter in art" --csv    the same for a spreadsheet
"""


def in_words(found: Checked) -> Iterator[str]:
    """The lines for a person."""
    yield f"{found.category}: {found.pages} pages read, {len(found.contradicting)} of them contradict themselves"
    if found.unread:
        yield f"{found.unread} pages could not be read"
    for page in found.contradicting:
        yield ""
        yield page.title
        if page.edit_url:
            yield f"  {page.edit_url}"
        for one in page.found:
            yield f"  {one.kind}: {one.this} against {one.that}. {one.says}"


def _print_csv(found: Checked) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for page in found.contradicting:
        writer.writerows([no_formula(cell) for cell in line] for line in page.cells())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument(
        "title",
        metavar="TITLE",
        help="a category that was harvested, or that harvested pages carry; with or without `Category:`",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help=f"as CSV: {', '.join(COLUMNS)}")
    form.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    home = open_home(of_the_environment().home, to_ask=True)
    found = check_category(home, arguments.title, datetime.now(UTC).date())
    if arguments.csv:
        _print_csv(found)
    elif arguments.json:
        print(json.dumps(asdict(found), ensure_ascii=False, indent=1))
    else:
        for line in in_words(found):
            print(line)
