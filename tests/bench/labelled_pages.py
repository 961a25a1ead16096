"""What is decided about labelled file pages, and what the fields cost in which a later year means nothing.

    python -m tests.bench.labelled_pages

The second table counts the free pages with a year from 1900 on in a field of each kind of boxes.LATER_YEARS: at most so
many would wait without that entry. Needs the recorded material beside the repository.
"""

import re

from pd_assets.lib.page import boxes
from pd_assets.lib.page.years import named_years
from pd_assets.lib.rights.rules import PROFILES
from tests.material import RECORDED
from tests.pd_assets.lib.rights.labelled import FILE, Labelled, accepted, labelled_pages


def years_left_out(page: Labelled, kind: str) -> list[int]:
    """The years from 1900 on in the fields of one kind of boxes.LATER_YEARS on a page."""
    names = "|".join(re.escape(name) for name in boxes.LATER_YEARS[kind])
    values = re.findall(rf"^\s*\|\s*(?:{names})\s*=(.*)$", str(page.row["wikitext"]), re.IGNORECASE | re.MULTILINE)
    return [named.year for value in values for named in named_years(kind, value)]


def main() -> None:
    pages = labelled_pages(RECORDED / FILE)
    print("| profile | free pages accepted | others accepted |\n|---|---|---|")
    for profile in PROFILES:
        took, free = accepted(pages, profile), {page.name for page in pages if profile in page.free}
        print(f"| {profile} | {len(took & free)} of {len(free)} | {len(took - free)} of {len(pages) - len(free)} |")
    free_pages = [page for page in pages if page.free]
    print("\n| fields | free pages with a later year in them |\n|---|---|")
    for kind in boxes.LATER_YEARS:
        print(f"| {kind} | {sum(bool(years_left_out(page, kind)) for page in free_pages)} of {len(free_pages)} |")


if __name__ == "__main__":
    main()
