"""What `pdd trace` takes to find a picture among generated ones, by everything that it may be called and by its look.

`python -m tests.bench.lookup --n 1000000`
"""

import argparse
import tempfile
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CHANGES, CLUSTERS, DECISIONS, FILES, ITEMS, MEMBERS, Table
from pd_assets.lib.home import Home, open_home

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
        || repeat(md5('e' || f), 20) || md5('r' || f) || md5('s' || f) || md5('t' || f) || md5('u' || f) || '"}' as evidence,
    timestamptz '2026-01-01' as decided_at, '2026-01-01' as since, ['PD-old-100'] as grounds
from range(0, $n) files(f), (values ('life70'), ('strict'), ('us')) profiles(profile) order by item_id, profile
"""
FILES_SQL = """
select
    'commons:M' || f as item_id, sha256('' || f) as sha256, md5('' || f) || '00000000' as sha1,
    'images/' || substr(sha256('' || f), 1, 2) || '/' || sha256('' || f) || '.jpg' as path, 1280 as width,
    960 as height, 'image/jpeg' as mime, 300000 as size_bytes, 1280 as max_side,
    substr(md5('p' || f), 1, 16) as phash, md5('d' || f) || md5('e' || f) as detail_hash, 'ok' as status
from range(0, $n) files(f) order by item_id
"""
CLUSTERS_SQL = """
select
    item_id, item_id as cluster, true as is_representative, cast(0 as integer) as place, sha256, sha1, phash, detail_hash
from files order by item_id
"""
MEMBERS_SQL = """
select
    item_id, sha256, sha256 as exported_sha256, 'train' as split, 'train-' || hash(item_id) % 500 || '.parquet' as shard,
    'pd-old-100-expired' as rule_id, 'main' as dataset, $version as version
from files order by item_id
"""
CHANGES_SQL = """
select
    'commons:M' || f as item_id, 'strict' as profile, 'reject' as from_verdict, 'accept' as to_verdict,
    'none' as from_rule, 'pd-old-100-expired' as to_rule, 'rule' as cause, '2026-01-' || lpad('' || f % 28 + 1, 2, '0') as
    changed_on
from range(0, $n) files(f) where f % 4 = 0 order by changed_on, item_id, profile
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="pictures in the home")
    parser.add_argument("--home", type=Path, help="where the tables are generated, and stay; a temporary folder without")
    options = parser.parse_args()
    if options.home:
        measure(open_home(options.home), options.n)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(open_home(Path(folder)), options.n)


def measure(home: Home, n: int) -> None:
    if not tables.parts(home, MEMBERS):
        generate(home, n)


def generate(home: Home, n: int) -> None:
    for table, sql in ((ITEMS, ITEMS_SQL), (DECISIONS, DECISIONS_SQL), (FILES, FILES_SQL), (CHANGES, CHANGES_SQL)):
        tables.write_query(home, table, whole(table, sql), {}, {"n": n})
        print(table.key, flush=True)
    tables.write_query(home, CLUSTERS, whole(CLUSTERS, CLUSTERS_SQL), {"files": FILES})
    for version in ("0123456789abcdef", "fedcba9876543210"):
        path = home.table(MEMBERS.key) / "main" / f"{version}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        from pd_assets.lib.catalog import table_files

        with tables.engine(home) as connection:
            tables.relation(connection, home, FILES).create_view("files")
            sql = whole(MEMBERS, MEMBERS_SQL)
            table_files.stream(
                MEMBERS, connection.sql(sql, params={"version": version}).to_arrow_reader(BATCH), path
            )


def whole(table: Table, sql: str) -> str:
    """The statement with every column of the table: those that it lacks are null."""
    columns = ", ".join(f'null as "{name}"' for name in table.columns)
    return f"select {', '.join(table.columns)} from (from (select {columns} where false) union all by name from ({sql}))"


if __name__ == "__main__":
    main()
