"""Copies of one picture, within and across archives: `catalog/clusters`.

Surely a copy is what has the same bytes; probably, what looks the same: two hashes agree, found by banding in DuckDB
(Manku, Jain and Das Sarma 2007), never by comparing all pairs. A cluster is what is linked to its representative,
without ever being far from it, so that no chain of likenesses joins two different pictures.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.damage import WRITTEN
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, FILES, ITEMS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home, replacing
from pd_assets.lib.rights.rules import CONFLICTING_REASONS

# Of 64 and of 256 bits: between two pictures that look the same, and to the representative of a cluster.
BITS, DETAIL_BITS = 10, 72
FARTHEST_BITS, FARTHEST_DETAIL_BITS = 20, 90
# Two of so many bands must agree. Eight find all pairs within 6 bits and most within 10; six all within 4, sooner.
FEW_BANDS, MANY_BANDS, FEW_LOOKS = 8, 6, 2_000_000
CROWD = 1_000
MEMORY_BYTES = 1_000_000_000
# Under PD_HOME/.tmp: what looks the same, by its hashes, and which looks that was found among.
NEAR, MADE_OF = "near.parquet", b"pd.made_of"


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A picture that has a copy, with what decides which of them is kept."""

    n: int
    item_id: str
    sha256: str | None
    sha1: str | None
    phash: str | None
    detail_hash: str | None
    is_free: bool
    accepted: int
    original_pixels: int
    pixels: int
    conflict: str | None

    @property
    def order(self) -> tuple[object, ...]:
        """The best first: free, accepted under more profiles, larger."""
        return (not self.is_free, -self.accepted, -self.original_pixels, -self.pixels, self.item_id)

    def bits_to(self, other: "Copy") -> int:
        return (int(self.phash or "0", 16) ^ int(other.phash or "0", 16)).bit_count()

    def is_near(self, other: "Copy") -> bool:
        """Whether it may be in the cluster that the other represents."""
        detail = int(self.detail_hash or "0", 16) ^ int(other.detail_hash or "0", 16)
        return self.bits_to(other) <= FARTHEST_BITS and detail.bit_count() <= FARTHEST_DETAIL_BITS

    def likeness(self, other: "Copy") -> str:
        if self.sha256 is not None and self.sha256 == other.sha256:
            return "sha256"
        return "sha1" if self.sha1 is not None and self.sha1 == other.sha1 else "look"


def build_clusters(home: Home, *, profile: str) -> str:
    """Write catalog/clusters from every picture that was ever fetched, and return its digest."""
    inputs = {"items": ITEMS, "files": FILES, "decisions": DECISIONS, "previous": CLUSTERS}
    with tables.engine(home, memory_bytes=MEMORY_BYTES) as connection:
        for name, table in inputs.items():
            tables.relation(connection, home, table).create_view(name)
        connection.execute(load("members"))
        _know_near(home, connection)
        grouped = _rows(_clusters(connection, profile))
        connection.register(
            "grouped", pa.Table.from_pylist(grouped, schema=CLUSTERS.schema.append(pa.field("n", pa.int64())))
        )
        answer = connection.sql(load("clusters")).to_arrow_reader(tables.BATCH_ROWS)
        return tables.write_batches(home, CLUSTERS, answer)


@dataclass(frozen=True, kw_only=True)
class CopyCounts:
    """Pictures, and of them those that have a better copy; how many a refused copy keeps out, and examples."""

    pictures: int
    copies: int
    by_likeness: Mapping[str, int]
    conflicts: int
    examples: tuple[str, ...]
    digest: str


def count_copies(home: Home) -> CopyCounts:
    """What catalog/clusters holds; nothing where it was never written."""
    found = tables.query(home, load("copy_counts"), {"clusters": CLUSTERS}).to_pylist()
    by_likeness = {str(row["why"]): int(row["pictures"]) for row in found if row["why"] is not None}
    return CopyCounts(
        pictures=sum(int(row["pictures"]) for row in found),
        copies=sum(by_likeness.values()),
        by_likeness=by_likeness,
        conflicts=sum(int(row["conflicts"]) for row in found),
        examples=tuple(text for row in found for text in row["examples"] or ()),
        digest=tables.stored_digest(home, CLUSTERS),
    )


def _know_near(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    """Do what `find_near` does; of the same looks as the last time what was found then is taken from the cache."""
    ((looks,),) = connection.execute("select count(*) || '-' || bit_xor(hash(p, d0, d1, d2, d3)) from looks").fetchall()
    made_of = "\0".join([looks or "", duckdb.__version__, _how_near()]).encode()
    path = home.scratch / NEAR
    connection.execute("alter table pairs rename to same_look; create table pairs (a bigint, b bigint)")
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            found = file.read() if (file.metadata.metadata or {}).get(MADE_OF) == made_of else None
    except (OSError, pa.ArrowException):
        found = None
    if found is None:
        find_near(connection)
        answer = connection.sql(load("near_values")).to_arrow_reader(tables.BATCH_ROWS)
        with replacing(path) as partial, pq.ParquetWriter(partial, answer.schema, **WRITTEN) as writer:
            for batch in answer:
                writer.write_batch(batch)
            writer.add_key_value_metadata({MADE_OF: made_of})
    else:
        connection.register("kept", found)
        connection.execute(load("near_kept"))
    connection.execute("insert into pairs select a, b from same_look")


def _how_near() -> str:
    names = ("near_pairs", "near_pairs_of_few", "near_values")
    said = [*map(load, names), str([BITS, DETAIL_BITS, FEW_BANDS, MANY_BANDS, FEW_LOOKS, CROWD])]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()


def find_near(connection: duckdb.DuckDBPyConnection) -> None:
    """Add to the table `pairs` (a, b) what looks the same in the table `looks` (n, p, d0 ... d3)."""
    ((count,),) = connection.sql("select count(*) from looks").fetchall()
    near = {"bits": BITS, "detail_bits": DETAIL_BITS}
    if count <= CROWD:
        connection.execute(load("near_pairs_of_few"), {"bands": _bands(FEW_BANDS), **near})
        return
    for one, other in combinations(_bands(FEW_BANDS if count <= FEW_LOOKS else MANY_BANDS), 2):
        connection.execute(load("near_pairs"), {"mask": one | other, "crowd": CROWD, **near})


def _bands(count: int) -> list[int]:
    """The bits of each of `count` bands that 64 bits are cut into."""
    bounds = [64 * number // count for number in range(count + 1)]
    return [(1 << above) - (1 << below) for below, above in pairwise(bounds)]


def _clusters(connection: duckdb.DuckDBPyConnection, profile: str) -> list[tuple[str, list[Copy]]]:
    """Each cluster of more than one picture: its id and its members, the best first."""
    connection.execute(load("linked"))
    asked = {"profile": profile, "conflicting": sorted(CONFLICTING_REASONS)}
    facts = connection.sql(load("copy_facts"), params=asked).to_arrow_table()
    copies = {row["n"]: Copy(**row) for row in facts.to_pylist()}
    bundles = _bundles(copies, connection.sql("select a, b from same_bytes").fetchall())
    near = connection.sql("select distinct a, b from pairs order by a, b").fetchall()
    return _named(_grouped(bundles, near))


def _bundles(copies: Mapping[int, Copy], same: Iterable[tuple[int, int]]) -> dict[int, list[Copy]]:
    """Pictures of the same bytes together, the best first; every number leads to the bundle that it is in."""
    bundle_of = {number: [copy] for number, copy in copies.items()}
    for a, b in same:
        one, other = bundle_of[a], bundle_of[b]
        if one is not other:
            small, large = sorted((one, other), key=len)
            large += small
            bundle_of.update({copy.n: large for copy in small})
    for bundle in {id(found): found for found in bundle_of.values()}.values():
        bundle.sort(key=lambda copy: copy.order)
    return bundle_of


def _grouped(bundle_of: Mapping[int, list[Copy]], near: Sequence[tuple[int, int]]) -> list[list[Copy]]:
    """Clusters: around the best bundle those that are linked to it and near it, then the same with what is left."""
    neighbours: dict[int, set[int]] = defaultdict(set)
    for a, b in near:
        one, other = bundle_of[a][0].n, bundle_of[b][0].n
        if one != other:
            neighbours[one].add(other)
            neighbours[other].add(one)
    heads = sorted({found[0].n: found[0] for found in bundle_of.values()}.values(), key=lambda copy: copy.order)
    left = {head.n for head in heads}
    groups = []
    for head in heads:
        if head.n in left:
            reached = _reached(head, neighbours, bundle_of, left)
            left -= reached
            groups.append(sorted((copy for n in reached for copy in bundle_of[n]), key=lambda copy: copy.order))
    return groups


def _reached(
    head: Copy, neighbours: Mapping[int, set[int]], bundle_of: Mapping[int, list[Copy]], left: set[int]
) -> set[int]:
    reached, waiting = {head.n}, [head.n]
    while waiting:
        for number in neighbours.get(waiting.pop(), set()) & left - reached:
            if bundle_of[number][0].is_near(head):
                reached.add(number)
                waiting.append(number)
    return reached


def _named(groups: Sequence[list[Copy]]) -> list[tuple[str, list[Copy]]]:
    """Each group with its id: the least of its item ids, of those whose picture is there before all others.

    What is only remembered decides no name, so that the same pictures have the same names however they came about.
    """
    return [(min(group, key=lambda copy: (copy.pixels == 0, copy.item_id)).item_id, group) for group in groups]


def _rows(clusters: Iterable[tuple[str, list[Copy]]]) -> list[dict[str, object]]:
    return [
        {
            "n": copy.n,
            "item_id": copy.item_id,
            "cluster": name,
            "is_representative": place == 0,
            "why": copy.likeness(group[0]) if place else None,
            "distance": copy.bits_to(group[0]),
            "place": place,
            "conflict": conflict,
            "sha256": copy.sha256,
            "sha1": copy.sha1,
            "phash": copy.phash,
            "detail_hash": copy.detail_hash,
        }
        for name, group in clusters
        for conflict in [next((other.conflict for other in group if other.conflict), None)]
        for place, copy in enumerate(group)
    ]
