"""Decide every item of the catalogue under every profile, from stored evidence alone: no request is made.

Evidence is read again only where a page, what reads it, or what others know of its makers and templates changed.
Decided again is only what is due: other evidence, rules or settings, a day on which the calendar may change it, or a
copy that somebody says something against. Everything passes through in batches: memory does not grow with the
catalogue. Same inputs, same bytes, whatever was there before.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS, PAGES
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home, alone
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_assets.lib.rights import changes
from pd_assets.lib.rights.batches import (
    EVIDENCE_READ,
    PROFILE_NAMES,
    REFUSED,
    TO_DECIDE,
    Terms,
    decide_due,
    read_evidence,
    refuse_copies,
)
from pd_assets.lib.rights.crew import Crew, crew_of
from pd_assets.lib.rights.known import MARKS, load_knowledge, spool
from pd_assets.lib.rights.rules import FRESH_DAYS
from pd_assets.lib.rights.versions import extractor_version, ruleset_version

MEMORY_BYTES = 700_000_000
PAGES_AT_ONCE, ITEMS_AT_ONCE = 500, 5_000
# Fewer are done sooner in this process than others take to start.
WORTH_A_CREW = 5_000


@dataclass(frozen=True, kw_only=True)
class DecisionCounts:
    """How the items were decided under one profile, and what changed; `rows` counts all profiles.

    `by_rule` is (verdict, rule) -> items, `moves` counts the changes of verdict by rule, from -> to;
    `changed` lists the first of them in words.
    """

    profile: str
    rows: int
    by_rule: Mapping[tuple[str, str], int]
    pages_read: int
    moves: Mapping[str, int]
    changed: tuple[str, ...]
    digest: str

    @property
    def verdicts(self) -> dict[str, int]:
        """How many items have each verdict."""
        names = sorted({verdict for verdict, _ in self.by_rule})
        return {name: sum(n for (verdict, _), n in self.by_rule.items() if verdict == name) for name in names}

    @property
    def rules(self) -> dict[str, int]:
        """How many items each rule decided, the most frequent first."""
        return {rule: items for (_, rule), items in self.by_rule.items()}


def decide_all(
    home: Home,
    *,
    profile: str,
    today: date | None = None,
    fresh_days: int = FRESH_DAYS,
    crew: int | None = None,
) -> DecisionCounts:
    """Decide what is due, note the changes and write the table; the counts are those of `profile`.

    `crew` is how many processes do it, by default one a core where there is enough to do.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    terms = Terms(today=today or now.date(), now=now, fresh_days=fresh_days)
    with (
        alone(home.table(DECISIONS.key), "decides"),
        tables.engine(home, memory_bytes=MEMORY_BYTES) as connection,
        tempfile.TemporaryDirectory(dir=home.scratch, prefix="evidence-") as folder,
    ):
        terms = replace(terms, known=str(spool(load_knowledge(home), Path(folder))))
        # What was loaded is on the disk now, and DuckDB needs the room.
        pa.default_memory_pool().release_unused()
        work = _Work(home=home, connection=connection, terms=terms, spool=Path(folder))
        unread, due = work.look()
        size = crew if crew is not None else (len(os.sched_getaffinity(0)) if unread + due > WORTH_A_CREW else 0)
        state = changes.state_of(connection, "previous")
        part = changes.part_from(home, state)
        with crew_of(terms, size) as hands:
            work.read_unread(hands)
            work.refuse_copies(hands)
            digest = tables.write_batches(home, DECISIONS, work.decided(hands, state))
    moves, changed = changes.moves(part, profile=profile)
    by_rule = _by_rule(home, profile)
    return DecisionCounts(
        profile=profile,
        rows=sum(by_rule.values()) * len(PROFILE_NAMES),
        by_rule=by_rule,
        pages_read=unread,
        moves=moves,
        changed=tuple(changed),
        digest=digest,
    )


@dataclass(frozen=True, kw_only=True)
class _Work:
    """The joins around the batches, in one DuckDB connection."""

    home: Home
    connection: duckdb.DuckDBPyConnection
    terms: Terms
    spool: Path

    def look(self) -> tuple[int, int]:
        """Note every item with the digest of its page; return how many pages are to be read, and how much is due."""
        run = self.connection.execute
        shown: dict[str, tables.Tables] = {"items": ITEMS, "pages": PAGES, "records": ALL_RECORDS}
        for name, table in {**shown, "previous": DECISIONS}.items():
            tables.relation(self.connection, self.home, table).create_view(name)
        self._register("profiles", pa.table({"profile": list(PROFILE_NAMES)}))
        run(f"create view page_evidence as {load('item_evidence')}")
        run(f"create view record_evidence as {load('record_evidence')}")
        run(
            "create table seen as select item_id, sha1, page_digest from page_evidence "
            "union all select item_id, null, page_digest from record_evidence"
        )
        self.connection.read_parquet(str(self.spool / MARKS)).create_view("marks")
        run(f"create table outdated as {load('outdated')}", {"first_profile": PROFILE_NAMES[0]})
        run(
            "create table unread as select seen.item_id from seen left join previous "
            "on previous.item_id = seen.item_id and previous.profile = $first "
            "where previous.page_digest is distinct from seen.page_digest or seen.page_digest is null "
            "or previous.extractor_version is distinct from $extractor "
            "or previous.item_id in (select item_id from outdated)",
            {"first": PROFILE_NAMES[0], "extractor": extractor_version()},
        )
        due = self._count(
            "select count(*) from previous where ruleset_version is distinct from $ruleset "
            "or fresh_days is distinct from $fresh_days or valid_until <= $today",
            {"ruleset": ruleset_version(), "fresh_days": self.terms.fresh_days, "today": self.terms.today.isoformat()},
        )
        return self._count("select count(*) from unread"), due

    def read_unread(self, crew: Crew) -> None:
        """Read the evidence of the unread pages into a file of its own, the view `evidence_read`."""
        path = self.spool / "evidence_read.parquet"
        with pq.ParquetWriter(path, EVIDENCE_READ, compression="ZSTD") as writer:
            for source in ("page_evidence", "record_evidence"):
                rows = self.connection.sql(f"select * from {source} semi join unread using (item_id)")
                for (read,) in crew.do(read_evidence, _cut(rows.to_arrow_reader(PAGES_AT_ONCE), PAGES_AT_ONCE)):
                    writer.write_batch(read)
        self.connection.read_parquet(str(path)).create_view("evidence_read")

    def refuse_copies(self, crew: Crew) -> None:
        """Which bytes that several live pages show are refused by one of them: the table `refused`."""
        rows = self.connection.sql(load("shared_bytes"), params={"first_profile": PROFILE_NAMES[0]})
        found = [one for (one,) in crew.do(refuse_copies, _cut(rows.to_arrow_reader(ITEMS_AT_ONCE), ITEMS_AT_ONCE))]
        self._register("said", pa.Table.from_batches(found, schema=REFUSED))
        self.connection.execute("create table refused as select distinct sha1, profile from said")

    def decided(self, crew: Crew, state: str) -> Iterator[pa.RecordBatch]:
        """All decisions in their order. The log has its part when the last one is taken, before they are the table."""
        rows = self.connection.sql(load("to_decide"), params={"first_profile": PROFILE_NAMES[0]})
        batches = _cut(rows.to_arrow_reader(ITEMS_AT_ONCE), ITEMS_AT_ONCE * len(PROFILE_NAMES))
        with changes.appending(self.home, state) as note:
            for decided, changed in crew.do(decide_due, (batch.cast(TO_DECIDE) for batch in batches)):
                note(changed)
                yield decided

    def _register(self, name: str, content: pa.Table) -> None:
        self.connection.register(name, content)

    def _count(self, sql: str, parameters: Mapping[str, object] | None = None) -> int:
        ((number,),) = self.connection.execute(sql, dict(parameters or {})).fetchall()
        return int(number)


def _cut(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of `rows` each, the last of them smaller."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) < rows:
            continue
        whole = pa.concat_batches(waiting)
        end = whole.num_rows - whole.num_rows % rows
        yield from (whole.slice(start, rows) for start in range(0, end, rows))
        waiting = [whole.slice(end)]
    if rest := [one for one in waiting if one.num_rows]:
        yield pa.concat_batches(rest)


def _by_rule(home: Home, profile: str) -> dict[tuple[str, str], int]:
    found = tables.query(home, load("decided_by"), {"decisions": DECISIONS}, {"profile": profile})
    return {(str(row["verdict"]), str(row["rule_id"])): int(str(row["items"])) for row in tables.rows(found)}
