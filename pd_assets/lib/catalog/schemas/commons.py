"""What Commons told: its categories, its pages, and what they name."""

from pd_assets.lib.catalog.schemas.table import BIG, FLAG, INSTANT, TEXT, TEXTS, WHOLE, Kept, Table

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
