"""Homes of any size: what the archives told, and a store that holds every picture that is wanted.

All is a function of a page's number, so that nothing is held in memory and a server can tell the bytes of any picture.
Tables that the platform makes of these are not planted: the steps that are measured make them.
"""

import hashlib
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.buckets import bucket_of
from pd_assets.lib.catalog.schemas import CATEGORIES, CHANGES, CREATORS, FILES, LEDGER, PAGES, TEMPLATES, Table
from pd_assets.lib.home import Home, at_work, open_home
from tests.bench import rights
from tests.pd_assets.lib.pictures import encoded, painting
from tests.pd_assets.lib.rights.cases import CASES

FIRST = 10_000_000
IN_A_CATEGORY = 200
MAX_SIDE, WIDTH, HEIGHT = 128, 64, 48
# What is fetched is encoded anew: more than three items of one drawing would be taken for a placeholder.
DRAWINGS = 4096
FREE = [case for case in CASES if case.rules[0].startswith("accept")]
OTHERS = [case for case in CASES if not case.rules[0].startswith("accept")]
FREE_OF_TEN = 7
# A night changes a tenth of the rows of a tenth of the categories; as many pages are new as there are edited ones.
SHARE = 10
THEN = datetime(2026, 1, 1, tzinfo=UTC)
LEDGER_SHARE, CHANGES_SHARE, TEMPLATE_COUNT = 100, 10, 300


def make(folder: Path, rows: int, buckets: int, host: str) -> Home:
    """A home of so many pages, as it is before its first night of ours."""
    with at_work(open_home(folder)) as home:
        fill(home, rows, buckets, host)
    return home


def fill(home: Home, rows: int, buckets: int, host: str) -> None:
    if buckets > 1:
        home.fix_buckets(buckets)
    count = categories(rows)
    rights.write(home, CATEGORIES, lambda: map(category, range(count)), home.table(CATEGORIES.key) / tables.PART)
    for number in range(count):
        write_category(home, number, rows, host, news=False)
    rights.write(home, CREATORS, lambda: rights.makers(rows), home.table(CREATORS.key) / tables.PART)
    rights.write(home, TEMPLATES, templates, home.table(TEMPLATES.key) / tables.PART)
    rights.write(home, CHANGES, lambda: changes(rows // CHANGES_SHARE), home.table(CHANGES.key) / tables.PART)
    for number in range(rows // LEDGER_SHARE):
        rights.write(home, LEDGER, lambda n=number: iter([asked(n)]), home.table(LEDGER.key) / f"run-{number}.parquet")
    store(home, (number for number in range(FIRST, FIRST + rows) if is_free(number)), buckets)


def change_a_night(home: Home, rows: int, host: str) -> None:
    """1% of the pages edited, without their freedom, or gone, and as many new ones, in a tenth of the categories."""
    for number in range(0, categories(rows), SHARE):
        write_category(home, number, rows, host, news=True)


def categories(rows: int) -> int:
    return -(-rows // IN_A_CATEGORY)


def category_name(number: int) -> str:
    return f"Paintings by painter {number:06}"


def category(number: int) -> dict[str, object]:
    name = category_name(number)
    return {
        "category": name, "pageid": 1_000 + number, "depth": 1, "parents": ["Paintings"], "path": ["Paintings", name],
        "files": IN_A_CATEGORY, "subcategories": 0, "status": "live",
    }  # fmt: skip


def write_category(home: Home, number: int, rows: int, host: str, *, news: bool) -> None:
    """The part of a category: its own pages, every tenth of the one before it, and what is new there."""
    own = range(FIRST + number * IN_A_CATEGORY, FIRST + min(rows, (number + 1) * IN_A_CATEGORY))
    before = range(max(FIRST, own.start - IN_A_CATEGORY), own.start, 10)
    new = range(FIRST + rows + number * IN_A_CATEGORY // SHARE, FIRST + rows + (number + 1) * IN_A_CATEGORY // SHARE)
    listed = [(one, news and one in own and one % SHARE == 0) for one in (*before, *own)]
    listed += [(one, False) for one in new] if news else []
    found = [page(one, host, is_news=is_news) | {"category": category_name(number)} for one, is_news in listed]
    full = [{name: row.get(name) for name in PAGES.columns} for row in found]
    path = home.partition(PAGES.key, category_name(number)) / tables.part_name(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    tables.write_part(PAGES, path, pa.Table.from_pylist(full, schema=PAGES.schema))


def page(number: int, host: str, *, is_news: bool = False) -> dict[str, object]:
    """A row of commons/pages; news are edits of the text, edits that take the freedom, and deletions."""
    kind = number // SHARE % 4 if is_news else None
    chosen = FREE if is_free(number) else OTHERS
    row = rights.page(number, chosen[random.Random(number).randrange(len(chosen))], edited=kind == 2)
    if kind in (0, 1):
        row |= {"wikitext": f"{row['wikitext']}\n<!-- edited -->", "revid": number * 10 + 2, "digest": f"{number}-edit"}
    url = f"{host}/{number}.jpg"
    return row | {
        "status": "deleted" if kind == 3 else row["status"],
        "sha1": hashlib.sha1(body(number)).hexdigest(), "mime": "image/jpeg", "mediatype": "BITMAP",
        "width": WIDTH, "height": HEIGHT, "size_bytes": len(body(number)), "file_url": url, "thumb_url": url,
        "thumb_side": MAX_SIDE, "page_url": f"{host}/wiki/{number}", "fetched_at": THEN,
    }  # fmt: skip


def is_free(number: int) -> bool:
    """Whether its case is one of those that are accepted."""
    return number % 10 < FREE_OF_TEN


def body(number: int) -> bytes:
    """The picture's file. What stands behind the end of a JPEG is read by nobody, and makes another file of it; one in
    a hundred has the bytes of another."""
    return drawn(number % DRAWINGS) + (number - (number % 100 == 1)).to_bytes(8, "big")


@cache
def drawn(number: int) -> bytes:
    return encoded(painting(number, WIDTH, HEIGHT), quality=85)


def store(home: Home, numbers: Iterable[int], buckets: int) -> None:
    """The pictures and their rows, as if they had been fetched; the rows of a bucket in the order of the item ids."""
    folder = home.table(FILES.key)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"part-{one}.parquet" for one in range(buckets)]
    writers = [pq.ParquetWriter(path, FILES.schema, compression="ZSTD") for path in paths]
    waiting: list[list[dict[str, object]]] = [[] for _ in writers]

    def write(bucket: int) -> None:
        writers[bucket].write_batch(pa.RecordBatch.from_pylist(waiting[bucket], schema=FILES.schema))
        waiting[bucket].clear()

    for number in numbers:
        row = stored(home, number)
        bucket = bucket_of(str(row["item_id"]), buckets)
        waiting[bucket].append({name: row.get(name) for name in FILES.columns})
        if len(waiting[bucket]) == rights.ROWS_AT_ONCE:
            write(bucket)
    for bucket, writer in enumerate(writers):
        write(bucket)
        writer.close()


def stored(home: Home, number: int) -> dict[str, object]:
    content = body(number)
    sha256 = hashlib.sha256(content).hexdigest()
    path = home.images / sha256[:2] / f"{sha256}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    looks = hashlib.md5(content).hexdigest()
    return {
        "item_id": f"commons:M{number}", "sha256": sha256, "sha1": hashlib.sha1(content).hexdigest(),
        "path": str(path.relative_to(home.root)), "width": WIDTH, "height": HEIGHT, "mime": "image/jpeg",
        "size_bytes": len(content), "phash": looks[:16], "detail_hash": looks * 2, "aspect": WIDTH / HEIGHT,
        "sharpness": 100.0, "greyness": 0.1, "border": 0.0, "text_page": 0.0, "entropy": 7.0, "max_side": MAX_SIDE,
        "made_from": "original", "status": "ok", "tries": 1, "fetched_at": THEN,
    }  # fmt: skip


def templates() -> Iterator[dict[str, object]]:
    for number in range(TEMPLATE_COUNT):
        name = f"Layout {number:04}"
        yield {"name": name, "target": name, "kind": "box", "categories": [], "asked_at": datetime.now(UTC)}


def changes(count: int) -> Iterator[dict[str, object]]:
    """Rows of rights/changes, of the years before."""
    for number in range(count):
        day = THEN - timedelta(days=1000 - 1000 * number // count)
        yield {
            "item_id": f"commons:M{FIRST + number}", "profile": "strict", "from_verdict": "accept",
            "to_verdict": "reject", "from_rule": "accept-free-work", "to_rule": "no-ground", "cause": "upstream_edit",
            "from_grounds": ["pd-old"], "from_since": "2020-01-01", "changed_on": f"{day:%Y-%m-%d}", "changed_at": day,
        }  # fmt: skip


def asked(number: int) -> dict[str, object]:
    at = THEN - timedelta(days=number)
    return {
        "run_id": f"run-{number}", "host": "archive.test", "kind": "api", "requests": 10, "bytes": 10_000,
        "waited_s": 1.0, "retries": 0, "errors": "{}", "started_at": at, "ended_at": at,
    }  # fmt: skip


def size_bytes(home: Home, table: Table) -> int:
    return sum(path.stat().st_size for path in tables.files_of(home, table))
