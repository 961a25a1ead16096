"""The gallery: facets and search over the index of lib/gallery, every state of it an address of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import ITEMS
from pd_assets.lib.errors import PdError
from pd_assets.lib.gallery import vectors
from pd_assets.lib.gallery.asked import BadQuery, Query, read_query
from pd_assets.lib.gallery.facets import FACETS, SORTS, verdict
from pd_assets.lib.gallery.index import Gallery, Item
from pd_assets.lib.gallery.keeping import keeper
from pd_assets.lib.gallery.standing import Standing
from pd_assets.lib.gallery.vectors import Maker, load_vectors
from pd_assets.lib.gallery.withheld import Withheld
from pd_assets.web.served import Served, wants_part

# Texts -> a vector of each, by our own CLIP.
Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]
# So many of those that look alike are told.
ALIKE = 600
_BADGES = {"accept": "accept", "quarantine": "quarantine", "undecided": "quarantine"}


@dataclass(frozen=True, kw_only=True)
class Card:
    """One picture on the wall. `why`: why it is not shown."""

    item: Item
    why: str | None
    badge: str
    said: str


@dataclass(frozen=True, kw_only=True)
class Link:
    """A way to other pictures, and how many there are."""

    url: str
    words: str
    count: int


def routes(served: Served, *, embed_texts: Embed | None = None) -> Sequence[BaseRoute]:
    """The paths of this page. Without `embed_texts` there is no search by what words look like."""
    wall = _Wall(served, embed_texts)
    return [Route("/pictures", wall.answer)]


class _Wall:
    def __init__(self, served: Served, embed_texts: Embed | None) -> None:
        self.served, self.embed_texts = served, embed_texts
        self.keeper = keeper(served.home, served.settings.rights_profile)
        self.withheld = Withheld(served.home, served.settings.stale_days)
        self.maker = Maker(served.home)

    def answer(self, request: Request) -> Response:
        """The page, or for htmx the part of it that changes."""
        is_part = wants_part(request) and request.headers.get("hx-history-restore-request") != "true"
        told, status_code = self._told(request)
        told |= {"is_part": is_part}
        if is_part:
            # htmx shows nothing of an answer with an error's number.
            return self.served.part("gallery_found.html", told)
        return self.served.page(request, "gallery.html", told, title="Pictures", status_code=status_code)

    def _told(self, request: Request) -> tuple[dict[str, object], int]:
        told: dict[str, object] = {
            "query": Query(), "found": None, "cards": (), "loosened": (), "wrong": "", "notes": (), "like": None,
            "sorts": SORTS, "facets": FACETS, "can_look": False, "has_vectors": False, "waits": False, "empty": False,
            "newer": "",
        }  # fmt: skip
        try:
            query = read_query(request.query_params.multi_items())
        except BadQuery as wrong:
            return told | {"wrong": str(wrong)}, 400
        told["query"] = query
        gallery = self.keeper.gallery()
        told["newer"] = self._newer(gallery)
        if gallery is None:
            return told | {"waits": not self.keeper.problem}, 200
        if not gallery.count:
            return told | {"empty": not tables.files_of(self.served.home, ITEMS)}, 200
        self.maker.begin()
        return told | self._found(gallery, query), 200

    def _found(self, gallery: Gallery, query: Query) -> dict[str, object]:
        notes: list[str] = []
        has_vectors = load_vectors(self.served.home) is not None
        among = self._alike(query, notes)
        page = gallery.page(query, among=among)
        standing = Standing(self.keeper, self.withheld.now())
        if query.page > page.pages:
            notes.append(f"There is no page {query.page:,}; this is the last one.")
        notes += [f"Nothing here has “{value}”." for value in page.unknown]
        return {
            "found": page,
            "cards": tuple(_card(standing, item) for item in page.items),
            "loosened": () if page.total else _loosened(gallery, query, among),
            "notes": tuple(notes),
            "like": gallery.item(query.like) if query.like else None,
            "has_vectors": has_vectors,
            "can_look": has_vectors and self.embed_texts is not None,
        }

    def _alike(self, query: Query, notes: list[str]) -> list[str] | None:
        """The items that look like what is asked for, the nearest first; None where nothing is, or nobody can tell."""
        if not query.like and not query.looks:
            return None
        found = load_vectors(self.served.home)
        if found is None:
            notes.append(f"Pictures cannot be compared by their look: {self._without_vectors()}")
            return None
        if query.like:
            vector = found.of(query.like)
            if vector is None:
                notes.append(
                    "Nothing can be compared with that picture: it is not in the dataset that our CLIP has read."
                )
                return []
            return [item_id for item_id, _ in found.nearest(vector, ALIKE + 1, split=None) if item_id != query.like]
        if self.embed_texts is None:
            notes.append("Words cannot be compared with pictures here: the model that reads them does not run.")
            return None
        try:
            (asked,) = self.embed_texts([query.looks])
            return [item_id for item_id, _ in found.nearest(asked, ALIKE, split=None)]
        except (PdError, ValueError) as error:
            notes.append(f"The words could not be compared with pictures: {error}")
            return None

    def _without_vectors(self) -> str:
        home = self.served.home
        if home.latest("models", "clip") is None:
            return "there is no CLIP yet; `pdd run train_models` trains one."
        if home.latest("dataset", vectors.DATASET) is None:
            return "there is no dataset yet; `pdd run build_dataset` makes one."
        if self.maker.problem:
            return f"our CLIP could not read the pictures ({self.maker.problem})."
        return "our CLIP reads the pictures just now; look again in a few minutes."

    def _newer(self, gallery: Gallery | None) -> str:
        """What is to be said of an index that is not that of the tables as they are, and of what cannot be told."""
        if unread := self.withheld.now().taken.unread:
            told = "; ".join(unread)
            return (
                f"No picture is shown: nobody can tell what is taken down ({told}); `pdd doctor --repair` may mend it."
            )
        if self.keeper.problem:
            shown = "What is shown is older than the tables" if gallery is not None else "Nothing can be shown"
            return f"{shown}: {self.keeper.problem}"
        if gallery is not None and self.keeper.current() is None:
            return "The tables changed, and the gallery is being brought in step; takedowns hold already."
        return ""


def _card(standing: Standing, item: Item) -> Card:
    why, said = standing.why_not(item), item.verdict
    if standing.is_taken_down(item):
        said = "taken_down"
    elif said == "accept" and (standing.taken_down(item) or standing.waits(item)):
        said = "quarantine"
    return Card(item=item, why=why, badge=_BADGES.get(said, "reject"), said=verdict(said))


def _loosened(gallery: Gallery, query: Query, among: Sequence[str] | None) -> tuple[Link, ...]:
    """What finds something: the same without one of its conditions."""
    ways: list[tuple[Query, str, Sequence[str] | None]] = []
    if query.text:
        ways.append((replace(query, text="", page=1), f"without the words “{query.text}”", among))
    for facet, values in query.chosen:
        for value in values:
            words = f"without {FACETS[facet].title.lower()}: {FACETS[facet].label(value)}"
            ways.append((query.toggled(facet, value), words, among))
    if query.like or query.looks:
        ways.append((replace(query, like="", looks="", page=1), "whatever they look like", None))
    found = [Link(url=way.url, words=words, count=gallery.page(way, among=within).total) for way, words, within in ways]
    return tuple(sorted((link for link in found if link.count), key=lambda link: -link.count))
