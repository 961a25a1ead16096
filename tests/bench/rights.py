"""Measure how long all items are decided again, beside reading their pages anew, in one run.

`python -m tests.bench.rights --n 1000000`: a changed rule table, a night without news, one in which 1% of the makers
died otherwise, and one with 1% of the pages edited. The pages are those of the test cases, each with years, artist and
revision of its own; every second one has an item, every twentieth a maker's. Exits with 1 where a limit of ours is not
met.
"""

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.buckets import bucket_of
from pd_assets.lib.catalog.schemas import CREATORS, DECISIONS, ITEMS, PAGES, Table
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.batches import PROFILE_NAMES
from pd_assets.lib.rights.decisions import decide_all
from pd_assets.lib.rights.evidence import Evidence, digest_of, from_page
from pd_assets.lib.rights.knowledge import mark
from pd_assets.lib.rights.known import StoredEntities, load_knowledge
from pd_assets.lib.rights.rules import PROFILES, Decision, decide
from pd_assets.lib.rights.versions import extractor_version
from tests.pd_assets.lib.rights.cases import CASES, TODAY, Case

SEED = 20
MOST_S, MOST_BYTES = 600.0, 2_000_000_000
LIMITED_AT = 1_000_000
PEER_PAGES = 2_000
ROWS_AT_ONCE = 10_000
OLDER = "an older table"
LONG_AGO = datetime(2015, 5, 5, tzinfo=UTC)
CHANGED_SHARE = 100
# A collection of paintings: every second one has an item, and a painter made twenty.
MAKERS_PER_ITEM, WORKS_PER_ITEM = 20, 2
FIRST_MAKER = 10_000_000
OTHERWISE = {"died_first": 1901, "died_last": 1901, "died_named": 1901}
CLAIMS = '[["P31","Q3305213",false,[]],["P571","+1850-00-00T00:00:00Z/9",false,[]]]'


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One way of deciding all items: wall clock, CPU of this process and its children, their peak memory together."""

    what: str
    items: int
    seconds: float
    cpu_s: float
    peak_bytes: int
    verdicts_changed: int


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=LIMITED_AT, help=f"items (default {LIMITED_AT})")
    parser.add_argument("--buckets", type=int, default=1, help="item buckets of the home (default 1)")
    parser.add_argument("--measure", metavar="HOME", help=argparse.SUPPRESS)
    parser.add_argument("--what", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.measure:
        print(json.dumps(asdict(measure(open_home(Path(arguments.measure)), arguments.what, arguments.n))))
        return 0
    with tempfile.TemporaryDirectory(prefix="pd-bench-") as folder:
        home = open_home(Path(folder))
        if arguments.buckets > 1:
            home.fix_buckets(arguments.buckets)
        plant(home, arguments.n)
        found = [in_process_of_its_own(home, "the rule table changed", arguments.n)]
        found.append(in_process_of_its_own(home, "nothing changed", arguments.n))
        learn(home, arguments.n)
        found.append(in_process_of_its_own(home, "1% of the makers have another death year", arguments.n))
        plant(home, arguments.n, edited=True)
        found.append(in_process_of_its_own(home, "1% of the pages edited", arguments.n))
    found.append(peer(arguments.n))
    show(found)
    return 0 if holds(found[0]) else 1


def in_process_of_its_own(home: Home, what: str, items: int) -> Measured:
    """So that what planting took does not count."""
    print(f"{what} ...", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "tests.bench.rights", "--measure", str(home.root), "--what", what]
    done = subprocess.run([*command, "--n", str(items)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what} failed:\n{done.stderr[-3000:]}")
    one = Measured(**json.loads(done.stdout.splitlines()[-1]))
    print(f"  {one.seconds:.0f} s, {one.peak_bytes / 1e6:.0f} MB", file=sys.stderr, flush=True)
    return one


def measure(home: Home, what: str, items: int) -> Measured:
    """Decide every item of a home."""
    me = psutil.Process()
    done = threading.Event()
    peak = cpu = 0.0

    def watch() -> None:
        nonlocal peak, cpu
        while not done.wait(0.1):
            family = [one for one in (me, *me.children(recursive=True)) if one.is_running()]
            try:
                peak = max(peak, sum(one.memory_info().rss for one in family))
                cpu = max(cpu, sum(sum(one.cpu_times()[:2]) for one in family))
            except psutil.Error:
                continue

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    started = time.monotonic()
    counts = decide_all(home, profile="strict", today=TODAY)
    seconds = time.monotonic() - started
    done.set()
    watcher.join()
    assert counts.rows == items * len(PROFILE_NAMES)
    changed = sum(counts.moves.values())
    return Measured(what=what, items=items, seconds=seconds, cpu_s=cpu, peak_bytes=int(peak), verdicts_changed=changed)


def peer(items: int) -> Measured:
    """Reading pages anew, as a platform that keeps no evidence must, on PEER_PAGES of them and scaled to all."""
    chosen = [row for _, row in zip(range(PEER_PAGES), pages(PEER_PAGES), strict=False)]
    started, cpu = time.monotonic(), time.process_time()
    for row in chosen:
        evidence = from_page(row)
        for profile in PROFILES:
            decide(evidence, profile, TODAY)
    scale = items / len(chosen)
    return Measured(
        what=f"reading pages anew, one process, scaled from {len(chosen)}",
        items=items,
        seconds=(time.monotonic() - started) * scale,
        cpu_s=(time.process_time() - cpu) * scale,
        peak_bytes=0,
        verdicts_changed=0,
    )


def holds(one: Measured) -> bool:
    return one.items < LIMITED_AT or (one.seconds < MOST_S and one.peak_bytes < MOST_BYTES)


def show(found: Sequence[Measured]) -> None:
    print(
        f"\n| {found[0].items:,} items, {len(PROFILE_NAMES)} profiles | seconds | CPU s | items/s | peak MB | changed |"
    )
    print("|---|---|---|---|---|---|")
    for one in found:
        peak = f"{one.peak_bytes / 1e6:.0f}" if one.peak_bytes else ""
        print(
            f"| {one.what} | {one.seconds:.0f} | {one.cpu_s:.0f} | {one.items / one.seconds:,.0f} | {peak} | "
            f"{one.verdicts_changed} |"
        )
    print(f"\nlimits at {LIMITED_AT:,} items: {MOST_S:.0f} s and {MOST_BYTES / 1e6:.0f} MB for the first line")


def plant(home: Home, items: int, *, edited: bool = False) -> None:
    """Pages and items; and, unless the pages were edited since, the decisions that an older rule table made."""
    print(f"planting {items:,} items ...", file=sys.stderr, flush=True)
    write(home, PAGES, lambda: pages(items, edited=edited), home.partition(PAGES.key, "C") / tables.part_name(0))
    write(home, ITEMS, lambda: map(item, pages(items, edited=edited)), home.table(ITEMS.key) / tables.PART)
    if not edited:
        write(home, CREATORS, lambda: makers(items), home.table(CREATORS.key) / tables.PART)
        write_by_bucket(home, decisions(home, items))


def learn(home: Home, items: int) -> None:
    """One maker in a hundred died otherwise."""
    rows = ({**row, **OTHERWISE} if number % CHANGED_SHARE == 0 else row for number, row in enumerate(makers(items)))
    write(home, CREATORS, lambda: rows, home.table(CREATORS.key) / tables.PART)


def write_by_bucket(home: Home, rows: Iterator[dict[str, object]]) -> None:
    """The decisions in a file for each bucket, as a home of many has them."""
    folder = home.table(DECISIONS.key)
    folder.mkdir(parents=True, exist_ok=True)
    waiting: list[list[dict[str, object]]] = [[] for _ in range(home.buckets)]
    with ExitStack() as held:
        writers = [
            held.enter_context(
                pq.ParquetWriter(folder / f"part-{number}.parquet", DECISIONS.schema, compression="ZSTD")
            )
            for number in range(home.buckets)
        ]

        def put(bucket: int) -> None:
            writers[bucket].write_batch(pa.RecordBatch.from_pylist(waiting[bucket], schema=DECISIONS.schema))
            waiting[bucket] = []

        for row in rows:
            bucket = bucket_of(str(row["item_id"]), home.buckets)
            waiting[bucket].append({name: row.get(name) for name in DECISIONS.columns})
            if len(waiting[bucket]) == ROWS_AT_ONCE:
                put(bucket)
        for bucket in range(home.buckets):
            put(bucket)


def write(home: Home, table: Table, rows: Callable[[], Iterator[dict[str, object]]], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting: list[dict[str, object]] = []
    with pq.ParquetWriter(path, table.schema, compression="ZSTD") as writer:
        for row in rows():
            waiting.append({name: row.get(name) for name in table.columns})
            if len(waiting) == ROWS_AT_ONCE:
                writer.write_batch(pa.RecordBatch.from_pylist(waiting, schema=table.schema))
                waiting = []
        if waiting:
            writer.write_batch(pa.RecordBatch.from_pylist(waiting, schema=table.schema))


def pages(items: int, *, edited: bool = False) -> Iterator[dict[str, object]]:
    """Rows of commons/pages in the order of their item ids; 1% have the bytes of another page."""
    for number in numbers(items):
        chance = random.Random(number)
        yield page(number, CASES[chance.randrange(len(CASES))], edited=edited and number % CHANGED_SHARE == 0)


def page(number: int, case: Case, *, edited: bool = False) -> dict[str, object]:
    """A page like a case, with a year, an artist's work and a revision of its own; an edit takes its freedom."""
    year = random.Random(number + 1).randrange(1500, 1925, 20)
    text = case.text.replace("1850", str(year)) + f"\n<!-- {number} -->" + ("\n{{Cc-by-sa-4.0}}" if edited else "")
    return {
        **case.row(),
        "source": "commons",
        "pageid": number,
        "title": f"File:Painting {number}.jpg",
        "category": "C",
        "wikitext": text,
        "revid": number * 10 + edited,
        "sha1": f"{number - (number % 100 == 1):040x}",
        "uploaded_at": LONG_AGO,
        "digest": hashlib.md5(f"{number} {edited}".encode()).hexdigest(),
    }


def makers(items: int) -> Iterator[dict[str, object]]:
    """What is known: a work for every second page, by one of a maker for every twentieth."""
    for number in range(items // MAKERS_PER_ITEM + items // WORKS_PER_ITEM):
        is_work = number >= items // MAKERS_PER_ITEM
        died = {"made_first": 1850, "made_last": 1850, "made_named": 1850} if is_work else {}
        yield {
            "asked": f"Q{FIRST_MAKER + number}", "item": f"Q{FIRST_MAKER + number}", "name": f"Somebody {number}",
            "kind": "other" if is_work else "person", "revid": number, "modified": "2026-01-01T00:00:00Z",
            "makers": [f"Q{FIRST_MAKER + number % (items // MAKERS_PER_ITEM)}"] if is_work else [],
            "classes": ["Q3305213"] if is_work else ["Q5"], "materials": ["Q296955", "Q4259259"] if is_work else [],
            "claims": CLAIMS, "fetched_at": LONG_AGO, "ask_at": LONG_AGO, **died,
        }  # fmt: skip


def asked_for(number: int, items: int, known: StoredEntities) -> list[str]:
    """The marks of a page's work, where it has one, and of its maker."""
    count = items // MAKERS_PER_ITEM
    asked = [f"Q{FIRST_MAKER + number % count}"]
    asked += [f"Q{FIRST_MAKER + count + number // 2 % (items // WORKS_PER_ITEM)}"] if number % 2 else []
    return sorted(mark(item, known[item]) for item in asked)


def numbers(items: int) -> Iterator[int]:
    """Page ids whose item ids come in the order of their texts: all of one length."""
    return iter(range(10_000_000, 10_000_000 + items))


def item(row: dict[str, object]) -> dict[str, object]:
    names = ("status", "problem", "revid", "sha1")
    return {"item_id": f"commons:M{row['pageid']}", "source": "commons", **{name: row[name] for name in names}}


def decisions(home: Home, items: int) -> Iterator[dict[str, object]]:
    """What an older rule table decided from the evidence of every page: every 50th item as ours never does."""
    known: dict[tuple[object, ...], tuple[Evidence, dict[str, Decision]]] = {}
    until = date(TODAY.year + 1, 1, 1).isoformat()
    stored = load_knowledge(home).entities
    assert isinstance(stored, StoredEntities)
    older = Decision(verdict="quarantine", rule_id="older", reasons=("older",))
    for row in pages(items):
        evidence, decided = judged_like(row, known)
        text = replace(evidence, revid=int(str(row["revid"])), sha1=str(row["sha1"])).to_json()
        status = f"{row['digest']}|{row['status']}|{row['problem'] or ''}"
        shared = {
            "item_id": f"commons:M{row['pageid']}",
            "evidence": text,
            "evidence_digest": digest_of(text),
            "page_digest": hashlib.md5(status.encode()).hexdigest(),
            "extractor_version": extractor_version(),
            "looked_up": asked_for(int(str(row["pageid"])), items, stored),
            "ruleset_version": OLDER,
            "fresh_days": 30,
            "valid_until": until,
            "decided_at": LONG_AGO,
        }
        for profile in PROFILE_NAMES:
            one = decided[profile] if int(str(row["pageid"])) % 50 else older
            yield {
                **shared,
                "profile": profile,
                "verdict": one.verdict,
                "rule_id": one.rule_id,
                "reasons": list(one.reasons),
            }


def judged_like(
    row: dict[str, object], known: dict[tuple[object, ...], tuple[Evidence, dict[str, Decision]]]
) -> tuple[Evidence, dict[str, Decision]]:
    """Evidence and decisions of a page, read once for all pages that differ only in number and revision."""
    text = str(row["wikitext"]).rpartition("\n<!--")[0]
    kind = (text, row["status"], row["problem"], row["extmetadata"], row["mediainfo"], str(row["categories"]))
    if kind not in known:
        evidence = from_page(row)
        known[kind] = evidence, {profile: decide(evidence, profile, TODAY) for profile in PROFILE_NAMES}
    return known[kind]


if __name__ == "__main__":
    sys.exit(main())
