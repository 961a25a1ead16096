"""The table of labels and captions of every licensed picture, under a label policy. Writes dataset/captions.

Policy `cc0` uses CC0 fields only; `all` adds CC BY-SA text, whose licence then is that of the captions, and whose pages
are kept for attribution. A picture without a usable label has no caption, and text-conditioned training leaves it out.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import pyarrow as pa

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, LICENSED, PAGES, THINGS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.dataset.composition import captions_of
from pd_assets.lib.dataset.label_changes import LabelChanges, Previous
from pd_assets.lib.dataset.labels import CC0, CC_BY_SA, Label, labels_version, read_labels, source_digest
from pd_assets.lib.home import Home
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_assets.lib.page.languages import ENGLISH
from pd_assets.lib.page.structured import Things

CAPTIONS_PER_PICTURE = 8
ROWS_IN_A_BATCH = 2_000


@dataclass(frozen=True, kw_only=True)
class CaptionCounts:
    """Licensed pictures, those with at least one caption, captions in all; the table's digest; what is different."""

    pictures: int
    captioned: int
    captions: int
    digest: str
    changes: LabelChanges


def build_captions(home: Home, *, policy: str, language: str = ENGLISH) -> CaptionCounts:
    """Read the labels of every licensed picture from what is stored and write the table; asks no archive.

    Pictures without labels keep an empty list of captions.
    """
    things = read_things(home)
    writer = _Writer(Previous(home), policy, language, things)
    sources: dict[str, tables.Tables] = {"licensed": LICENSED, "pages": PAGES, "records": ALL_RECORDS}
    pages = tables.query(home, load("licensed_pages"), sources)
    digest = tables.write_batches(home, CAPTIONS, writer.batches(pages))
    return CaptionCounts(
        pictures=writer.pictures,
        captioned=writer.captioned,
        captions=writer.captions,
        digest=digest,
        changes=writer.previous.changes(),
    )


def read_things(home: Home) -> Things:
    """Names of Wikidata items by id and language, as far as they are stored."""
    found: dict[str, dict[str, str]] = {}
    for row in tables.rows(tables.read_or_empty(home, THINGS)):
        if row["name"] is not None:
            found.setdefault(str(row["thing"]), {})[str(row["language"])] = str(row["name"])
    return found


class _Writer:
    """Rows of the table in batches, counted, and compared with those of the table before."""

    def __init__(self, previous: Previous, policy: str, language: str, things: Things) -> None:
        self.previous = previous
        self._policy, self._language, self._things = policy, language, things
        self.pictures = self.captioned = self.captions = 0

    def batches(self, pages: pa.Table) -> Iterator[pa.RecordBatch]:
        waiting: list[dict[str, object]] = []
        for page in tables.rows(pages):
            waiting.append(self._row(page))
            if len(waiting) == ROWS_IN_A_BATCH:
                yield pa.RecordBatch.from_pylist(waiting, schema=CAPTIONS.schema)
                waiting = []
        yield pa.RecordBatch.from_pylist(waiting, schema=CAPTIONS.schema)

    def _row(self, page: Mapping[str, object]) -> dict[str, object]:
        labels = read_labels(page, language=self._language, things=self._things)
        digest = source_digest(page, self._things)
        self.previous.compare(str(page["item_id"]), digest, labels)
        row = caption_row(page, labels, self._policy) | {"source_digest": digest}
        made = row["captions"]
        assert isinstance(made, list)
        self.pictures += 1
        self.captioned += bool(made)
        self.captions += len(made)
        return row


def caption_row(page: Mapping[str, object], labels: tuple[Label, ...], policy: str) -> dict[str, object]:
    """One row: every label, the captions of those that the policy allows, and whom to thank for them."""
    allowed = [label for label in labels if policy == "all" or label.licence == CC0]
    captions = captions_of(allowed, item_id=str(page["item_id"]))
    borrowed = [label for label in allowed if label.licence == CC_BY_SA] if captions else []
    return {
        "item_id": page["item_id"],
        "labels": [asdict(label) for label in labels],
        "captions": captions,
        "label_licence": None if not captions else CC_BY_SA if borrowed else CC0,
        "policy": policy,
        "attribution": attribution(page, borrowed),
        "labels_version": labels_version(),
    }


def attribution(page: Mapping[str, object], borrowed: list[Label]) -> str | None:
    """Page, revision, history and fields of CC BY-SA text, as JSON; the history names the authors, this does not."""
    if not borrowed:
        return None
    address, revid = str(page.get("page_url") or ""), page.get("revid")
    told = {
        "licence": CC_BY_SA,
        "page_url": address,
        "revid": revid,
        "history_url": f"{address}{'&' if '?' in address else '?'}action=history" if address else "",
        "fields": sorted({label.seen_in for label in borrowed}),
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True)
