"""dataset/captions on generated pages: from scratch, with nothing changed, and after 1% of the pages were edited.

    python -m tests.bench.captions --n 10000 --buckets 1
    python -m tests.bench.captions --n 300000 --plain

Each page has an information box, categories and a statement that names one of a thousand things; plain ones have no
box, and are read in a fraction of the time.
"""

import argparse
import json
import resource
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import LICENSED, PAGES, THINGS, Table
from pd_assets.lib.commons.index import digest_of_row
from pd_assets.lib.dataset.captions import build_captions
from pd_assets.lib.dataset.splits import build_splits
from pd_assets.lib.dataset.things import build_things
from pd_assets.lib.home import Home, open_home

FIRST = 10_000_000
ROWS_AT_ONCE, ROWS_IN_A_PART = 1_000, 2_000
EDITED = 100
TEXT = """== {{{{int:filedesc}}}} ==
{{{{Artwork
 |artist = {{{{Creator:Painter {artist}}}}}
 |title = {{{{en|1=View of the river no. {number} near the old mill}}}}{{{{de|1=Blick auf den Fluss Nr. {number}}}}}
 |description = {{{{en|1=A river with a mill, two boats and a bridge of {arches} arches, at night. {more}}}}}
 |date = {year}
 |medium = {{{{Technique|oil|canvas}}}}
 |dimensions = {{{{Size|cm|{arches}2|81}}}}
 |institution = {{{{Institution:Museum {artist}}}}}
 |accession number = {number}
 |source = {{{{Museum link|{number}}}}}
}}}}

== {{{{int:license-header}}}} ==
{{{{PD-Art|PD-old-100-expired}}}}

[[Category:Paintings of rivers]]
[[Category:{year} paintings]]
"""
PLAIN = "A river with a mill, no. {number}, by {artist}, {arches} arches, {year}. {more}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=100_000, help="licensed pictures")
    parser.add_argument("--buckets", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="pages without a box")
    parser.add_argument("--home", type=Path, help="where the tables are generated; a temporary folder without")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.home) as folder:
        home = open_home(Path(folder))
        home.fix_buckets(options.buckets)
        text = PLAIN if options.plain else TEXT
        plant(home, options.n, text)
        print(f"{options.n:,} pictures, {options.buckets} buckets", flush=True)
        both(home, "from scratch")
        both(home, "nothing changed")
        plant_pages(home, options.n, text, edited=True)
        both(home, "1% edited")


def both(home: Home, what: str) -> None:
    measured(f"things, {what}", lambda: build_things(home, None).things)
    measured(f"captions, {what}", lambda: build_captions(home, policy="all").pictures)
    measured(f"splits, {what}", lambda: sum(build_splits(home).counts.values()))


def measured(what: str, work: Callable[[], int]) -> None:
    """Processor time of this process and those that it ended, and the most memory that this one has had."""
    before = cpu_s()
    rows = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"  {what:<32} {rows:>9,} {cpu_s() - before:8.1f} CPU-s, peak so far {peak:6.0f} MB", flush=True)


def cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def plant(home: Home, n: int, text: str) -> None:
    plant_pages(home, n, text)
    ids = (f"commons:M{FIRST + number}" for number in range(n))
    rows: Iterator[dict[str, object]] = ({"item_id": item_id, "cluster": item_id} for item_id in ids)
    write(LICENSED, rows, home.table(LICENSED.key) / tables.PART)
    names = [{"thing": f"Q{number}", "language": "en", "name": f"thing {number}"} for number in range(1000)]
    tables.write(home, THINGS, tables.as_table(THINGS, names))


def plant_pages(home: Home, n: int, text: str, *, edited: bool = False) -> None:
    """One page in a hundred is edited, the same part files as before."""
    for start in range(0, n, ROWS_IN_A_PART):
        numbers = range(start, min(n, start + ROWS_IN_A_PART))
        rows = (page(number, text, edited=edited and number % EDITED == 0) for number in numbers)
        folder = home.partition(PAGES.key, "C")
        write(PAGES, rows, folder / tables.part_name(start // ROWS_IN_A_PART), group=tables.ROWS_IN_A_GROUP)


def page(number: int, text: str, *, edited: bool) -> dict[str, object]:
    more = "The painter came back in the next year. " * (number % 20)
    value = {"mainsnak": {"datavalue": {"value": {"id": f"Q{number % 1000}"}}}, "rank": "normal"}
    row: dict[str, object] = {
        "pageid": FIRST + number,
        "title": f"File:River {number}.jpg",
        "category": "C",
        "status": "live",
        "revid": number * 2 + edited,
        "page_url": f"https://commons.example.org/wiki/File:River_{number}.jpg",
        "wikitext": text.format(
            artist=number % 5000, number=number, arches=number % 7 + 2, year=1700 + number % 200,
            more=more + ("It was cleaned since." if edited else ""),
        ),
        "mediainfo": json.dumps({"statements": {"P180": [value]}}),
        "categories": ["Paintings of rivers", f"{1700 + number % 200} paintings"],
        "hidden_categories": [],
    }  # fmt: skip
    return {**row, "digest": digest_of_row(row)}


def write(table: Table, rows: Iterator[dict[str, object]], path: Path, group: int = 100_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    waiting: list[dict[str, object]] = []
    with pq.ParquetWriter(path, table.schema, compression="ZSTD") as writer:

        def flush() -> None:
            content = pa.Table.from_pylist(waiting, schema=table.schema)
            writer.write_table(content, row_group_size=group)
            waiting.clear()

        for row in rows:
            waiting.append({name: row.get(name) for name in table.columns})
            if len(waiting) == ROWS_AT_ONCE:
                flush()
        flush()


if __name__ == "__main__":
    main()
