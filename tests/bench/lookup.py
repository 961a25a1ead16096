"""What `pdd trace` takes to find a picture among generated ones, by everything that it may be called and by its look.

`python -m tests.bench.lookup --n 1000000`
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from pd_assets.lib.catalog import damage, table_files, tables
from pd_assets.lib.catalog.schemas import CHANGES, CLUSTERS, DECISIONS, FILES, ITEMS, MEMBERS, TAKEDOWNS, Table
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.images.decode import normalise
from pd_assets.lib.release import index, members
from tests.pd_assets.lib.pictures import encoded

BATCH = 50_000
ITEMS_SQL = """
select
    'commons:M' || f as item_id, 'commons' as source, 'Portrait of a person, no. ' || f as title,
    'https://commons.example.org/wiki/File:Portrait_of_a_person,_no._' || f || '.jpg' as page_url,
    'https://upload.example.org/commons/' || substr(md5('' || f), 1, 2) || '/Portrait_no._' || f || '.jpg' as file_url,
    1280 as thumb_side, md5('' || f) || '00000000' as sha1, 'image/jpeg' as mime, 4000 as width, 3000 as height,
    5000000 + f as size_bytes, f + 1000 as revid, timestamptz '2026-01-01' as fetched_at,
    ['Paintings by painter ' || f % 5000, 'PD-Art (PD-old-100-expired)', f % 300 || 's portraits'] as categories,
    ['Paintings by painter ' || f % 5000] as partitions, 'live' as status
from range(0, $n) files(f) order by item_id
"""
DECISIONS_SQL = """
select
    'commons:M' || f as item_id, profile, case when f % 5 < 3 then 'accept' else 'reject' end as verdict,
    'pd-old-100-expired' as rule_id, case when f % 5 < 3 then [] else ['no_ground'] end as reasons,
    'x' as ruleset_version, md5('' || f) as evidence_digest,
    '{"artist":"A. Painter ' || f % 5000 || '","date_text":"' || 1600 + f % 300 || '","tags":["PD-old-100"],"rest":"'
        || repeat(md5('e' || f), 20) || md5('r' || f) || md5('s' || f) || md5('t' || f) || md5('u' || f)
        || '"}' as evidence,
    timestamptz '2026-01-01' as decided_at, '2026-01-01' as since, ['PD-old-100'] as grounds
from range(0, $n) files(f), (values ('life70'), ('strict'), ('us')) profiles(profile) order by item_id, profile
"""
FILES_SQL = """
select
    'commons:M' || f as item_id, coalesce(real.sha256, sha256('' || f)) as sha256, md5('' || f) || '00000000' as sha1,
    coalesce(real.path, 'images/' || substr(sha256('' || f), 1, 2) || '/' || sha256('' || f) || '.jpg') as path,
    1280 as width, 960 as height, 'image/jpeg' as mime, 300000 as size_bytes, 1280 as max_side,
    coalesce(real.phash, substr(md5('p' || f), 1, 16)) as phash,
    coalesce(real.detail_hash, md5('d' || f) || md5('e' || f)) as detail_hash, 'ok' as status
from range(0, $n) files(f) left join real using (f) order by item_id
"""
CLUSTERS_SQL = """
select
    item_id, item_id as cluster, true as is_representative, cast(0 as integer) as place, sha256, sha1, phash,
    detail_hash
from files order by item_id
"""
MEMBERS_SQL = """
select
    item_id, sha256, sha256 as exported_sha256, 'train' as split,
    'train-' || hash(item_id) % 500 || '.parquet' as shard, 'pd-old-100-expired' as rule_id,
    'main' as dataset, $version as version
from files order by item_id
"""
CHANGES_SQL = """
select
    'commons:M' || f as item_id, 'strict' as profile, 'reject' as from_verdict, 'accept' as to_verdict,
    'none' as from_rule, 'pd-old-100-expired' as to_rule, 'rule' as cause,
    '2026-01-' || lpad('' || f % 28 + 1, 2, '0') as changed_on
from range(0, $n) files(f) where f % 4 = 0 order by changed_on, item_id, profile
"""


# Of so many pictures there is a real one in the store.
REAL = 200
# How many times each question is asked; the best counts, as other work on the machine only adds.
TIMES = 3
BEFORE = """
import sys
from pathlib import Path
from pd_assets.lib.catalog import tables
from pd_assets.lib.home import open_home
from pd_assets.lib.release import members
from pd_assets.lib.release.names import title_of
from tests.bench.lookup import READ
home = open_home(Path(sys.argv[1]), to_ask=True)
sql = Path("tests/pd_assets/lib/release/pictures_called.sql").read_text()
tables.query(home, sql, READ, {"called": sys.argv[2], "title": title_of(sys.argv[2])})
for part in tables.parts(home, READ["members"]):
    members.digest_of(part)
"""
READ = {"items": ITEMS, "files": FILES, "clusters": CLUSTERS, "members": MEMBERS, "takedowns": TAKEDOWNS}
ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="pictures in the home")
    parser.add_argument(
        "--home", type=Path, help="where the tables are generated, and stay; a temporary folder without"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(open_home(options.home or Path(folder) / "home"), options.n, Path(folder))


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Of a process and those that it starts."""

    wall_s: float
    cpu_s: float
    told: str


def measure(home: Home, n: int, scratch: Path) -> None:
    if not tables.parts(home, MEMBERS):
        generate(home, n)
    for table in (*READ.values(), DECISIONS, CHANGES):
        damage.require_whole(home, table, tables.parts(home, table))
    members.known(home)
    began, cpu = time.perf_counter(), time.process_time()
    written, files = index.refresh(home)
    size_bytes = sum(path.stat().st_size for path in (home.root / index.FOLDER).rglob("*") if path.is_file())
    print(
        f"index of {n:,} pictures: {written} of {files} segments written in {time.perf_counter() - began:.1f} s "
        f"({time.process_time() - cpu:.1f} CPU-s), {size_bytes / 1e6:,.0f} MB in all"
    )
    number = n // 2
    passed_on = scratch / "passed_on.jpg"
    passed_on.write_bytes(altered(painting(7)))
    foreign = scratch / "foreign.jpg"
    foreign.write_bytes(encoded(painting(REAL + 7)))
    exact = scratch / "exact.jpg"
    exact.write_bytes(normalise(encoded(painting(8)), max_side=1280).body)
    sha1 = hashlib.md5(str(number).encode()).hexdigest() + "00000000"
    asked = {
        "item id": f"commons:M{number}",
        "title": f"Portrait of a person, no. {number}",
        "page URL": f"https://commons.example.org/wiki/File:Portrait_of_a_person,_no._{number}.jpg",
        "file URL": f"https://upload.example.org/commons/{sha1[:2]}/Portrait_no._{number}.jpg",
        "SHA-1": sha1,
        "SHA-256": hashlib.sha256(str(number).encode()).hexdigest(),
        "picture file, its bytes": str(exact),
        "picture file, q70, 60%, cropped by 2%": str(passed_on),
        "picture file, a foreign one": str(foreign),
        "a title that nobody has": f"Portrait of a person, no. {number}x",
    }
    before = best([sys.executable, "-c", BEFORE, str(home.root), asked["title"]], home)
    print(f"by reading all tables, as before there was an index: {before.wall_s:.2f} s, {before.cpu_s:.2f} CPU-s")
    print("| asked by | wall s | CPU-s | CPU ratio | found |\n|---|---|---|---|---|")
    for what, called in asked.items():
        spent = best([sys.executable, "-m", "pd_assets.cli", "trace", "--json", called], home)
        items = [one["item_id"] for one in json.loads(spent.told)["items"]] if spent.told else []
        print(
            f"| {what} | {spent.wall_s:.2f} | {spent.cpu_s:.2f} | {before.cpu_s / spent.cpu_s:.0f} | "
            f"{', '.join(items) or 'nothing'} |",
            flush=True,
        )


def best(command: list[str], home: Home) -> Spent:
    """The fastest of some runs of a fresh process."""
    found = []
    for _ in range(TIMES):
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        env = {**os.environ, "PD_HOME": str(home.root), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        after, wall_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found.append(Spent(wall_s=wall_s, cpu_s=cpu_s, told=done.stdout))
    return min(found, key=lambda one: one.cpu_s)


def altered(picture: Image.Image) -> bytes:
    """As a JPEG of quality 70 and 60% size, cropped by 2% at each side."""
    width, height = picture.size
    cut = picture.crop((round(width * 0.02), round(height * 0.02), round(width * 0.98), round(height * 0.98)))
    small = cut.resize((round(cut.width * 0.6), round(cut.height * 0.6)), Image.Resampling.LANCZOS)
    return encoded(small, quality=70)


def painting(seed: int) -> Image.Image:
    """Of 1280 x 960: soft blobs with finer ones in them."""
    chance = np.random.default_rng(seed)
    layers = [
        Image.fromarray(chance.integers(0, 256, (rows, rows * 4 // 3, 3), dtype=np.uint8)).resize((1280, 960))
        for rows in (6, 48)
    ]
    return Image.blend(layers[0], layers[1], 0.4)


def real_pictures(home: Home) -> pa.Table:
    """Pictures in the store, with what images/files says of them."""
    rows = []
    for number in range(REAL):
        found = normalise(encoded(painting(number)), max_side=1280)
        path = home.images / found.sha256[:2] / f"{found.sha256}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found.body)
        facts = {"sha256": found.sha256, "path": str(path.relative_to(home.root)), "phash": found.phash}
        rows.append({"f": number, **facts, "detail_hash": found.quality.detail_hash})
    return pa.Table.from_pylist(rows)


def generate(home: Home, n: int) -> None:
    for table, sql in ((ITEMS, ITEMS_SQL), (DECISIONS, DECISIONS_SQL), (CHANGES, CHANGES_SQL)):
        tables.write_query(home, table, whole(table, sql), {}, {"n": n})
    with tables.engine(home) as connection:
        connection.from_arrow(real_pictures(home)).create("real")
        answer = connection.sql(whole(FILES, FILES_SQL), params={"n": n}).to_arrow_reader(BATCH)
        tables.write_batches(home, FILES, answer)
    tables.write_query(home, CLUSTERS, whole(CLUSTERS, CLUSTERS_SQL), {"files": FILES})
    for version in ("0123456789abcdef", "fedcba9876543210"):
        path = home.table(MEMBERS.key) / "main" / f"{version}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        with tables.engine(home) as connection:
            tables.relation(connection, home, FILES).create_view("files")
            sql = whole(MEMBERS, MEMBERS_SQL)
            table_files.stream(MEMBERS, connection.sql(sql, params={"version": version}).to_arrow_reader(BATCH), path)


def whole(table: Table, sql: str) -> str:
    """The statement with every column of the table: those that it lacks are null."""
    columns = ", ".join(f'null as "{name}"' for name in table.columns)
    return (
        f"select {', '.join(table.columns)} from (from (select {columns} where false) union all by name from ({sql}))"
    )


if __name__ == "__main__":
    main()
