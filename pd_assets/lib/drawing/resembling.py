"""What a drawn picture resembles: the nearest pictures that were trained on, in the space of our own CLIP, and how near
that is beside pictures that the model never saw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pd_assets.lib.drawing.starts import is_taken_down
from pd_assets.lib.gallery.standing import Standing

MOST = 6
# Of pictures that were held out, so many of 100 are farther from their nearest; and how many must have been measured
# for that to say anything.
FARTHER = (("p01", 99, 100), ("p05", 95, 20), ("p25", 75, 8), ("p50", 50, 8), ("p75", 25, 8))
# A copy is as near as numbers of 16 bits tell.
COPY = 0.001
WARNS_FROM = 95
ARCHIVES = {
    "commons": "Wikimedia Commons",
    "smithsonian": "Smithsonian Institution",
    "cleveland": "Cleveland Museum of Art",
}


class Vectors(Protocol):
    """What lib/gallery/vectors.py opens."""

    @property
    def held_out(self) -> Mapping[str, object]: ...

    def nearest(self, vector: Sequence[float], k: int, *, split: str | None = None) -> Sequence[tuple[str, float]]: ...


@dataclass(frozen=True, kw_only=True)
class Resembled:
    """A picture that was trained on; `credit` says whose it is, `distance` is 1 - cosine. Nothing of one that was taken
    down is shown.
    """

    item_id: str
    distance: float
    title: str = ""
    credit: str = ""
    page_url: str = ""
    is_taken_down: bool = False


@dataclass(frozen=True, kw_only=True)
class Resemblance:
    """The nearest pictures of one that was drawn, and how near the first of them is, in words."""

    pictures: tuple[Resembled, ...]
    compared: str
    is_warning: bool


def resembling(standing: Standing, vectors: Vectors, vector: Sequence[float], *, most: int = MOST) -> Resemblance:
    """What a picture of this vector resembles."""
    found = vectors.nearest(vector, most, split="train")
    pictures = tuple(_resembled(standing, item, float(distance)) for item, distance in found)
    compared, is_warning = how_near(pictures[0].distance, vectors.held_out) if pictures else ("", False)
    return Resemblance(pictures=pictures, compared=compared, is_warning=is_warning)


def how_near(distance: float, held_out: Mapping[str, object]) -> tuple[str, bool]:
    """A distance beside those of held-out pictures to their nearest, in words, and whether it is a warning."""
    if distance < COPY:
        return "For our CLIP it is the same picture.", True
    told, count = held_out.get("nearest_train_distance"), held_out.get("count")
    marks, measured = told if isinstance(told, Mapping) else {}, count if isinstance(count, int) else 0
    known = [
        (float(marks[name]), share)
        for name, share, least in FARTHER
        if measured >= least and isinstance(marks.get(name), int | float)
    ]
    if not known:
        there = f"There are {measured} held-out pictures, too few" if measured else "There is no held-out picture"
        return f"{there} to compare this distance with.", False
    of = f" ({measured} of them were measured)"
    for limit, share in known:
        if distance <= limit:
            return f"Closer than {share} of 100 pictures that the model never saw{of}.", share >= WARNS_FROM
    return f"No closer than most pictures that the model never saw{of}.", False


def _resembled(standing: Standing, item_id: str, distance: float) -> Resembled:
    if is_taken_down(standing, item_id):
        return Resembled(item_id=item_id, distance=distance, is_taken_down=True)
    item = standing.item(item_id)
    if item is None:
        return Resembled(item_id=item_id, distance=distance, title=item_id)
    said = (item.artist, item.date, ARCHIVES.get(item_id.partition(":")[0]))
    return Resembled(
        item_id=item_id,
        distance=distance,
        title=item.title or item_id,
        credit=", ".join(one for one in said if one),
        page_url=item.page_url or "",
    )
