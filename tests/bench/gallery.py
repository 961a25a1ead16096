"""What a page of the gallery takes among generated items, beside the same page asked from DuckDB on the tables.

`python -m tests.bench.gallery --n 1000000`
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from starlette.testclient import TestClient

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, DECISIONS, FILES, ITEMS
from pd_assets.lib.gallery.asked import Query, read_query
from pd_assets.lib.gallery.building import build, place
from pd_assets.lib.gallery.index import Gallery
from pd_assets.lib.gallery.keeping import keeper
from pd_assets.lib.gallery.vectors import Vectors
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.settings import Settings
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.bench.lookup import whole
from tests.bench.spent import in_a_child

PROFILE = "strict"
DIMENSIONS = 256
# The best counts, as other work on the machine only adds.
TIMES = 3
ITEMS_SQL = """
select
    'commons:M' || f as item_id, case when f % 11 = 0 then 'smithsonian' else 'commons' end as source,
    ['Portrait of a lady', 'View of a harbour', 'Still life', 'Landscape near'][f % 4 + 1] || ', no. ' || f as title,
    'https://commons.example.org/wiki/File:' || f || '.jpg' as page_url, md5('' || f) || '00000000' as sha1,
    'image/jpeg' as mime, (400 + f * 7 % 5000)::integer as width, 3000 as height,
    timestamptz '2026-01-01' + to_seconds(hash(f) % 9000000) as fetched_at,
    ['Paintings by painter ' || hash(f) % 20000, 'PD-Art (PD-old-100-expired)', 'Works of ' || hash(f) % 300,
     'Collection ' || hash(f, 1) % 4000, 'Files of day ' || f % 3000] as categories, 'live' as status
from range(0, $n) files(f) order by item_id
"""
DECISIONS_SQL = """
select
    'commons:M' || f as item_id, 'strict' as profile, ['accept', 'accept', 'accept', 'quarantine', 'reject'][f % 5 + 1]
    as verdict,
    ['accept-free-work', 'accept-free-work', 'accept-museum-work', 'age-unwitnessed', 'no-ground'][f % 5 + 1]
    as rule_id, case when f % 5 < 3 then [] else ['no_ground', 'us_ground_missing'] end as reasons,
    '{"artist":"A. Painter ' || hash(f) % 20000 || '","date_text":"' || 1500 + f % 500 || '","made":[' || 1500 + f % 500
        || ',1999],"rest":"' || repeat(md5('e' || f), 10) || '"}' as evidence
from range(0, $n) files(f) order by item_id
"""
FILES_SQL = """
select
    'commons:M' || f as item_id, sha256('' || f) as sha256, md5('' || f) || '00000000' as sha1,
    'images/' || f || '.jpg' as path, 1280 as width, 960 as height, 'image/jpeg' as mime,
    (hash(f) % 2000)::double as sharpness, 'ok' as status
from range(0, $n) files(f) where f % 5 < 3 order by item_id
"""
CAPTIONS_SQL = """
select
    'commons:M' || f as item_id, list_transform([
        ['description', 'An oil painting of a ' || ['house', 'boat', 'tree', 'mountain', 'child'][f % 5 + 1]
            || ' by the ' || ['sea', 'road', 'window'][f % 3 + 1] || ', seen by painter' || hash(f) % 20000],
        ['medium', ['oil on canvas', 'watercolour', 'etching'][f % 3 + 1]]
    ], lambda one: {'field': one[1], 'value': one[2], 'licence': 'CC0-1.0', 'seen_in': 'x', 'language': 'en',
        'preferred': true}) as labels
from range(0, $n) files(f) where f % 5 < 3 order by item_id
"""
TABLES = ((ITEMS, ITEMS_SQL), (DECISIONS, DECISIONS_SQL), (FILES, FILES_SQL), (CAPTIONS, CAPTIONS_SQL))
PAGES = {
    "first page": "",
    "three facets": "verdict=accept&century=18&medium=etching",
    "a category and an artist": "category=Works+of+7&sort=title",
    "words that many have": "q=oil+painting+boat",
    "words that few have": "q=painter1234+sea&sort=size",
    "a facet that is typed into": "artist-find=painter+19",
    "page 5,000": "page=5000",
}
# The same first page as plain SQL: the counts of four facets, and its sixty rows.
PEER = """
create or replace temp table found as select items.item_id, items.source, decisions.verdict, decisions.rule_id,
    items.fetched_at from items left join decisions using (item_id) left join files using (item_id);
select verdict, count(*) from found group by 1;
select source, count(*) from found group by 1;
select rule_id, count(*) from found group by 1;
select category, count(*) from (select unnest(categories) as category from items) group by 1 order by 2 desc limit 10;
select * from found order by fetched_at desc limit 60;
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="items in the home")
    parser.add_argument(
        "--home", type=Path, help="where the tables are generated, and stay; a temporary folder without"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(open_home(options.home or Path(folder) / "home"), options.n, Path(folder))


def measure(home: Home, n: int, scratch: Path) -> None:
    if not tables.parts(home, ITEMS):
        for table, sql in TABLES:
            tables.write_query(home, table, whole(table, sql), {}, {"n": n})
    spent = in_a_child(lambda: lambda: build(home, PROFILE))
    folder = build(home, PROFILE)
    size_bytes = sum(path.stat().st_size for path in folder.iterdir())
    print(
        f"index of {n:,} items: {spent.seconds:.0f} s, {spent.cpu_s:.0f} CPU-s, {spent.peak_bytes / 1e6:,.0f} MB of "
        f"memory at most, {size_bytes / 1e6:,.0f} MB on the disk"
    )
    began = time.perf_counter()
    gallery = Gallery(folder)
    print(f"opened and compared with its checksums in {time.perf_counter() - began:.2f} s")
    peer = best(lambda: asked_of_duckdb(home))
    told = f"{peer[0]:,.0f} ms, {peer[1]:,.0f} CPU-ms"
    print(f"peer: the counts of four facets and one page by DuckDB from the tables: {told}")
    client = TestClient(site(served(home, Settings(home=home.root))), base_url="http://127.0.0.1")
    assert client.get("/pictures").status_code == 200
    print("| page | index, ms | index, CPU-ms | whole page, ms | items | CPU of the peer / of the index |")
    print("|---|---|---|---|---|---|")
    for what, pairs in PAGES.items():
        query = read_query(pair.split("=") for pair in pairs.replace("+", " ").split("&") if pair)  # type: ignore[misc]

        def page(query: Query = query) -> object:
            gallery._kept.clear()
            return gallery.page(query)

        wall, cpu = best(page)

        def wholly(pairs: str = pairs) -> object:
            if (kept := keeper(home, PROFILE).current()) is not None:
                kept._kept.clear()
            return client.get(f"/pictures?{pairs}")

        whole_page, _ = best(wholly)
        print(
            f"| {what} | {wall:.0f} | {cpu:.0f} | {whole_page:.0f} | {gallery.page(query).total:,} | "
            f"{peer[1] / cpu:.0f} |",
            flush=True,
        )
    looks(n, scratch, gallery)
    print(f"the index lies in {place(home).relative_to(home.root)}")


def asked_of_duckdb(home: Home) -> None:
    with duckdb.connect(config={"threads": "2"}) as connection:
        for name, table in (("items", ITEMS), ("decisions", DECISIONS), ("files", FILES)):
            connection.read_parquet([str(path) for path in tables.parts(home, table)]).create_view(name)
        for statement in PEER.split(";"):
            if statement.strip():
                connection.execute(statement).fetchall()


def looks(n: int, scratch: Path, gallery: Gallery) -> None:
    """The search by look, its distances made of vectors of random numbers; beside it numpy's own conversion."""
    path = scratch / "vectors.npy"
    random = np.random.default_rng(0)
    stored = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(n, DIMENSIONS))
    for first in range(0, n, 50_000):
        part = random.standard_normal((min(50_000, n - first), DIMENSIONS), np.float32)
        stored[first : first + len(part)] = part / np.linalg.norm(part, axis=1, keepdims=True)
    found = Vectors(stored, pa.array([f"commons:M{at}" for at in range(n)]), np.full(n, "train"), {})

    def like() -> object:
        vector = found.of(f"commons:M{n // 2}")
        assert vector is not None
        gallery._kept.clear()
        near = found.nearest(vector, 600, split=None)
        return gallery.page(read_query([]), among=[name for name, _ in near])

    asked = stored[n // 2].astype(np.float32)
    wall, cpu = best(like)
    plain = best(
        lambda: np.concatenate([stored[at : at + 16_384].astype(np.float32) @ asked for at in range(0, n, 16_384)])
    )
    print(
        f"| like a picture, {n:,} x {DIMENSIONS} | {wall:.0f} | {cpu:.0f} | | 600 | "
        f"{plain[1] / cpu:.1f} (numpy's conversion and product alone) |"
    )


def best(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of wall clock and of CPU, the least of some."""
    found = []
    for _ in range(TIMES):
        began, cpu = time.perf_counter(), time.process_time()
        work()
        found.append(((time.perf_counter() - began) * 1e3, (time.process_time() - cpu) * 1e3))
    return min(one[0] for one in found), min(one[1] for one in found)


if __name__ == "__main__":
    main()
