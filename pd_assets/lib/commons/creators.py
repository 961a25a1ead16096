"""Bring commons/creators up to date: what Wikidata says of every person and work that pages name.

Asked for is what was never asked, and what is due again: after some months (spread over the days), or after a failure.
What fails keeps what was known and costs nothing else. What an item was edited to counts once it stood for two days:
before that, a vandal's year is nobody's death. Nothing in here decides anything; rights/known.py reads the table.
"""

import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc

from pd_assets.lib.catalog import table_files, tables
from pd_assets.lib.catalog.schemas import CREATORS
from pd_assets.lib.code_version import code_version
from pd_assets.lib.commons.action_api import ActionApi
from pd_assets.lib.commons.entities import Facts, Told, is_item, read_claims
from pd_assets.lib.commons.items import Answer, Asking, Untold
from pd_assets.lib.commons.named_index import bring_in_step
from pd_assets.lib.commons.named_items import CREATOR
from pd_assets.lib.errors import ArchiveError
from pd_assets.lib.home import Home
from pd_assets.lib.page.dates import Years

CREATOR_PAGE = "creator_page"
# How long an edit has to stand before it counts: multichill/toollabs uploads nothing whose item is younger either.
SETTLES = timedelta(days=2)
# Asked again after so many days, which of them the name decides: what was met in one night comes spread over others.
GOOD_FOR_DAYS = (120, 240)
RETRY_AFTER_DAYS = (0, 1, 3, 7, 30)
A_NIGHT_IS_EARLY = timedelta(hours=3)
# A run asks at most so many times for each stored page, but this often in any case: the rest comes the next night.
REQUESTS_PER_PAGE, FEWEST_REQUESTS = 0.005, 200
ANSWERS_A_REQUEST = 50
# So many answers are read before they are written.
ANSWERS_AT_ONCE = 20_000
KNOWN_AT_ONCE = 1_000
YEARS = ("born", "died", "made")
Row = dict[str, object]

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CreatorCounts:
    """What the pages name and what is known of it; what this run asked for, and why it ended early if it did.

    `waiting` could not be asked for within this run's share.
    """

    named: int
    by_kind: Mapping[str, int]
    parts_read: int
    asked: int
    changed: int
    failed: int
    recent: int
    waiting: int
    stopped: str | None
    digest: str


def build_creators(
    home: Home,
    *,
    commons: ActionApi | None,
    wikidata: ActionApi | None,
    now: datetime | None = None,
    fewest_requests: int = FEWEST_REQUESTS,
) -> CreatorCounts:
    """Learn what is new and what is due, and write the table; an archive that is None is not asked."""
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    found = bring_in_step(home)
    work = _Work(home=home, known=_Known.load(home, now), now=now)
    work.budget = max(fewest_requests, int(REQUESTS_PER_PAGE * found.rows)) * ANSWERS_A_REQUEST
    creators = sorted(found.named.creators)
    work.ask(commons, creators, lambda asking, titles: asking.creator_pages(titles))
    items = found.named.items | work.known.items_behind(creators)
    work.ask(wikidata, _in_order(items), lambda asking, ids: asking.entities(ids))
    makers = work.known.makers_of(items) - items
    work.ask(wikidata, _in_order(makers), lambda asking, ids: asking.entities(ids))
    work.known.write(home)
    content = work.known.content
    kinds = pc.fill_null(content["kind"], "not yet").value_counts().to_pylist()
    return CreatorCounts(
        named=len(creators) + len(items) + len(makers),
        by_kind={str(one["values"]): one["counts"] for one in sorted(kinds, key=lambda one: -one["counts"])},
        parts_read=found.parts_read,
        asked=work.asked,
        changed=work.changed,
        failed=work.failed,
        recent=pc.sum(pc.is_valid(content["recent"])).as_py() or 0,
        waiting=work.waiting,
        stopped=work.stopped,
        digest=table_files.digest(CREATORS, content),
    )


def is_due(home: Home, *, now: datetime | None = None) -> bool:
    """Whether time alone has made something due."""
    at = tables.read_or_empty(home, CREATORS, ["ask_at"])["ask_at"]
    earliest = pc.min(at).as_py()
    return earliest is not None and earliest <= (now or datetime.now(UTC)) + A_NIGHT_IS_EARLY


def _in_order(ids: Collection[str]) -> list[str]:
    return sorted(ids, key=lambda name: (len(name), name))


@dataclass(kw_only=True)
class _Known:
    """The table while it is worked on: Arrow as it was, and rows in place of some of them."""

    content: pa.Table
    places: dict[str, int] = field(default_factory=dict)
    learnt: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def load(cls, home: Home, now: datetime) -> "_Known":
        """What is stored, read again where the reader is another one since."""
        content = tables.sort(CREATORS, tables.read_or_empty(home, CREATORS))
        known = cls(content=content, places=_places(content))
        is_older = pc.fill_null(pc.not_equal(content["read_by"], _reader()), False)
        for row in tables.rows(content.filter(pc.and_(is_older, pc.not_equal(content["kind"], CREATOR_PAGE)))):
            year = row["fetched_at"].year if isinstance(row["fetched_at"], datetime) else now.year
            told = _told_in(row)
            known.learnt[str(row["asked"])] = {**row, **_told_columns(told), **_facts_columns(told, year)}
        return known

    def rows(self, asked: Sequence[str]) -> dict[str, Row]:
        """The rows of these, as far as there are any."""
        stored = [self.places[name] for name in asked if name in self.places]
        found = {str(row["asked"]): row for row in self.content.take(pa.array(stored, pa.int64())).to_pylist()}
        return {**found, **{name: self.learnt[name] for name in asked if name in self.learnt}}

    def due(self, wanted: Sequence[str], now: datetime) -> list[str]:
        """Which of these are to be asked for: what was never asked first."""
        new, again = [], []
        for start in range(0, len(wanted), KNOWN_AT_ONCE):
            some = wanted[start : start + KNOWN_AT_ONCE]
            rows = self.rows(some)
            new += [name for name in some if name not in rows]
            again += [name for name in some if name in rows and _is_due(rows[name], now)]
        return [*new, *again]

    def items_behind(self, creators: Sequence[str]) -> set[str]:
        """The items that Creator pages name."""
        return {str(row["item"]) for row in self._each(creators) if is_item(row["item"])}

    def makers_of(self, items: Collection[str]) -> set[str]:
        """The makers of works."""
        return {maker for row in self._each(sorted(items)) for maker in _texts(row["makers"]) if is_item(maker)}

    def _each(self, wanted: Sequence[str]) -> Iterator[Row]:
        for start in range(0, len(wanted), KNOWN_AT_ONCE):
            yield from self.rows(wanted[start : start + KNOWN_AT_ONCE]).values()

    def remember(self, due: Sequence[str], now: datetime) -> None:
        """Have a row for each of these, so that what could not be asked for is due the next night."""
        for start in range(0, len(due), KNOWN_AT_ONCE):
            some = due[start : start + KNOWN_AT_ONCE]
            rows = self.rows(some)
            empty: Row = dict.fromkeys(CREATORS.columns)
            self.learnt |= {
                name: empty | {"asked": name, "tries": 0, "ask_at": now} for name in some if name not in rows
            }

    def write(self, home: Home) -> None:
        """Put the learnt rows in their places, and the table on the disk."""
        if self.learnt:
            learnt = tables.as_table(CREATORS, self.learnt.values())
            rest = self.content.filter(pc.invert(pc.is_in(self.content["asked"], value_set=learnt["asked"])))
            self.content = tables.sort(CREATORS, pa.concat_tables([rest, learnt]))
            self.places, self.learnt = _places(self.content), {}
        tables.write(home, CREATORS, self.content)


@dataclass(kw_only=True)
class _Work:
    """One run: how much it may still ask for, and what became of it."""

    home: Home
    known: _Known
    now: datetime
    budget: int = 0
    asked: int = 0
    changed: int = 0
    failed: int = 0
    waiting: int = 0
    stopped: str | None = None

    def ask(
        self,
        api: ActionApi | None,
        wanted: Sequence[str],
        how: Callable[[Asking, Sequence[str]], Iterator[Answer]],
    ) -> None:
        """Ask for what of this is due. An archive that does not answer ends the asking, and nothing else."""
        due = self.known.due(wanted, self.now)
        if api is None or self.stopped is not None:
            self.waiting += len(due)
            return
        some = due[: max(0, self.budget)]
        self.budget -= len(some)
        done = 0
        try:
            for answer in how(Asking(client=api), some):
                self._take(answer)
                done += 1
                if len(self.known.learnt) >= ANSWERS_AT_ONCE:
                    self.known.write(self.home)
        except ArchiveError as error:
            log.warning("%s; what is left is asked for the next time", error)
            self.stopped = str(error)
        self.waiting += len(due) - done
        self.known.remember(due, self.now)

    def _take(self, answer: Answer) -> None:
        before = self.known.rows([answer.asked]).get(answer.asked)
        row = _failed(before, answer, self.now) if isinstance(answer, Untold) else _learnt(before, answer, self.now)
        self.asked += 1
        self.failed += isinstance(answer, Untold)
        self.changed += before is None or any(row.get(name) != before.get(name) for name in ("kind", "item", "claims"))
        self.known.learnt[answer.asked] = row


def _learnt(before: Row | None, told: Told, now: datetime) -> Row:
    """The row after an answer. What was edited in the last days counts where it is no news, or has stood since."""
    base: Row = dict.fromkeys(CREATORS.columns) if before is None else dict(before)
    is_news = base["kind"] is None or (base["item"], base["claims"]) != (told.item, told.claims)
    recent = json.dumps([told.item, told.claims])
    since = base["recent_since"] if base["recent"] == recent and isinstance(base["recent_since"], datetime) else now
    settles_at = max(min(_moment(told.modified, now), now), now - SETTLES) + SETTLES
    base |= {"asked": told.asked, "problem": None, "tries": 0, "fetched_at": now}
    says_something = told.item is not None or told.claims not in ("null", "[]")
    if is_news and says_something and settles_at > now and now - since < SETTLES:
        return base | {"recent": recent, "recent_since": since, "ask_at": settles_at}
    base |= {"recent": None, "recent_since": None, "ask_at": now + timedelta(days=_good_for_days(told.asked))}
    return base | _told_columns(told) | _facts_columns(told, now.year)


def _failed(before: Row | None, untold: Untold, now: datetime) -> Row:
    """The row after a failure: what was known stays, and it is asked for again ever less often."""
    base: Row = dict.fromkeys(CREATORS.columns) if before is None else dict(before)
    tries = int(str(base["tries"] or 0)) + 1
    wait_days = RETRY_AFTER_DAYS[min(tries, len(RETRY_AFTER_DAYS) - 1)]
    ask_at = now + timedelta(days=wait_days)
    return base | {"asked": untold.asked, "problem": untold.reason[:300], "tries": tries, "ask_at": ask_at}


def _told_columns(told: Told) -> Row:
    names = ("item", "revid", "modified", "name", "claims")
    return {**{name: getattr(told, name) for name in names}, "read_by": _reader()}


def _facts_columns(told: Told, this_year: int) -> Row:
    """The columns that the claims are read into; a Creator page has an item, or else a life of its own, or neither."""
    if told.asked.startswith(CREATOR):
        is_told = told.item is None and told.claims.startswith("[")
        life = read_claims(told.asked, told.claims, this_year=this_year) if is_told else Facts(kind=CREATOR_PAGE)
        facts = replace(life, kind=CREATOR_PAGE)
    else:
        facts = read_claims(told.item, told.claims, this_year=this_year)
    names = ("kind", "makers", "has_unnamed_maker", "is_anonymous", "classes", "materials")
    columns: Row = {name: getattr(facts, name) for name in names}
    for what in YEARS:
        years: Years | None = getattr(facts, what)
        columns |= {f"{what}_{which}": getattr(years, which, None) for which in ("first", "last", "named")}
    return columns | {name: list(_texts(columns[name])) for name in ("makers", "classes", "materials")}


def _told_in(row: Row) -> Told:
    names = ("asked", "item", "revid", "modified", "name", "claims")
    return Told(**{name: row[name] for name in names})  # type: ignore[arg-type]


def _is_due(row: Row, now: datetime) -> bool:
    at = row["ask_at"]
    return not isinstance(at, datetime) or at <= now + A_NIGHT_IS_EARLY


def _good_for_days(asked: str) -> int:
    least, most = GOOD_FOR_DAYS
    return least + crc32(asked.encode()) % (most - least)


def _moment(text: str | None, now: datetime) -> datetime:
    """When an edit was, as the archive says; where it does not say legibly, it may have been now."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return now
    return found if found.tzinfo is not None else now


def _places(content: pa.Table) -> dict[str, int]:
    return {str(name): number for number, name in enumerate(content["asked"].to_pylist())}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()


def _reader() -> str:
    return code_version("pd_assets.lib.commons.entities")
