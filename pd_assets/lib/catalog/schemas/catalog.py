"""What all archives have together: items, which of them are copies, and the pictures that are free."""

from pd_assets.lib.catalog.schemas.images import MEASURES
from pd_assets.lib.catalog.schemas.table import BIG, FLAG, INSTANT, TEXT, TEXTS, WHOLE, Kept, Table

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
        **MEASURES,
    },
)
