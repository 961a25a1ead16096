"""attribution.csv: every picture of which a label text under CC BY-SA 4.0 was shown in training, with its page.

The authors of a text are named in the history of its page, at the revision that was read; no name is copied here.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from pd_ml.bundle import layout
from pd_ml.bundle.facts import Facts, ledger_batches
from pd_ml.bundle.papers.writing import csv_cell
from pd_ml.provenance import TRAINED_ON

COLUMNS = ("item_id", "page_url", "revid", "revision_url", "history_url", "licence", "times_shown", "captions")
_READ = ["item_id", "relation", "captions", "page_url", "revid"]
Row = Mapping[str, Any]
# Item, address, revision.
Page = tuple[str, str, int | None]


def write(facts: Facts) -> str:
    """A head and a line for each picture and revision; the head alone where no such text was shown."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    for _, rows in groupby(_rows(facts), key=lambda row: row["item_id"]):
        lines.writerows(_lines(rows))
    return text.getvalue()


def revision_url(page_url: str, revid: int) -> str:
    """The page as it was at that revision, for ever."""
    return _asked(page_url, f"oldid={revid}")


def history_url(page_url: str) -> str:
    """Who wrote what on the page, and when."""
    return _asked(page_url, "action=history")


def _asked(page_url: str, question: str) -> str:
    """A question put to a page of MediaWiki, whether its address has one already or not."""
    page, mark, fragment = page_url.partition("#")
    joint = "" if page.endswith(("?", "&")) else "&" if "?" in page else "?"
    return f"{page}{joint}{question}{mark}{fragment}"


def _rows(facts: Facts) -> Iterator[Row]:
    for batch in ledger_batches(facts.folder / layout.LEDGER):
        yield from batch.select(_READ).to_pylist()


def _lines(rows: Iterable[Row]) -> Iterator[list[str]]:
    """Of one picture: models that read it at different revisions read different texts."""
    times: dict[Page, Counter[int]] = {}
    for row in rows:
        for caption in row["captions"] or () if row["relation"] == TRAINED_ON else ():
            if caption["licence"] == layout.BY_SA:
                page: Page = (row["item_id"], row["page_url"] or "", row["revid"])
                times.setdefault(page, Counter())[caption["number"]] += caption["times_shown"]
    for (item_id, page_url, revid), by_caption in times.items():
        yield [
            csv_cell(item_id),
            csv_cell(page_url),
            "" if revid is None else str(revid),
            # What has no revisions has no history either: a museum's record.
            csv_cell(revision_url(page_url, revid)) if page_url and revid is not None else "",
            csv_cell(history_url(page_url)) if page_url and revid is not None else "",
            layout.BY_SA,
            str(by_caption.total()),
            " ".join(map(str, sorted(by_caption))),
        ]
