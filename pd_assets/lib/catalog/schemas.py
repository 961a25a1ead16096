"""The schema of every table: column, type, description. The UI, the docs and the writer read them from here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

import pyarrow as pa

from pd_ml.provenance import LEDGER_COLUMNS

TEXT, WHOLE, BIG, REAL, FLAG = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_()
TEXTS = pa.list_(pa.string())
INSTANT = pa.timestamp("s", tz="UTC")


class Kept(Enum):
    """What becomes of a damaged file of a table; the value says what heals it. All but DERIVED are evidence."""

    # Made of other tables: the next run makes it anew.
    DERIVED = "run `pdd run nightly`, which makes it anew from the other tables"
    # As the archive told it, and tells it again: the next run asks.
    ASKED_ANEW = "run `pdd run nightly`, which asks the archive again"
    ASKED_ANEW_BY_UNIT = "run the job refresh_smithsonian for its unit, which asks the archive again"
    ASKED_ANEW_OF_CLEVELAND = "run the job refresh_cleveland, which asks the archive again"
    # What nothing else tells lies there twice: the next run takes the second copy.
    TWICE = "its second copy is damaged too: restore both from a backup, or run `pdd doctor --repair`"
    # Never replaced but by a person's word.
    EVIDENCE = "run `pdd doctor --repair`, which sets it aside and restores what can be proven"


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table. `volatile` columns say when something was done and stay out of the table's digest.

    One `by_bucket` has a file for each item bucket of the home (buckets.py). `used`: column and value of the rows that
    others are made of, where they are not all.
    """

    key: str
    columns: Mapping[str, tuple[pa.DataType, str]]
    sort_by: tuple[str, ...]
    volatile: tuple[str, ...] = ()
    kept: Kept = Kept.DERIVED
    by_bucket: bool = False
    used: tuple[str, str] | None = None

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(name, kind) for name, (kind, _) in self.columns.items()])


CATEGORIES = Table(
    key="commons/categories",
    kept=Kept.TWICE,
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
    kept=Kept.ASKED_ANEW,
    sort_by=("pageid",),
    volatile=("fetched_at",),
    columns={
        "pageid": (BIG, "page id of the file page; survives renames"),
        "title": (TEXT, "title with `File:`"),
        "category": (TEXT, "the partition: the category that lists the file"),
        "status": (TEXT, "`live`, `deleted`, `moved` (a redirect), `left` (no longer in the category)"),
        "problem": (
            TEXT,
            "`not_a_file`, `hidden`, `no_file`, `no_wikitext`, `not_bitmap`, `no_size` (a picture cut off, 0 x 0), "
            "`incomplete` where the archive did not tell everything (asked again, ever less often), or `unreadable: ` "
            "and the values that could not be read or kept; null where it is a usable picture",
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

CREATORS = Table(
    key="commons/creators",
    kept=Kept.ASKED_ANEW,
    sort_by=("asked",),
    volatile=("modified", "recent_since", "problem", "tries", "fetched_at", "ask_at"),
    columns={
        "asked": (TEXT, "the id of a Wikidata item, or the title of a Creator page, that pages or works name"),
        "kind": (
            TEXT,
            "`person`, `group`, `anonymous`, `other` or `missing`; `creator_page`; null where nothing counts yet",
        ),
        "item": (TEXT, "the item that it leads to (a merged one redirects, a Creator page names one), null for none"),
        "name": (TEXT, "the item's English label (CC0)"),
        "revid": (BIG, "the revision that was read"),
        "modified": (TEXT, "when it was last edited, as the archive says"),
        **{
            f"{what}_{which}": (WHOLE, f"{which} year of {says} that its precision leaves possible, null where unknown")
            for what, says in (("born", "birth"), ("died", "death"), ("made", "making"))
            for which in ("first", "last", "named")
        },
        "makers": (TEXTS, "of a work: the items of everybody who is named as a maker"),
        "has_unnamed_maker": (FLAG, "of a work: whether somebody made it whom no item names"),
        "is_anonymous": (FLAG, "of a work: whether it is said that nobody knows its maker"),
        "classes": (TEXTS, "what it is: P31 and P279"),
        "materials": (TEXTS, "what a work is made of: P186"),
        "claims": (TEXT, "the statements that all this was read from, as JSON; deprecated ones are left out"),
        "read_by": (TEXT, "version of what read them"),
        "recent": (TEXT, "what an edit of the last days made of the claims: it does not count yet"),
        "recent_since": (INSTANT, "when that was first seen"),
        "problem": (TEXT, "why it could not be read the last time, null where it could"),
        "tries": (WHOLE, "how often in a row it could not"),
        "fetched_at": (INSTANT, "when the archive last told of it"),
        "ask_at": (INSTANT, "when it is to be asked for again"),
    },
)

TEMPLATES = Table(
    key="commons/templates",
    kept=Kept.ASKED_ANEW,
    sort_by=("name",),
    volatile=("asked_at",),
    columns={
        "name": (TEXT, "title of a template without `Template:`, or of a category above one, with `Category:`"),
        "target": (TEXT, "where its redirect leads, or the name itself: the target is what counts"),
        "kind": (
            TEXT,
            "`licence`, `warning`, `box`, `source`, `maintenance`, `language`, `location`, `other`, `unclassified` (in "
            "no category that says), `missing` (no such page), by the archive's own categories; null of a category, "
            "and where the archive has not told yet",
        ),
        "categories": (TEXTS, "the categories of the target's page, hidden ones too"),
        "asked_at": (INSTANT, "when the archive told of it, null where it has not"),
    },
)

RECORDS = Table(
    key="smithsonian/records",
    kept=Kept.ASKED_ANEW_BY_UNIT,
    sort_by=("item_id", "status"),
    volatile=("fetched_at",),
    columns={
        "item_id": (
            TEXT,
            "`smithsonian:<record_ID>:<media id>`, both percent-encoded; ends in `:` where a record has no medium, "
            "and is `smithsonian::<digest of the line>` where nobody can tell which record a line holds",
        ),
        "record_id": (TEXT, "the record's permanent `record_ID`, null where it could not be read"),
        "media_id": (TEXT, "the medium's id as the record gives it (`idsId`, else `guid`, `id` or its address)"),
        "unit_code": (TEXT, "the unit code that the record gives"),
        "shard": (TEXT, "the shard that holds the record: first two digits of its hash"),
        "status": (TEXT, "`live`, or `deleted` once the shard no longer holds the record"),
        "problem": (TEXT, "why this is no usable medium (docs/smithsonian.md lists the reasons), null where it is one"),
        "title": (TEXT, "title of the object, plain text"),
        "page_url": (TEXT, "the museum's page about the object, else its permanent address"),
        "file_url": (TEXT, "address of the whole picture, a JPEG where there is one"),
        "thumb_url": (TEXT, "address of the picture bounded by `thumb_side`, or of the smallest one that covers it"),
        "thumb_side": (WHOLE, "the longest side that was asked for, pixels"),
        "mime": (TEXT, "media type of `file_url`, null where the record does not say"),
        "width": (WHOLE, "width of the whole picture, pixels, null where the record does not say"),
        "height": (WHOLE, "height of the whole picture, pixels, null where the record does not say"),
        "record_type": (TEXT, "`edanmdm`; finding aids have another type"),
        "media_type": (TEXT, "the medium's `type`, verbatim"),
        "usage_access": (TEXT, "the medium's `usage.access`, verbatim; null where the record does not say"),
        "usage_codes": (TEXTS, "the medium's `usage.codes`"),
        "usage_text": (TEXT, "the medium's `usage.text`"),
        "metadata_usage_access": (TEXT, "the record's `metadata_usage.access`, verbatim"),
        "object_rights": (TEXTS, "the record's statements of rights (`freetext.objectRights`)"),
        "media_rights": (TEXTS, "the record's statements of its media's rights (`online_media_rights`)"),
        "data_source": (TEXT, "the museum"),
        "terms": (TEXTS, "`label: content` of topics, object types, names, places, cultures and sets"),
        "names": (TEXTS, "`label: content` of the persons and bodies, whose label is their role"),
        "dates": (TEXTS, "the dates as the record has them (`freetext.date`)"),
        "indexed_dates": (TEXTS, "the decades and centuries that the archive made of the dates"),
        "freetext": (TEXT, "`freetext` as JSON, verbatim"),
        "indexed": (TEXT, "`indexedStructured` as JSON, verbatim"),
        "media": (TEXT, "the medium as JSON, verbatim"),
        "caption": (TEXT, "the medium's caption"),
        "alt_text": (TEXT, "the medium's text for people who do not see it"),
        "updated_at": (INSTANT, "when the archive last changed the record, null where it does not say legibly"),
        "media_signature": (TEXT, "BLAKE2b-128 of the medium: whether its picture is to be fetched again"),
        "signature": (TEXT, "BLAKE2b-128 of the record's line"),
        "fetched_at": (INSTANT, "when this version of the record was first read"),
    },
)

# All museums' tables have the same columns; what one has nothing of is null.
CLEVELAND_RECORDS = replace(RECORDS, key="cleveland/records", kept=Kept.ASKED_ANEW_OF_CLEVELAND)

ITEMS = Table(
    key="catalog/items",
    sort_by=("item_id",),
    volatile=("fetched_at",),
    columns={
        "item_id": (TEXT, "`commons:M<pageid>`, `smithsonian:<record_ID>:<media id>` or `cleveland:<id>`"),
        "source": (TEXT, "the archive: `commons`, `smithsonian` or `cleveland`"),
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
        "colour_card": (FLAG, "whether title, categories or terms speak of a colour card or a scale in the picture"),
    },
)

DECISIONS = Table(
    key="rights/decisions",
    kept=Kept.EVIDENCE,
    by_bucket=True,
    sort_by=("item_id", "profile"),
    volatile=("decided_at", "since"),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`"),
        "profile": (TEXT, "the rights profile: `strict`, `life70` or `us`"),
        "verdict": (TEXT, "`accept`, `reject` or `quarantine`"),
        "rule_id": (TEXT, "the first rule that held"),
        "reasons": (TEXTS, "reason codes; empty for no accepted item"),
        "witness": (TEXT, "what, beside its tag, shows the age of an accepted work; empty where nothing has to"),
        "ruleset_version": (TEXT, "version of the rule table"),
        "evidence_digest": (TEXT, "SHA-256 of the evidence"),
        "evidence": (TEXT, "what was seen, where and at which revision, as JSON"),
        "decided_at": (INSTANT, "when this decision was first made from this evidence"),
        "since": (TEXT, "the day since which the verdict has been this one: `2026-11-30`"),
        "grounds": (TEXTS, "what an accepted item rests on: its tags, or its museum's CC0; empty for others"),
        "page_digest": (
            TEXT,
            "digest of the archive's page and of the item's status, which the evidence was read from",
        ),
        "extractor_version": (TEXT, "version of what read the evidence"),
        "looked_up": (
            TEXTS,
            "what the reader of the evidence asked of what is known, and digests of the answers",
        ),
        "fresh_days": (WHOLE, "PD_FRESH_DAYS when it was decided"),
        "valid_until": (TEXT, "the first day on which the calendar alone may change the decision: `2027-01-01`"),
    },
)

EVIDENCE = Table(
    key="rights/evidence",
    kept=Kept.EVIDENCE,
    sort_by=("item_id", "seen_on", "digest"),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`"),
        "digest": (TEXT, "SHA-256 of `evidence`: what decisions, changes and members refer to it by"),
        "seen_on": (TEXT, "the first day that a decision rested on it, again where it came back: `2026-11-30`"),
        "revid": (BIG, "revision of the page that it was read from, null where the archive has none"),
        "page_url": (TEXT, "the archive's page about the file"),
        "page_digest": (TEXT, "digest of the archive's page and of the item's status, as in `rights/decisions`"),
        "evidence": (TEXT, "what was seen, where and at which revision, as canonical JSON"),
    },
)

CHANGES = Table(
    key="rights/changes",
    kept=Kept.TWICE,
    sort_by=("changed_on", "item_id", "profile"),
    volatile=("changed_at",),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`"),
        "profile": (TEXT, "the rights profile: `strict`, `life70` or `us`"),
        "from_verdict": (TEXT, "the verdict before"),
        "to_verdict": (TEXT, "the verdict now"),
        "from_rule": (TEXT, "the rule that decided before"),
        "to_rule": (TEXT, "the rule that decides now"),
        "cause": (
            TEXT,
            "`upstream_edit` (what the archive says of it), `deletion`, `copy` (a page of the same bytes), `rule` "
            "(the rule table, or what reads the evidence), `knowledge` (what others say of its makers, its work or its "
            "templates), `settings` (PD_FRESH_DAYS), `calendar`",
        ),
        "from_revid": (BIG, "revision that the evidence before was read from, null where the archive has none"),
        "to_revid": (BIG, "revision that the evidence now was read from"),
        "from_ruleset": (TEXT, "version of the rule table before"),
        "to_ruleset": (TEXT, "version of the rule table now"),
        "from_evidence": (TEXT, "SHA-256 of the evidence before"),
        "to_evidence": (TEXT, "SHA-256 of the evidence now"),
        "from_since": (TEXT, "the day since which the verdict before had been that one"),
        "from_grounds": (TEXTS, "what an item that was accepted before rested on"),
        "changed_on": (TEXT, "the day that the decision was made for: `2026-11-30`"),
        "changed_at": (INSTANT, "when it was made"),
    },
)

TAKEDOWNS = Table(
    key="rights/takedowns",
    kept=Kept.TWICE,
    sort_by=("taken_down_at", "item_id", "sha256"),
    columns={
        "item_id": (TEXT, "an item that shows the picture, or one of its copies; null where none is known"),
        "sha256": (TEXT, "the picture in the store, null where it was never fetched"),
        "sha1": (TEXT, "SHA-1 of the original, null where it is not known"),
        "named": (TEXT, "what the operator named: an item, a title, an address, a digest or a pattern"),
        "reason": (TEXT, "why, in the operator's words"),
        "taken_down_at": (INSTANT, "when it was taken down"),
        "purged_at": (INSTANT, "when the picture and the datasets that held it were removed, null where they were not"),
        "number": (TEXT, "the number of the takedown's receipt: `T-20261130-7Q4ZK2MX`; a list has one for all"),
        "matched_by": (
            TEXT,
            "`name`, `pattern`, `copy` (of what was named), or how it was known when it came back under another item: "
            "`sha1`, `sha256`, `look`",
        ),
    },
)

FILES = Table(
    key="images/files",
    kept=Kept.TWICE,
    by_bucket=True,
    sort_by=("item_id",),
    volatile=("fetched_at", "tries", "url"),
    # A failure that failed again is no news.
    used=("status", "ok"),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`"),
        "sha256": (
            TEXT,
            "SHA-256 of the normalised picture: its name in the store; of a failure the placeholder that came",
        ),
        "sha1": (TEXT, "SHA-1 of the original that it was made from, null where the archive gives none"),
        "signature": (TEXT, "what the archive said of the medium, as a digest, where it gives no SHA-1"),
        "received_sha1": (TEXT, "SHA-1 of the bytes that came, where the archive gives none"),
        "path": (TEXT, "place under PD_HOME"),
        "width": (WHOLE, "width of the normalised picture, pixels"),
        "height": (WHOLE, "height of the normalised picture, pixels"),
        "mime": (TEXT, "media type of the normalised picture"),
        "size_bytes": (BIG, "size of the normalised picture, bytes"),
        "phash": (TEXT, "64-bit perceptual hash, hexadecimal"),
        "detail_hash": (TEXT, "256-bit difference hash, hexadecimal: where 16 rows of 17 grow brighter to the right"),
        "aspect": (REAL, "width by height"),
        "sharpness": (REAL, "variance of the Laplacian at 256 pixels a side, squared levels of grey; below 50 is soft"),
        "greyness": (REAL, "share of pixels whose channels differ by less than 16 levels, 0 to 1"),
        "border": (REAL, "share of the area in uniform margins, 0 to 1"),
        "text_page": (REAL, "likelihood of a page of text by plain statistics, 0 to 1"),
        "entropy": (REAL, "of the levels of grey, bits, 0 to 8"),
        "max_side": (WHOLE, "the longest side that was asked for, pixels"),
        "made_from": (TEXT, "`original` or `thumbnail`: what was asked for"),
        "url": (TEXT, "the address that was asked"),
        "status": (TEXT, "`ok` or `failed`"),
        "error": (TEXT, "why it failed, null where it did not"),
        "tries": (WHOLE, "how often it was tried"),
        "fetched_at": (INSTANT, "when the bytes were fetched"),
    },
)

CLUSTERS = Table(
    key="catalog/clusters",
    kept=Kept.TWICE,
    sort_by=("item_id",),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`; pictures that were fetched once are remembered"),
        "cluster": (TEXT, "copies of one picture share it: the least of their item ids"),
        "is_representative": (FLAG, "whether this is the copy that is kept: best rights evidence, then largest"),
        "why": (TEXT, "how it is like the representative: `sha256`, `sha1` or `look`; null where it is the only one"),
        "distance": (WHOLE, "bits in which its perceptual hash differs from the representative's"),
        "place": (WHOLE, "its place among the copies, the best first: 0 is the representative"),
        "conflict": (TEXT, "the copy that is refused for a condition, and the reasons: keeps all copies in quarantine"),
        "sha256": (TEXT, "the picture in the store"),
        "sha1": (TEXT, "SHA-1 of the original that it was made from"),
        "phash": (TEXT, "64-bit perceptual hash, hexadecimal"),
        "detail_hash": (TEXT, "256-bit difference hash, hexadecimal"),
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
        "cluster": (TEXT, "the cluster of its copies in `catalog/clusters`"),
        "also_at": (TEXTS, "pages of its copies, in either archive"),
        "colour_card": (FLAG, "whether title, categories or terms speak of a colour card or a scale in the picture"),
        "aspect": (REAL, "width by height"),
        "sharpness": (REAL, "variance of the Laplacian at 256 pixels a side, squared levels of grey; below 50 is soft"),
        "greyness": (REAL, "share of pixels whose channels differ by less than 16 levels, 0 to 1"),
        "border": (REAL, "share of the area in uniform margins, 0 to 1"),
        "text_page": (REAL, "likelihood of a page of text by plain statistics, 0 to 1"),
        "entropy": (REAL, "of the levels of grey, bits, 0 to 8"),
    },
)

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

MODEL_LEDGER = Table(
    key="release/ledger",
    kept=Kept.EVIDENCE,
    sort_by=("item_id",),
    columns=LEDGER_COLUMNS,
)

LEDGER = Table(
    key="http/ledger",
    kept=Kept.TWICE,
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
    table.key: table
    for table in (
        *(CATEGORIES, PAGES, CREATORS, TEMPLATES, RECORDS, CLEVELAND_RECORDS, ITEMS, DECISIONS, EVIDENCE, CHANGES),
        *(TAKEDOWNS, FILES, CLUSTERS, LICENSED, CAPTIONS, THINGS, SPLITS, MEMBERS, MODEL_LEDGER, LEDGER),
    )
}


def short_name(key: str) -> str | None:
    """The name of a table without its group; None where an earlier table has it: `ledger` is release/ledger."""
    name = key.split("/")[1]
    return name if next(one for one in TABLES if one.split("/")[1] == name) == key else None
