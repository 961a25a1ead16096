"""Names of the Wikidata items that the structured data of licensed pictures name. Writes dataset/things.

Wikidata's labels are CC0. Only what is not known yet is asked for, fifty items a request, and again after half a year.
Errors: ArchiveError, FetchFailed, TableError.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import LICENSED, PAGES, THINGS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.home import Home
from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_assets.lib.page.languages import ENGLISH, UNMARKED
from pd_assets.lib.page.structured import things_named

# Wikidata's label for all languages, of a person's name or a picture's title.
FOR_ALL_LANGUAGES = "mul"
GOOD_FOR = timedelta(days=180)
Row = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class ThingCounts:
    """Items that the pages name, those with a name, those asked for in this run; the table's digest."""

    things: int
    named: int
    asked: int
    digest: str


def build_things(home: Home, client: CommonsClient | None, *, language: str = ENGLISH) -> ThingCounts:
    """Learn the names of new items and write the table; without a client nothing is asked, and what is known stays."""
    wanted = set(_named_on_pages(home))
    now = datetime.now(UTC).replace(microsecond=0)
    known = [row for row in tables.rows(tables.read_or_empty(home, THINGS)) if row["thing"] in wanted]
    young = {(row["thing"], row["language"]) for row in known if _is_young(row["fetched_at"], now)}
    languages = tuple(dict.fromkeys((language, ENGLISH, UNMARKED)))
    unknown = [name for name in wanted if not all((name, code) in young for code in languages)]
    asked = sorted(unknown, key=lambda name: (len(name), name)) if client is not None else []
    learnt = list(_ask(client, asked, languages, now)) if client is not None else []
    kept = [row for row in known if row["thing"] not in set(asked)]
    digest = tables.write(home, THINGS, tables.as_table(THINGS, [*kept, *learnt]))
    named = {row["thing"] for row in (*kept, *learnt) if row["name"] is not None}
    return ThingCounts(things=len(wanted), named=len(named), asked=len(asked), digest=digest)


def _named_on_pages(home: Home) -> Iterator[str]:
    sources: dict[str, tables.Tables] = {"licensed": LICENSED, "pages": PAGES, "records": ALL_RECORDS}
    pages = tables.query(home, load("licensed_pages"), sources)
    for page in tables.rows(pages.select(["mediainfo"])):
        yield from things_named(_json(page["mediainfo"]))


def _ask(client: CommonsClient, ids: list[str], languages: tuple[str, ...], now: datetime) -> Iterator[Row]:
    """A row for each item and language, without a name where there is none."""
    codes = {language: language or FOR_ALL_LANGUAGES for language in languages}
    for answer in client.entity_labels(ids, tuple(codes.values())):
        for thing, names in answer.items():
            for language, code in codes.items():
                yield {"thing": thing, "language": language, "name": names.get(code), "fetched_at": now}


def _is_young(fetched_at: object, now: datetime) -> bool:
    return isinstance(fetched_at, datetime) and now - fetched_at < GOOD_FOR


def _json(text: object) -> Mapping[str, object]:
    try:
        value = parse_json(text) if isinstance(text, str) and text else {}
    except UnreadableJson:
        return {}
    return value if isinstance(value, dict) else {}
