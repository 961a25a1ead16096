"""The processes that label pages beside one another (lib/crew.py), each a `python -m pd_assets.lib.dataset.caption_crew
TERMS`: sources of labels in, rows of dataset/captions out, and beside them what differs from the rows before.
"""

from typing import TypeAlias

import pyarrow as pa

from pd_assets.lib import crew
from pd_assets.lib.catalog.schemas import CAPTIONS
from pd_assets.lib.catalog.schemas.table import BIG, TEXT
from pd_assets.lib.dataset.caption_rows import Terms, caption_row
from pd_assets.lib.dataset.label_changes import differences, is_edited
from pd_assets.lib.dataset.labels import read_labels, source_digest, things_of
from pd_assets.lib.dataset.names import spooled

BUCKET = pa.field("bucket", pa.int32())
LABELLED = pa.schema([*CAPTIONS.schema, BUCKET])
# One field of an item before and now; a row without a field: its source was edited. `place` is its place in the item.
DIFFERENT = pa.schema({"item_id": TEXT, "place": BIG, "field": TEXT, "before": TEXT, "now": TEXT})


def read_rows(batch: pa.RecordBatch, terms: Terms) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Rows of label_sources.sql as LABELLED, and what is DIFFERENT."""
    names = spooled(terms.names)
    settings = terms.digest
    made: list[dict[str, object]] = []
    different: list[dict[str, object]] = []
    for page in batch.to_pylist():
        labels = read_labels(page, language=terms.language, things=names)
        things, digest = things_of(page), source_digest(page, names)
        made.append(
            caption_row(page, labels, terms.policy)
            | {"source_digest": digest, "page_digest": page["page_digest"], "things": things}
            | {"made_of": f"{settings}-{names.key(things)}", "bucket": page["bucket"]}
        )
        if is_edited(page, digest):
            different.append({"item_id": page["item_id"], "place": 0})
        else:
            different += [{"place": place, **vars(one)} for place, one in enumerate(differences(page, labels))]
    return (
        pa.RecordBatch.from_pylist(made, schema=LABELLED),
        pa.RecordBatch.from_pylist(different, schema=DIFFERENT),
    )


JOBS: tuple[crew.Job[Terms], ...] = (read_rows,)
Crew: TypeAlias = crew.Crew[Terms]


def crew_of(terms: Terms, size: int) -> Crew:
    """`size` processes that do these jobs; with 0 they are done in this process."""
    return Crew(__name__, JOBS, terms, size)


if __name__ == "__main__":
    crew.serve(JOBS, Terms.from_json)
