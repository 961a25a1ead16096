"""Decide every item of the catalogue under every profile, from stored evidence alone: no request is made.

Evidence is read again only where a page, what reads it, or what others know of its makers and templates changed.
Decided again is only what is due: other evidence, rules or settings, a day on which the calendar may change it, or a
copy that somebody says something against. A bucket in which nothing is due stays as it is: what tells that is in narrow
columns, and neither evidence nor pages are read for it. Everything passes through in batches: memory does not grow with
the catalogue. Same inputs, same rows, whatever was there before, and however many buckets are made at a time.
"""

import os
import tempfile
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import buckets as item_buckets
from pd_assets.lib.catalog import damage, table_files, tables
from pd_assets.lib.catalog.schemas import DECISIONS, EVIDENCE, ITEMS, PAGES
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.crew import cut
from pd_assets.lib.errors import WorkUnderWay
from pd_assets.lib.home import Home, alone
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_assets.lib.rights import changes, evidence_log
from pd_assets.lib.rights.batches import (
    COPY_CONFLICT,
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
from pd_assets.lib.rights.evidence_log import Part
from pd_assets.lib.rights.known import show_marks, spool
from pd_assets.lib.rights.rules import CONFLICTING_REASONS, FRESH_DAYS
from pd_assets.lib.rights.versions import extractor_version, ruleset_version

MEMORY_BYTES = 700_000_000
# The item of a page.
PAGE = "'commons:M' || pageid"
PAGES_AT_ONCE, ITEMS_AT_ONCE = 500, 5_000
# Fewer are done sooner in this process than others take to start.
WORTH_A_CREW = 5_000
# Who decides more buckets than these locks the table instead of each of them.
MOST_LOCKS = 64
# What names the decisions of a bucket that has none.
NO_ROWS = f"{0:016x}"


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
    buckets: Collection[int] | None = None,
) -> DecisionCounts:
    """Decide what is due in some buckets (None: all), note the changes and write the buckets; the counts are those of
    `profile`, in all buckets.

    `crew` is how many processes do it, by default one a core where there is enough to do.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    terms = Terms(today=today or now.date(), now=now, fresh_days=fresh_days)
    wanted = sorted(range(home.buckets) if buckets is None else set(buckets))
    assert set(wanted) <= set(range(home.buckets)), f"{wanted} are no buckets of {home.buckets}"
    with (
        _alone(home, wanted, now),
        tables.engine(home, memory_bytes=MEMORY_BYTES) as connection,
        tempfile.TemporaryDirectory(dir=home.scratch, prefix="evidence-") as folder,
    ):
        terms = replace(terms, known=folder)
        work = _Work(home=home, connection=connection, terms=terms, spool=Path(folder), wanted=wanted)
        unread, due = work.look()
        size = crew if crew is not None else (len(os.sched_getaffinity(0)) if unread + due > WORTH_A_CREW else 0)
        with crew_of(terms, size) as hands:
            work.read_unread(hands)
            work.refuse_copies(hands)
            work.write(hands)
    moves, changed = changes.moves(work.written, profile=profile)
    _gather(home)
    by_rule = _by_rule(home, profile)
    return DecisionCounts(
        profile=profile,
        rows=sum(by_rule.values()) * len(PROFILE_NAMES),
        by_rule=by_rule,
        pages_read=unread,
        moves=moves,
        changed=tuple(changed),
        digest=tables.stored_digest(home, DECISIONS),
    )


@contextmanager
def _alone(home: Home, wanted: Collection[int], now: datetime | None = None) -> Iterator[None]:
    """One process at a time decides a bucket; who decides all of them, or very many, waits for all others."""
    folder = home.table(DECISIONS.key)
    if evidence_log.is_unsettled(home):
        with alone(folder, "decides"):
            evidence_log.begin_all(home, now)
    if changes.is_of_another_number(home):
        with alone(folder, "decides"), tables.engine(home) as connection:
            tables.relation(connection, home, DECISIONS).create_view("decisions")
            changes.begin(home, connection, "decisions", {})
    with ExitStack() as held:
        is_beside = len(wanted) < min(home.buckets, MOST_LOCKS)
        held.enter_context(alone(folder, "decides", beside=is_beside))
        for bucket in wanted if is_beside else ():
            held.enter_context(alone(folder / ".buckets" / str(bucket), "decides"))
        yield


def _gather(home: Home) -> None:
    """Have fewer parts in the logs, unless somebody else decides just now."""
    with suppress(WorkUnderWay), alone(home.table(DECISIONS.key), "decides", waits=False):
        changes.gather(home)
        evidence_log.gather(home)


@dataclass(kw_only=True)
class _Work:
    """The joins around the batches, in one DuckDB connection. `written` are the parts of the log."""

    home: Home
    connection: duckdb.DuckDBPyConnection
    terms: Terms
    spool: Path
    wanted: Collection[int]
    states: dict[int, str] = field(default_factory=dict)
    due: set[int] = field(default_factory=set)
    unread: int = 0
    written: list[Path] = field(default_factory=list)

    @property
    def are_all(self) -> bool:
        return len(self.wanted) == self.home.buckets

    def look(self) -> tuple[int, int]:
        """Note every item with the digest of its page, and which buckets are due; return how many pages are to be read,
        and how many decisions are due."""
        run = self.connection.execute
        self._show_sources()
        self._register("profiles", pa.table({"profile": list(PROFILE_NAMES)}))
        self.states = changes.states_of(self.connection, "previous", self.home.buckets)
        changes.begin(
            self.home, self.connection, "previous", {one: self.states.get(one, NO_ROWS) for one in self.wanted}
        )
        evidence_log.begin(self.home, self.connection, "previous", self.wanted)
        show_marks(self.home, self.connection, self.spool)
        run(f"create table outdated as {load('outdated')}", {"first_profile": PROFILE_NAMES[0]})
        run(load("unread"), {"first_profile": PROFILE_NAMES[0], "extractor": extractor_version()})
        self.unread = self._count("select count(*) from unread")
        return self.unread, self._stand()

    def _show_sources(self) -> None:
        """The views of what is read, and the table `seen`: our items, and others with the same bytes as one of them."""
        run, number = self.connection.execute, self.home.buckets
        shown: dict[str, tuple[tables.Tables, str]] = {
            "items": (ITEMS, "item_id"), "pages": (PAGES, PAGE), "records": (ALL_RECORDS, "item_id")
        }  # fmt: skip
        for name, (table, item_id) in shown.items():
            tables.relation(self.connection, self.home, table).create_view(f"every_{name}")
            where = "" if self.are_all else f" where {self._is_ours(item_id)}"
            run(f"create view {name} as select * from every_{name}{where}")
        run(f"create view page_evidence as {load('item_evidence')}")
        run(f"create view record_evidence as {load('record_evidence')}")
        bucket = item_buckets.sql(number)
        run(
            f"create table seen as select item_id, sha1, page_digest, {bucket} as bucket from page_evidence "
            f"union all select item_id, null, page_digest, {bucket} from record_evidence"
        )
        if not self.are_all:
            told = {"bucket": bucket, "is_ours": self._is_ours(PAGE), "item_evidence": load("item_evidence")}
            run(load("other_copies").format(**told))
        self._show_previous({*self.wanted, *(bucket for (bucket,) in self._all("select distinct bucket from seen"))})

    def _is_ours(self, item_id: str) -> str:
        return f"{item_buckets.sql(self.home.buckets, item_id)} in ({', '.join(map(str, self.wanted))})"

    def _stand(self) -> int:
        """Note which buckets are due by what is stored of them; return how many rows are."""
        sql = load("decisions_stand").format(bucket=item_buckets.sql(self.home.buckets), due=self._is_due)
        found = self._all(sql)
        stored: defaultdict[int, dict[str, int]] = defaultdict(dict)
        for bucket, name, rows, _, _ in found:
            stored[bucket][name] = rows
        self.due = {bucket for bucket, _, _, is_due, _ in found if is_due}
        self.due |= {bucket for (bucket,) in self._all("select distinct bucket from unread")}
        there = dict(self._all("select bucket, count(*) from seen group by bucket"))
        for bucket in self.wanted:
            expected = dict.fromkeys(PROFILE_NAMES, there[bucket]) if bucket in there else {}
            path = tables.bucket_file(self.home, DECISIONS, bucket)
            if stored[bucket] != expected or not _is_of(path, sum(expected.values())):
                self.due.add(bucket)
        return sum(due for bucket, _, _, _, due in found if bucket in self.wanted)

    def read_unread(self, crew: Crew) -> None:
        """Read the evidence of the unread pages into a file of its own, the view `evidence_read`."""
        path = self.spool / "evidence_read.parquet"
        if self.unread:
            spool(self.home, self.spool)
        with pq.ParquetWriter(path, EVIDENCE_READ, compression="ZSTD") as writer:
            for source in self._unread_sources() if self.unread else ():
                rows = self.connection.sql(f"select * from {source} semi join unread using (item_id)")
                for (read,) in crew.do(read_evidence, cut(rows.to_arrow_reader(PAGES_AT_ONCE), PAGES_AT_ONCE)):
                    writer.write_batch(read)
        self.connection.read_parquet(str(path)).create_view("evidence_read")

    def _unread_sources(self) -> Iterator[str]:
        yield from ("page_evidence", "record_evidence")
        if not self.are_all:
            pages = (
                f"select * from every_pages where {PAGE} in (select item_id from unread) and not {self._is_ours(PAGE)}"
            )
            yield (
                f"(with pages as ({pages}), items as (select * from every_items) "
                f"select * from ({load('item_evidence')})) as of_others"
            )

    def refuse_copies(self, crew: Crew) -> None:
        """Which bytes that several live pages show are refused by one of them: the table `refused`. A bucket in which
        that changes a decision is due."""
        run = self.connection.execute
        run(load("shared_bytes").format(due=self._is_due))
        self._show_previous({bucket for (bucket,) in self._all("select distinct bucket from fresh")})
        rows = self.connection.sql(load("fresh_evidence"), params={"first_profile": PROFILE_NAMES[0]})
        found = [one for (one,) in crew.do(refuse_copies, cut(rows.to_arrow_reader(ITEMS_AT_ONCE), ITEMS_AT_ONCE))]
        self._register("said", pa.Table.from_batches(found, schema=REFUSED))
        conflict = {"copy_conflict": COPY_CONFLICT.rule_id}
        run(
            f"create table refused as select sha1, profile from said union {load('standing_refusals')}",
            {**conflict, "conflicting": sorted(CONFLICTING_REASONS)},
        )
        self.due |= {bucket for (bucket,) in self._all(load("copies_due"), conflict)}

    def write(self, crew: Crew) -> None:
        """Write the buckets that are due, and no others."""
        if self._others and self.are_all:
            # Of more files than there are buckets: all is written, and they go.
            self.due = set(self.wanted)
        due = sorted(self.due.intersection(self.wanted))
        if due:
            self._show_previous(due)
            self._register("due", pa.table({"bucket": pa.array(due, pa.int32())}))
            is_whole = len(due) == self.home.buckets
            kept = self._keep_evidence(due) if self.unread else []
            tables.write_buckets(self.home, DECISIONS, self._decided(crew), None if is_whole else due)
            evidence_log.settle(kept)

    def _keep_evidence(self, due: Collection[int]) -> list[Part]:
        """Append to rights/evidence what the decisions of these buckets will rest on and did not so far."""
        states = evidence_log.states_of(self.connection, "previous", self.home.buckets)
        # A bucket that lost its decisions does not say everything again.
        if any(bucket not in states for bucket in due):
            kept = evidence_log.settled(self.connection, self.home)
        else:
            kept = self.connection.from_arrow(EVIDENCE.schema.empty_table())
        kept.create_view("kept")
        given = {"first_profile": PROFILE_NAMES[0], "today": self.terms.today.isoformat()}
        rows = self.connection.sql(load("evidence_new"), params=given).to_arrow_reader(ITEMS_AT_ONCE)
        by_bucket = groupby(item_buckets.runs(rows), key=itemgetter(0))
        return [
            evidence_log.append(
                self.home, bucket, states.get(bucket, evidence_log.NOTHING), (one for _, one in several)
            )
            for bucket, several in by_bucket
        ]

    @property
    def _others(self) -> set[Path]:
        """The files of the table that are of no bucket: of a home that had more of them."""
        files = set(tables.files_of(self.home, DECISIONS))
        return files - {tables.bucket_file(self.home, DECISIONS, one).resolve() for one in range(self.home.buckets)}

    def _decided(self, crew: Crew) -> Iterator[tuple[int, pa.RecordBatch]]:
        """All decisions of the buckets that are due, in their order. The log has the part of a bucket when the first
        batch of the next one is taken, or there is none: before the bucket takes its place."""
        rows = self.connection.sql(load("to_decide"), params={"first_profile": PROFILE_NAMES[0]})
        coming: deque[int] = deque()

        def batches() -> Iterator[pa.RecordBatch]:
            for bucket, several in groupby(item_buckets.runs(rows.to_arrow_reader(ITEMS_AT_ONCE)), key=itemgetter(0)):
                for batch in cut((one for _, one in several), ITEMS_AT_ONCE * len(PROFILE_NAMES)):
                    coming.append(bucket)
                    yield batch.select(TO_DECIDE.names).cast(TO_DECIDE)

        decided = ((coming.popleft(), *done) for done in crew.do(decide_due, batches()))
        for bucket, several in groupby(decided, key=itemgetter(0)):
            part = changes.next_part(self.home, bucket, self.states.get(bucket, NO_ROWS))
            with changes.appending(part) as note:
                for _, done, changed in several:
                    note(changed)
                    yield bucket, done
            self.written.append(part)

    def _show_previous(self, buckets: Collection[int]) -> None:
        """What was decided in these buckets is the view `previous` from here on."""
        chosen = None if self._others else buckets
        found = tables.relation(self.connection, self.home, DECISIONS, buckets=chosen)
        found.create_view("previous", replace=True)

    @property
    def _is_due(self) -> str:
        """Whether a row of a table of decisions may be decided otherwise today, as `batches.decide_due` has it. A clock
        that was put back makes due what was decided in a later year, or what stands since a later day."""
        today = self.terms.today
        return (
            f"coalesce(ruleset_version <> '{ruleset_version()}' or fresh_days <> {self.terms.fresh_days} "
            f"or rule_id is null or valid_until <= '{today}' or valid_until > '{date(today.year + 1, 1, 1)}' "
            f"or coalesce(since > '{today}', false), true)"
        )

    def _register(self, name: str, content: pa.Table) -> None:
        self.connection.register(name, content)

    def _all(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, dict(parameters or {})).fetchall()

    def _count(self, sql: str) -> int:
        ((number,),) = self._all(sql)
        return int(number)


def _is_of(path: Path, rows: int) -> bool:
    """Whether a bucket's file is as we write it, and has so many rows."""
    if not path.is_file():
        return False
    return table_files.tells_digests(DECISIONS, path) and damage.row_count(DECISIONS, path) == rows


def _by_rule(home: Home, profile: str) -> dict[tuple[str, str], int]:
    found = tables.query(home, load("decided_by"), {"decisions": DECISIONS}, {"profile": profile})
    return {(str(row["verdict"]), str(row["rule_id"])): int(str(row["items"])) for row in tables.rows(found)}
