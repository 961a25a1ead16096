"""The schema of every table: column, type, description. The UI, the docs and the writer read them from here."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

TEXT, WHOLE, BIG, REAL, FLAG = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_()
TEXTS = pa.list_(pa.string())
INSTANT = pa.timestamp("s", tz="UTC")


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table. `volatile` columns say when something was done and stay out of the table's digest."""

    key: str
    columns: Mapping[str, tuple[pa.DataType, str]]
    sort_by: tuple[str, ...]
    volatile: tuple[str, ...] = ()

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(name, kind) for name, (kind, _) in self.columns.items()])


CATEGORIES = Table(
    key="commons/categories",
    sort_by=("category",),
    columns={
        "category": (TEXT, "title without `Category:`"),
        "pageid": (BIG, "page id of the category page, null where the page does not exist"),
        "depth": (WHOLE, "fewest steps from a root"),
        "parents": (TEXTS, "categories of the walk that hold it"),
        "path": (TEXTS, "one shortest way to it, root first"),
        "files": (WHOLE, "files directly in it, as the archive counts them"),
        "subcategories": (WHOLE, "subcategories directly in it, as the archive counts them"),
        "status": (TEXT, "`live`, or `retired` once the walk no longer finds it"),
    },
)

PAGES = Table(
    key="commons/pages",
    sort_by=("pageid",),
    volatile=("fetched_at",),
    columns={
        "pageid": (BIG, "page id of the file page; survives renames"),
        "title": (TEXT, "title with `File:`"),
        "category": (TEXT, "the partition: the category that lists the file"),
        "status": (TEXT, "`live`, `deleted`, `moved` (a redirect), `left` (no longer in the category)"),
        "problem": (
            TEXT,
            "`not_a_file`, `hidden`, `no_file`, `no_wikitext`, `not_bitmap`, or `incomplete` where the archive did not "
            "tell everything (asked again in every run); null where it is a usable picture",
        ),
        "revid": (BIG, "revision of the page that was read"),
        "touched": (TEXT, "when the archive last rendered the page anew, as it says"),
        "sha1": (TEXT, "SHA-1 of the original file, hexadecimal"),
        "mime": (TEXT, "media type of the original"),
        "mediatype": (TEXT, "MediaWiki's media type: BITMAP, DRAWING, OFFICE, ..."),
        "width": (WHOLE, "width of the original, pixels"),
        "height": (WHOLE, "height of the original, pixels"),
        "size_bytes": (BIG, "size of the original, bytes"),
        "file_url": (TEXT, "address of the original, without query"),
        "thumb_url": (TEXT, "address of the smallest standard thumbnail that covers `thumb_side`"),
        "thumb_side": (WHOLE, "the longest side that was asked for, pixels"),
        "page_url": (TEXT, "address of the file page"),
        "uploaded_at": (INSTANT, "when this version of the file was uploaded"),
        "wikitext": (TEXT, "the page's wikitext at `revid`, verbatim"),
        "mediainfo": (TEXT, "the page's structured data as JSON, verbatim; null where there is none"),
        "extmetadata": (TEXT, "CommonsMetadata's summary as JSON, without uploader names and positions"),
        "categories": (TEXTS, "every category of the page, hidden ones too"),
        "hidden_categories": (TEXTS, "the hidden ones among them"),
        "templates": (TEXTS, "every template that the page transcludes, nested ones too"),
        "fetched_at": (INSTANT, "when the details were read"),
        "digest": (TEXT, "BLAKE2b-128 of what was read: all columns but `category`, `status` and `fetched_at`"),
    },
)

ITEMS = Table(
    key="catalog/items",
    sort_by=("item_id",),
    volatile=("fetched_at",),
    columns={
        "item_id": (TEXT, "`commons:M<pageid>` or `smithsonian:<record_ID>:<media id>`"),
        "source": (TEXT, "the archive: `commons` or `smithsonian`"),
        "title": (TEXT, "title of the file without namespace and ending"),
        "page_url": (TEXT, "the archive's page about the file"),
        "file_url": (TEXT, "address of the original"),
        "thumb_url": (TEXT, "address of the smallest standard thumbnail that covers `thumb_side`"),
        "thumb_side": (WHOLE, "the longest side that the thumbnail covers, pixels"),
        "sha1": (TEXT, "SHA-1 of the original, hexadecimal"),
        "mime": (TEXT, "media type of the original"),
        "width": (WHOLE, "width of the original, pixels"),
        "height": (WHOLE, "height of the original, pixels"),
        "size_bytes": (BIG, "size of the original, bytes"),
        "revid": (BIG, "revision of the page that was read"),
        "fetched_at": (INSTANT, "when the details were read"),
        "categories": (TEXTS, "every category of the page, hidden ones too"),
        "partitions": (TEXTS, "the synchronised categories that list it"),
        "problem": (TEXT, "why the page is no usable picture, null where it is one"),
        "status": (TEXT, "`live`, `deleted`, `moved` or `left`"),
    },
)

DECISIONS = Table(
    key="rights/decisions",
    sort_by=("item_id", "profile"),
    volatile=("decided_at",),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`"),
        "profile": (TEXT, "the rights profile: `strict`, `life70` or `us`"),
        "verdict": (TEXT, "`accept`, `reject` or `quarantine`"),
        "rule_id": (TEXT, "the first rule that held"),
        "reasons": (TEXTS, "reason codes; empty for no accepted item"),
        "ruleset_version": (TEXT, "version of the rule table"),
        "evidence_digest": (TEXT, "SHA-256 of the evidence"),
        "evidence": (TEXT, "what was seen, where and at which revision, as JSON"),
        "decided_at": (INSTANT, "when this decision was first made from this evidence"),
    },
)

FILES = Table(
    key="images/files",
    sort_by=("item_id",),
    volatile=("fetched_at", "tries", "url"),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`"),
        "sha256": (TEXT, "SHA-256 of the normalised picture: its name in the store"),
        "sha1": (TEXT, "SHA-1 of the original that it was made from"),
        "path": (TEXT, "place under PD_HOME"),
        "width": (WHOLE, "width of the normalised picture, pixels"),
        "height": (WHOLE, "height of the normalised picture, pixels"),
        "mime": (TEXT, "media type of the normalised picture"),
        "size_bytes": (BIG, "size of the normalised picture, bytes"),
        "phash": (TEXT, "64-bit perceptual hash, hexadecimal"),
        "max_side": (WHOLE, "the longest side that was asked for, pixels"),
        "made_from": (TEXT, "`original` or `thumbnail`: what was asked for"),
        "url": (TEXT, "the address that was asked"),
        "status": (TEXT, "`ok` or `failed`"),
        "error": (TEXT, "why it failed, null where it did not"),
        "tries": (WHOLE, "how often it was tried"),
        "fetched_at": (INSTANT, "when the bytes were fetched"),
    },
)

LICENSED = Table(
    key="catalog/licensed_images",
    sort_by=("item_id",),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`"),
        "sha256": (TEXT, "the picture in the store"),
        "title": (TEXT, "title of the file without namespace and ending"),
        "artist": (TEXT, "who made the work, as the page says"),
        "date": (TEXT, "when the work was made, as the page says"),
        "page_url": (TEXT, "the archive's page about the file"),
        "rule_id": (TEXT, "the rule that accepted it"),
        "profile": (TEXT, "the rights profile that it was accepted under"),
        "width": (WHOLE, "width of the picture in the store, pixels"),
        "height": (WHOLE, "height of the picture in the store, pixels"),
        "phash": (TEXT, "64-bit perceptual hash, hexadecimal"),
        "categories": (TEXTS, "every category of the page"),
    },
)

CAPTIONS = Table(
    key="dataset/captions",
    sort_by=("item_id",),
    columns={
        "item_id": (TEXT, "the item in `catalog/licensed_images`"),
        "labels": (
            pa.list_(pa.struct([("field", TEXT), ("value", TEXT), ("licence", TEXT), ("seen_in", TEXT)])),
            "label fields with the licence of each and where it was seen",
        ),
        "captions": (TEXTS, "captions composed of the fields that the label policy allows"),
        "label_licence": (TEXT, "the strictest licence among the fields used; null without captions"),
        "policy": (TEXT, "the label policy: `cc0` or `all`"),
    },
)

SPLITS = Table(
    key="dataset/splits",
    sort_by=("item_id",),
    columns={
        "item_id": (TEXT, "the item in `catalog/licensed_images`"),
        "cluster": (TEXT, "pictures that are copies of one another share it"),
        "split": (TEXT, "`train`, `validation` or `test`: a stable hash of the cluster"),
    },
)

LEDGER = Table(
    key="http/ledger",
    sort_by=("started_at", "run_id", "host", "kind"),
    columns={
        "run_id": (TEXT, "the run that asked, as Dagster names it; one run has a row for each step, host and kind"),
        "host": (TEXT, "the host that was asked, with its port where it has one"),
        "kind": (TEXT, "`api` or `media`"),
        "requests": (BIG, "requests made, redirects and repetitions included"),
        "bytes": (BIG, "bytes of the answers' bodies as they came over the line"),
        "waited_s": (REAL, "seconds waited so as not to ask too often or too fast, summed over all threads"),
        "retries": (BIG, "requests made because an earlier one failed"),
        "errors": (TEXT, 'what went wrong and how often, as JSON: `{"HTTP 429": 2, "maxlag": 1}`'),
        "started_at": (INSTANT, "when the host was asked first"),
        "ended_at": (INSTANT, "when its last answer was read"),
    },
)

TABLES = {
    table.key: table for table in (CATEGORIES, PAGES, ITEMS, DECISIONS, FILES, LICENSED, CAPTIONS, SPLITS, LEDGER)
}
