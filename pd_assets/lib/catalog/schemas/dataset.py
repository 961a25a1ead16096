"""What a dataset is made of, and which pictures each version of one held."""

import pyarrow as pa

from pd_assets.lib.catalog.schemas.table import BIG, FLAG, INSTANT, TEXT, TEXTS, WHOLE, Kept, Table

CAPTIONS = Table(
    key="dataset/captions",
    by_bucket=True,
    sort_by=("item_id",),
    volatile=("labels_version", "page_digest", "things", "made_of"),
    columns={
        "item_id": (TEXT, "the item in `catalog/licensed_images`"),
        "labels": (
            pa.list_(
                pa.struct(
                    [
                        *(("field", TEXT), ("value", TEXT), ("licence", TEXT)),
                        *(("seen_in", TEXT), ("language", TEXT), ("preferred", FLAG)),
                    ]
                )
            ),
            "label fields in every language, with the licence of each and where it was seen; `preferred` is the one of "
            "a field's languages to show",
        ),
        "captions": (TEXTS, "captions composed of the fields that the label policy allows"),
        "caption_licences": (TEXTS, "the strictest licence of the fields in each caption, in their order"),
        "label_licence": (TEXT, "the strictest licence among the fields used; null without captions"),
        "policy": (TEXT, "the label policy: `cc0` or `all`"),
        "attribution": (
            TEXT,
            "page, revision, history and fields of the CC BY-SA text that the captions may hold, as JSON; null where "
            "they hold none",
        ),
        "source_digest": (TEXT, "BLAKE2b-128 of what the labels were read from"),
        "labels_version": (TEXT, "version of what read the labels"),
        "page_digest": (TEXT, "digest of the archive's page or record as it is stored, null where none is"),
        "things": (TEXTS, "ids of the Wikidata items that the page names, sorted: the row depends on their names"),
        "made_of": (TEXT, "digest of label policy, language and code, and one of the names of its things"),
    },
)

THINGS = Table(
    key="dataset/things",
    sort_by=("thing", "language"),
    volatile=("fetched_at",),
    columns={
        "thing": (TEXT, "id of a Wikidata item that structured data names, such as `Q146`"),
        "language": (TEXT, "language code of the name, empty for a name that holds in all of them"),
        "name": (TEXT, "the item's label in that language (CC0), null where it has none"),
        "fetched_at": (INSTANT, "when the name was read"),
    },
)

SPLITS = Table(
    key="dataset/splits",
    kept=Kept.TWICE,
    by_bucket=True,
    sort_by=("item_id",),
    volatile=("since",),
    columns={
        "item_id": (TEXT, "the item in `catalog/licensed_images`"),
        "cluster": (TEXT, "pictures that are copies of one another share it"),
        "split": (TEXT, "`train`, `validation` or `test`: a stable hash of the cluster"),
        "since": (WHOLE, "the build that first saw the cluster, counted from 0: the older one holds where two join"),
    },
)

MEMBERS = Table(
    key="dataset/members",
    kept=Kept.EVIDENCE,
    sort_by=("item_id",),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`, as it was then"),
        "sha256": (TEXT, "the picture in the store"),
        "exported_sha256": (TEXT, "the picture as the shard has it: another one where the export made it smaller"),
        "split": (TEXT, "`train`, `validation` or `test`"),
        "shard": (TEXT, "the file in the dataset's folder that holds it"),
        "rule_id": (TEXT, "the rule that had accepted it"),
        "page_url": (TEXT, "the archive's page about the file"),
        "revid": (BIG, "the revision of the page that the evidence was read from, null where there is none"),
        "evidence_digest": (TEXT, "SHA-256 of the evidence that it was accepted on, in `rights/evidence`"),
        "caption_licences": (TEXTS, "the licence of each of its captions, in their order"),
        "dataset": (TEXT, "name of the dataset"),
        "version": (TEXT, "version of the dataset"),
    },
)
