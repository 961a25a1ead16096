"""Captions composed of label fields under a label policy. Writes dataset/captions.

Policy `cc0` uses CC0 fields only; `all` adds CC BY-SA text, whose licence then is that of the captions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, ITEMS, LICENSED, PAGES
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.dataset.labels import CC0, CC_BY_SA, Label, read_labels
from pd_assets.lib.home import Home

LONGEST_CAPTION = 280
VAGUE = ("unknown", "anonymous", "own work", "unknown artist")


@dataclass(frozen=True, kw_only=True)
class CaptionCounts:
    """Licensed pictures, those with at least one caption, captions in all; the table's digest."""

    pictures: int
    captioned: int
    captions: int
    digest: str


def build_captions(home: Home, *, policy: str) -> CaptionCounts:
    """Compose captions for every licensed picture and write the table; pictures without labels keep an empty list."""
    pages = tables.query(home, load("licensed_pages"), {"licensed": LICENSED, "items": ITEMS, "pages": PAGES})
    built = [_row(page, policy) for page in tables.rows(pages)]
    counts = [len(row["captions"]) for row in built if isinstance(row["captions"], list)]
    return CaptionCounts(
        pictures=len(built),
        captioned=sum(count > 0 for count in counts),
        captions=sum(counts),
        digest=tables.write(home, CAPTIONS, tables.as_table(CAPTIONS, built)),
    )


def _row(page: Mapping[str, object], policy: str) -> dict[str, object]:
    labels = read_labels(page)
    allowed = [label for label in labels if policy == "all" or label.licence == CC0]
    captions = compose(allowed)
    licences = {label.licence for label in allowed}
    return {
        "item_id": page["item_id"],
        "labels": [asdict(label) for label in labels],
        "captions": captions,
        "label_licence": None if not captions else CC_BY_SA if CC_BY_SA in licences else CC0,
        "policy": policy,
    }


def compose(labels: Iterable[Label]) -> list[str]:
    """Natural captions of the given fields, the plainest first; none where there is nothing to say."""
    first: dict[str, str] = {}
    for label in labels:
        first.setdefault(label.field, label.value)
    subjects = [first[field] for field in ("label", "description", "title") if field in first]
    if not subjects:
        return []
    short = [shorten(subject) for subject in subjects[:2]]
    made = _made(first)
    with_maker = [shorten(f"{short[0].rstrip('.')}, {made}")] if made else []
    return list(dict.fromkeys([*short, *with_maker]))


def _made(fields: Mapping[str, str]) -> str:
    """`oil on canvas by Claude Monet, 1874`, of what is known."""
    medium, artist, date = (fields.get(name, "") for name in ("medium", "artist", "date"))
    by = f"by {artist}" if artist and artist.lower() not in VAGUE else ""
    what = " ".join(part for part in (medium.lower() if medium else "", by) if part)
    return ", ".join(part for part in (what, date) if part)


def shorten(text: str) -> str:
    """At most LONGEST_CAPTION characters, cut between words."""
    if len(text) <= LONGEST_CAPTION:
        return text
    return text[:LONGEST_CAPTION].rsplit(" ", 1)[0].rstrip(" ,;:-–")
