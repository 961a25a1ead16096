"""Asking for items of Wikidata and for Creator pages, fifty a request; what fails is halved down to the one at fault.

An answer comes for everything that was asked: what the archive says, or why it could not be told. Errors: ArchiveError
where nothing else is answered either, FetchFailed.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pd_assets.lib.commons.action_api import ActionApi, ApiError, pages_of
from pd_assets.lib.commons.client import title_batches
from pd_assets.lib.commons.entities import Told, is_item, life_as_claims, parse_entity
from pd_assets.lib.commons.named_items import creator_title, item_of_creator, life_of_creator
from pd_assets.lib.commons.values import Json, at
from pd_assets.lib.errors import AccessDenied, ArchiveError, ArchiveResting

ITEMS_PER_REQUEST = 50
# So many questions that fail one after the other are the archive's failure, not that of an item.
MOST_FAILURES_IN_A_ROW = 25
TRIES_OF_A_HALF = 2
# Errors about the way of asking: a wiki without items knows no such action, whichever item is asked for.
REFUSED = frozenset(("badvalue", "unknown_action", "readapidenied", "permissiondenied", "toomanyvalues"))

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Untold:
    """What could not be read now, and why."""

    asked: str
    reason: str


Answer = Told | Untold
Read = Callable[[Sequence[str], int | None], dict[str, Told]]


@dataclass(kw_only=True)
class Asking:
    """One archive that is asked for many things."""

    client: ActionApi
    _failures_in_a_row: int = 0

    def entities(self, ids: Sequence[str]) -> Iterator[Answer]:
        """What Wikidata says of each item. An id that is none is not asked for."""
        well_formed = [name for name in ids if is_item(name)]
        yield from (Untold(asked=name, reason="no id of an item") for name in ids if not is_item(name))
        for start in range(0, len(well_formed), ITEMS_PER_REQUEST):
            yield from self._halving(well_formed[start : start + ITEMS_PER_REQUEST], self._read_entities)

    def creator_pages(self, titles: Sequence[str]) -> Iterator[Answer]:
        """Which item each Creator page names."""
        for joined in title_batches(titles):
            yield from self._halving(joined.split("|"), self._read_creators)

    def _halving(self, asked: Sequence[str], read: Read, tries: int | None = None) -> Iterator[Answer]:
        try:
            told = read(asked, tries)
        except (AccessDenied, ArchiveResting):
            raise
        except ArchiveError as error:
            self._raise_unless_of_these(error)
            if len(asked) == 1:
                yield Untold(asked=asked[0], reason=str(error))
                return
            log.warning("%s; asking for these %d in halves", error, len(asked))
            middle = len(asked) // 2
            yield from self._halving(asked[:middle], read, TRIES_OF_A_HALF)
            yield from self._halving(asked[middle:], read, TRIES_OF_A_HALF)
            return
        self._failures_in_a_row = 0
        for one in asked:
            yield told.get(one) or Untold(asked=one, reason=f"{self.client.api}: the answer does not speak of it")

    def _raise_unless_of_these(self, error: ArchiveError) -> None:
        """Go on only where what was asked for may be the cause: the archive answers other questions."""
        self._failures_in_a_row += 1
        is_refused = isinstance(error, ApiError) and error.code in REFUSED
        may_be_these = not is_refused and (isinstance(error, ApiError) or self.client.answers())
        if self._failures_in_a_row >= MOST_FAILURES_IN_A_ROW or not may_be_these:
            raise error

    def _read_entities(self, ids: Sequence[str], tries: int | None) -> dict[str, Told]:
        wanted: dict[str, str | int] = {"action": "wbgetentities", "ids": "|".join(ids), "languages": "en|mul"}
        answer = self.client.ask({**wanted, "props": "info|labels|claims"}, tries=tries)
        found = answer.get("entities")
        entities = found if isinstance(found, Mapping) else {}
        return {name: parse_entity(name, raw) for name in ids if isinstance(raw := entities.get(name), Mapping)}

    def _read_creators(self, titles: Sequence[str], tries: int | None) -> dict[str, Told]:
        wanted: dict[str, str | int] = {"titles": "|".join(titles), "redirects": 1, "prop": "revisions"}
        pages: dict[str, Json] = {}
        leads_to: dict[str, str] = {}
        query = {**wanted, "rvprop": "ids|timestamp|content", "rvslots": "main"}
        for answer in self.client.answers_to(query, most=len(titles) + 5, tries=tries):
            pages |= {str(page.get("title")): page for page in pages_of(answer) if _is_told(page)}
            for name in ("normalized", "redirects"):
                steps = at(answer, "query", name)
                for step in steps if isinstance(steps, list) else []:
                    leads_to[str(at(step, "from"))] = str(at(step, "to"))
        found = {title: pages.get(_end(title, leads_to)) for title in titles}
        return {
            title: _creator(title, page, is_redirected=str(page.get("title")) != creator_title(title.partition(":")[2]))
            for title, page in found.items()
            if page is not None
        }


def _is_told(page: Json) -> bool:
    return bool(page.get("missing") or page.get("invalid")) or _revision_of(page)[0] is not None


def _end(title: str, leads_to: Mapping[str, str]) -> str:
    """Where a title leads to in the end; one that goes round in a circle leads nowhere."""
    for _ in range(len(leads_to) + 1):
        if title not in leads_to:
            return title
        title = leads_to[title]
    return ""


def _creator(asked: str, page: Json, *, is_redirected: bool) -> Told:
    """What a Creator page says: the item that it names, or else the life that it tells itself.

    When a page was made a redirect, nobody says.
    """
    text, revid, moment = _revision_of(page)
    item = item_of_creator(text) if text is not None else None
    modified = None if is_redirected else moment
    claims = json.dumps(item) if item is not None or text is None else life_as_claims(*life_of_creator(text))
    return Told(asked=asked, item=item, revid=revid, modified=modified, claims=claims)


def _revision_of(page: Json) -> tuple[str | None, int | None, str | None]:
    """The wikitext of the latest revision, its id and its moment, as far as they are told."""
    revisions = page.get("revisions")
    revision = revisions[0] if isinstance(revisions, list) and revisions else {}
    text, revid, moment = at(revision, "slots", "main", "content"), at(revision, "revid"), at(revision, "timestamp")
    return (
        text if isinstance(text, str) else None,
        revid if type(revid) is int else None,
        moment if isinstance(moment, str) else None,
    )
