"""The search API of the Smithsonian Open Access, for pulls too small for the bulk metadata.

The key goes into a header, never into an address, a log or the ledger. A key may ask 1,000 times an hour, and the demo
key 30 times: requests are spaced so that no hour holds more. Errors: ArchiveError, ConfigError, those of the session.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice

from pd_assets.lib.errors import ArchiveError, ConfigError, FetchFailed
from pd_assets.lib.home import Home
from pd_assets.lib.http import Answer, HostPolicy, PoliteSession
from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.museums.contract import SMITHSONIAN
from pd_assets.lib.museums.parts import PartMerge, Reading, UnitShards
from pd_assets.lib.museums.values import as_json, mapping, text
from pd_assets.lib.pacing import API
from pd_assets.lib.smithsonian.lines import Line
from pd_assets.lib.smithsonian.records import READER_VERSION, Parser
from pd_assets.lib.smithsonian.sync import UnitSync

SEARCH = "https://api.si.edu/openaccess/api/v1.0/search"
DEMO_KEY = "DEMO_KEY"
REQUESTS_AN_HOUR, DEMO_REQUESTS_AN_HOUR = 1000, 30
# A little under the limit: a retry is a request too, and the hour's edges are theirs.
OF_THE_LIMIT = 0.95
ROWS_AT_ONCE = 1000
FREE_IMAGES = "online_media_type:Images AND media_usage:CC0"
NO_SHARD = "search"


@dataclass(frozen=True, kw_only=True)
class SearchClient:
    """Asks the search API, page by page."""

    session: PoliteSession
    key: str
    url: str = SEARCH

    def records(self, query: str) -> Iterator[dict[str, object]]:
        """All records that `query` finds, in the order of their ids, as the bulk metadata has them."""
        start, total = 0, 1
        while start < total:
            rows, total = self._page(query, start)
            yield from rows
            start += len(rows)
            if not rows:
                return

    def _page(self, query: str, start: int) -> tuple[list[dict[str, object]], int]:
        answer = self.session.get(
            self.url,
            policy=search_policy(self.key),
            params={"q": query, "start": start, "rows": ROWS_AT_ONCE, "sort": "id", "type": "edanmdm"},
            headers={"X-Api-Key": self.key},
            check=_wait_for_html,
        )
        return _rows(answer)


def search_policy(key: str) -> HostPolicy:
    """One request at a time, so far apart that the key's hourly limit cannot be passed."""
    hourly = (DEMO_REQUESTS_AN_HOUR if key == DEMO_KEY else REQUESTS_AN_HOUR) * OF_THE_LIMIT
    per_s = hourly / 3600
    return HostPolicy(kind=API, concurrency=1, start_per_s=per_s, most_per_s=per_s, least_per_s=per_s / 100)


def pull(client: SearchClient, home: Home, unit: str, query: str, *, side: int, most: int) -> UnitSync:
    """Add the first `most` records of a unit that a query finds to its partition; what is there besides stays.

    A record goes into the shard in which the bulk metadata has it; that shard is read anew by the next sync.
    """
    stored = UnitShards(home, SMITHSONIAN, unit, reader_version=READER_VERSION)
    before = stored.digest
    by_shard: dict[str, list[Line]] = {}
    for record in islice(client.records(f"unit_code:{unit} AND ({query or FREE_IMAGES})"), most):
        by_shard.setdefault(_shard_of(record), []).append(as_line(record))
    now = datetime.now(UTC).replace(microsecond=0)
    done = UnitSync(unit=unit, shards=len(by_shard), read=len(by_shard))
    for shard, lines in sorted(by_shard.items()):
        parser = Parser(shard=shard, side=side, now=now, reading=Reading())
        merge = PartMerge(table=SMITHSONIAN.records, path=stored.path(shard), now=now, keeps_missing=True)
        outcome = merge.write(row for line in lines for row in parser.rows(line))
        stored.note(shard, None)
        done.count(outcome)
        done.reading.add(parser.reading)
    done.is_changed = bool(done.new or done.changed)
    done.digest = stored.digest if by_shard else before
    return done


def require_key(key: str | None) -> str:
    """The key; ConfigError where there is none."""
    if key is None:
        raise ConfigError(
            "PD_SMITHSONIAN_KEY is not set, and the search API wants a key; get one at https://api.data.gov/signup/, "
            "or use the bulk metadata, which needs none"
        )
    return key


def as_line(record: dict[str, object]) -> Line:
    """A record of an answer as the line that a shard would have."""
    content = as_json(record)
    return Line(text=content, signature=blake2b(content.encode(), digest_size=16).hexdigest())


def _shard_of(record: dict[str, object]) -> str:
    digits = (text(record.get("hash")) or "")[:2].lower()
    return digits if len(digits) == 2 and digits.isalnum() and digits.isascii() else NO_SHARD


def _wait_for_html(answer: Answer) -> float | None:
    """A web page in place of an answer is asked for again."""
    return 1.0 if answer.is_html else None


def _rows(answer: Answer) -> tuple[list[dict[str, object]], int]:
    """The records of an answer, and how many the whole query finds."""
    try:
        found = parse_json(answer.body)
    except UnreadableJson as error:
        raise FetchFailed(f"{answer.url}: found {answer.body[:60]!r}, expected JSON; run again later") from error
    response = mapping((mapping(found) or {}).get("response"))
    rows = response.get("rows") if response else None
    if response is None or not isinstance(rows, list):
        said = text((response or {}).get("error")) or as_json(found)[:200]
        raise ArchiveError(f"{answer.url}: the search answered {said!r}, expected records; check the query")
    count = text(response.get("rowCount")) or ""
    return [row for row in rows if isinstance(row, dict)], int(count) if count.isdecimal() else len(rows)
