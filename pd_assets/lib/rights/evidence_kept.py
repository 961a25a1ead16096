"""Evidence for ever: `rights/evidence` has every evidence that a decision ever rested on, appended and never rewritten.

What it is asked is in here, and answered without an archive and without a scan; evidence_log.py appends to it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.buckets import bucket_of
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, EVIDENCE, Table
from pd_assets.lib.errors import DamagedTable, TableError
from pd_assets.lib.home import Home
from pd_assets.lib.rights import evidence_log
from pd_assets.lib.rights.claims import digest_of

Row = Mapping[str, object]
DECIDED = ("item_id", "profile", "verdict", "rule_id", "ruleset_version", "since", "decided_at", "evidence_digest")
CHANGED = tuple(name for name in CHANGES.columns if name not in ("from_grounds", "cause", "from_revid", "to_revid"))
# Before all days: a change of before the log told since when a verdict had stood.
UNKNOWN_DAY = ""


@dataclass(frozen=True, kw_only=True)
class Past:
    """How an item stood on a day under one profile: the decision of that day, and the evidence that it rested on.

    `evidence` is the canonical JSON whose SHA-256 is `evidence_digest`; None where it was not kept (a home of before
    there was rights/evidence): unknown, and said so. `verdict` and `since` are those of the day. Of `rule_id` and
    `ruleset_version` only changes of verdict are logged: where the same verdict was decided by another rule or table
    later on, it is not known when, and `told_on` is the day that they are told of: the one before when that is known,
    else a later one. `since` is "" where nobody noted it.
    """

    item_id: str
    profile: str
    verdict: str
    rule_id: str
    ruleset_version: str
    since: str
    evidence_digest: str
    seen_on: str | None
    revid: int | None
    page_url: str | None
    evidence: str | None
    told_on: str | None = None

    @property
    def is_proved(self) -> bool:
        """Whether the evidence is there and is that of its digest."""
        return self.evidence is not None and digest_of(self.evidence) == self.evidence_digest


def as_of(home: Home, items: Collection[str], day: date) -> list[Past]:
    """How some items stood at the end of a day, by item and profile; those that were not decided yet are left out."""
    return [one for stand in _histories(home, items) if (one := stand.on(day.isoformat())) is not None]


def first_day(home: Home, items: Collection[str], *, profile: str | None = None) -> str | None:
    """The first day of which anything is known of some items; None where nothing ever was decided of them."""
    found = [stand for stand in _histories(home, items) if profile in (None, stand.profile)]
    days = [one.since for stand in found for one in stand.stretches if one.since]
    return min(days, default=None)


@dataclass(frozen=True, kw_only=True)
class _Stretch:
    """A verdict from its first day up to, not including, `until`; None: to this day. By which rule of which table it
    stood is known of the day `told_on`, its last or the one when it was decided last, and of its first day in `first`.
    """

    verdict: str
    rule: tuple[str, str]
    first: tuple[str, str] | None
    since: str
    until: str | None
    told_on: str

    def rule_on(self, day: str) -> tuple[tuple[str, str], str | None]:
        """Rule and rule table of a day, and of which other day they are told where they may have been others."""
        if day >= self.told_on or self.first == self.rule:
            return self.rule, None
        if self.first is None:
            return self.rule, self.told_on
        return self.first, None if day == self.since else self.since


@dataclass(frozen=True, kw_only=True)
class _History:
    """All that is known of one item under one profile, in order."""

    item_id: str
    profile: str
    stretches: Sequence[_Stretch]
    changes: Sequence[Row]
    now: Row | None
    kept: Sequence[Row]

    def on(self, day: str) -> Past | None:
        stretch = next((one for one in self.stretches if one.until is None or day < one.until), None)
        if stretch is None or day < stretch.since:
            return None
        row = next((row for row in reversed(self.kept) if str(row["seen_on"]) <= day), None)
        digest = str(row["digest"]) if row is not None else self._named_on(day)
        if row is None:
            # Of before the log began, and yet in it: the item rested on it when the log began.
            row = next((row for row in self.kept if row["digest"] == digest), None)
        found = row or {}
        (rule_id, ruleset_version), told_on = stretch.rule_on(day)
        return Past(
            item_id=self.item_id,
            profile=self.profile,
            verdict=stretch.verdict,
            rule_id=rule_id,
            ruleset_version=ruleset_version,
            since=stretch.since,
            evidence_digest=digest,
            seen_on=_text(found.get("seen_on")),
            revid=int(str(found["revid"])) if found.get("revid") is not None else None,
            page_url=_text(found.get("page_url")),
            evidence=_text(found.get("evidence")),
            told_on=told_on,
        )

    def _named_on(self, day: str) -> str:
        """The digest that the log of changes or the decision names, where no evidence of the day was kept."""
        before = [row for row in self.changes if str(row["changed_on"]) <= day]
        after = [row for row in self.changes if str(row["changed_on"]) > day]
        if before:
            return str(before[-1]["to_evidence"] or "")
        if after:
            return str(after[0]["from_evidence"] or "")
        return str((self.now or {}).get("evidence_digest") or "")


def _histories(home: Home, items: Collection[str]) -> Iterator[_History]:
    kept = defaultdict(list)
    for part in evidence_log.parts(home):
        for row in _proven_rows(part.path, items):
            kept[row["item_id"]].append(row)
    changes: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for path in tables.parts(home, CHANGES):
        for row in rows_of(CHANGES, path, items, CHANGED):
            changes[str(row["item_id"]), str(row["profile"])].append(row)
    now = {(str(row["item_id"]), str(row["profile"])): row for row in _decisions(home, items)}
    for key in sorted({*changes, *now}):
        log = sorted(changes[key], key=lambda row: (str(row["changed_on"]), str(row["changed_at"])))
        yield _History(
            item_id=key[0],
            profile=key[1],
            stretches=list(_stretches(log, now.get(key))),
            changes=log,
            now=now.get(key),
            # The sort is stable: of one day the order of the log.
            kept=sorted(kept[key[0]], key=lambda row: str(row["seen_on"])),
        )


def _proven_rows(path: Path, items: Collection[str]) -> Sequence[Row]:
    """The rows of some items in a part of the log; in its second copy, where it is damaged or they are not those of
    their digests and there they are."""
    rows: Sequence[Row] = ()
    damaged = None
    try:
        rows = list(rows_of(EVIDENCE, path, items, tuple(EVIDENCE.columns)))
        if all(map(_is_proven, rows)):
            return rows
    except DamagedTable as error:
        damaged = error
    with suppress(TableError):
        others = list(rows_of(EVIDENCE, damage.second(path), items, tuple(EVIDENCE.columns)))
        if damaged is not None or all(map(_is_proven, others)):
            return others
    if damaged is not None:
        raise damaged
    return rows


def _is_proven(row: Row) -> bool:
    return row["evidence"] is not None and digest_of(str(row["evidence"])) == row["digest"]


def _decisions(home: Home, items: Collection[str]) -> Iterator[Row]:
    """The decisions of some items as they stand, read from the files of their buckets alone."""
    number = home.buckets
    wanted = {tables.bucket_file(home, DECISIONS, bucket_of(item, number)).resolve() for item in items}
    files = tables.parts(home, DECISIONS)
    for path in files if number == 1 else [path for path in files if path in wanted]:
        yield from rows_of(DECISIONS, path, items, DECIDED)


def _stretches(log: Sequence[Row], now: Row | None) -> Iterator[_Stretch]:
    """The verdicts one after the other: what each change ended, and what stands."""
    since, first = UNKNOWN_DAY, None
    for change in log:
        told = str(change["changed_on"])
        yield _Stretch(
            verdict=str(change["from_verdict"]), rule=(str(change["from_rule"]), str(change["from_ruleset"])),
            first=first, since=since or str(change["from_since"] or UNKNOWN_DAY),
            until=told, told_on=(date.fromisoformat(told) - timedelta(days=1)).isoformat(),
        )  # fmt: skip
        since, first = told, (str(change["to_rule"]), str(change["to_ruleset"]))
    if now is not None:
        at = now["decided_at"]
        decided_on = at.astimezone(UTC).date().isoformat() if isinstance(at, datetime) else UNKNOWN_DAY
        yield _Stretch(
            verdict=str(now["verdict"]), rule=(str(now["rule_id"]), str(now["ruleset_version"])), first=first,
            since=since or str(now["since"] or decided_on), until=None, told_on=decided_on,
        )  # fmt: skip
    elif log:
        last = log[-1]
        yield _Stretch(
            verdict=str(last["to_verdict"]), rule=(str(last["to_rule"]), str(last["to_ruleset"])), first=first,
            since=since, until=None, told_on=since,
        )  # fmt: skip


def rows_of(table: Table, path: Path, items: Collection[str], columns: Sequence[str]) -> Iterator[Row]:
    """The rows of some items in one file, its checksums compared; columns that it was written without are null.

    Only the row groups that have one of them are read: in the order of items that is one for each.
    """
    wanted = pa.array(sorted(items), pa.string())
    with damage.named(table, path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        there = [name for name in columns if name in file.schema_arrow.names]
        for number in range(file.num_row_groups):
            if not _may_hold(file.metadata.row_group(number), items):
                continue
            held = pc.is_in(file.read_row_group(number, ["item_id"])["item_id"], wanted)
            if pc.any(held).as_py():
                rows = file.read_row_group(number, there).filter(held)
                yield from (dict.fromkeys(columns) | row for row in rows.to_pylist())


def _may_hold(group: pq.RowGroupMetaData, items: Collection[str]) -> bool:
    """Whether a row group may have a row of one of the items, by what its footer says of their order."""
    columns = (group.column(at) for at in range(group.num_columns))
    told = next((one.statistics for one in columns if one.path_in_schema == "item_id"), None)
    return told is None or not told.has_min_max or any(told.min <= item <= told.max for item in items)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
