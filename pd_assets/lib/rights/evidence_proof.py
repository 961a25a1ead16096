"""Whether `rights/evidence` is whole: each row is that of its digest, and every digest named elsewhere is there.

A row proves itself: of a part whose copies are both damaged those that do are kept, and rights/decisions tells what it
rests on.
Errors: DamagedTable, for what has to be read to tell.
"""

import filecmp
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.mending import SET_ASIDE, mend_table
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, EVIDENCE, MEMBERS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import DamagedTable
from pd_assets.lib.home import Home, alone, replacing
from pd_assets.lib.rights import evidence_log
from pd_assets.lib.rights.claims import digest_of

ROWS = evidence_log.ROWS_IN_A_GROUP


@dataclass(frozen=True, kw_only=True)
class Lost:
    """Evidence that a table names by digest and that is not there: how many, and one of the items."""

    by_table: str
    digests: int
    item_id: str

    @property
    def is_told(self) -> bool:
        """Whether the table that names it has it too."""
        return self.by_table == DECISIONS.key

    def __str__(self) -> str:
        return f"{self.digests} that {self.by_table} names are not there, the first of {self.item_id}"


def find_lost(home: Home, *, latest_alone: bool = False) -> list[Lost]:
    """What decisions, changes (since the log began) and members of datasets name and the log does not have.

    There are members of every version that ever was: with `latest_alone` those of the current ones are looked at. Where
    the log is gone as a whole, members tell that there was one.
    """
    begun = evidence_log.begun_at(home)
    with tables.engine(home) as connection:
        for name, table in (("evidence", EVIDENCE), ("decisions", DECISIONS), ("changes", CHANGES)):
            tables.relation(connection, home, table).create_view(name)
        _members(connection, home, latest_alone).create_view("members")
        named = connection.execute("select 1 from members where evidence_digest is not null limit 1").fetchone()
        given = {
            "begun": None if begun is None else begun.isoformat(),
            "is_begun": bool(tables.files_of(home, EVIDENCE)) or named is not None,
        }
        found = connection.execute(load("evidence_lost"), given).fetchall()
    return [Lost(by_table=by_table, digests=digests, item_id=item_id) for by_table, digests, item_id in found]


def _members(connection: duckdb.DuckDBPyConnection, home: Home, latest_alone: bool) -> duckdb.DuckDBPyRelation:
    """Item and evidence of the members; a part of before tells none."""
    paths = [path for path in tables.parts(home, MEMBERS) if not latest_alone or _is_latest(home, path)]
    damage.require_whole(home, MEMBERS, paths)
    told = [path for path in paths if "evidence_digest" in pq.read_schema(path).names]
    if not told:
        return connection.from_arrow(MEMBERS.schema.empty_table())
    return connection.read_parquet([str(path) for path in told], hive_partitioning=False, union_by_name=True)


def _is_latest(home: Home, part: Path) -> bool:
    return home.pointed("dataset", part.parent.name, "latest") == part.stem


def find_altered(home: Home) -> Iterator[tuple[Path, str]]:
    """The copies of parts with rows that are not those of their digests, or with fewer rows than the other, each with
    what was found; what is no Parquet any more is for damage.py to tell."""
    for path in tables.files_of(home, EVIDENCE):
        copy = damage.second(path)
        differs = copy.is_file() and not filecmp.cmp(path, copy, shallow=False)
        proofs = {one: proof for one in ((path, copy) if differs else (path,)) if (proof := _proof_of(one)) is not None}
        for one, proof in proofs.items():
            if proof.altered:
                yield one, f"{proof.altered} rows are not what their digests say, the first of {proof.first}"
        if len(proofs) == 2 and not any(proof.altered for proof in proofs.values()):
            less = min((copy, path), key=lambda one: proofs[one].proven)
            yield less, f"{proofs[less].proven} rows, and not the same as its other copy"


def restore(home: Home) -> Iterator[str]:
    """Take the place of damaged and altered parts by their second copies where these prove themselves; else set both
    aside, keep what of them proves itself, and append what the decisions rest on."""
    with alone(home.table(DECISIONS.key), "decides"):
        damaged = {found.path for found in mend_table(home, EVIDENCE)}
        altered = {damage.first(path) if path.name.startswith(".") else path for path, _ in find_altered(home)}
        copies = home.table(EVIDENCE.key).resolve().glob(f".*{damage.SECOND}")
        gone = {path for path in map(damage.first, copies) if not path.is_file()}
        for path in sorted({*damaged, *altered, *gone}):
            yield _restored(home, path)
        with suppress(DamagedTable):
            # Of a log that is gone as a whole, what others name is missing; they still name it afterwards.
            if rows := evidence_log.complete(home, was_there=bool(find_lost(home))):
                yield f"{EVIDENCE.key}: {rows} rows were restored from {DECISIONS.key}"


@dataclass(frozen=True, kw_only=True)
class _Proof:
    """The rows of one file: how many are those of their digests, how many are not, and the item of the first."""

    proven: int
    altered: int
    first: str


def _proof_of(path: Path) -> _Proof | None:
    """None where it cannot be read as a whole."""
    proven, altered, first = 0, 0, ""
    with suppress(DamagedTable):
        for batch in damage.batches(EVIDENCE, path, ROWS):
            wrong = batch.filter(pc.invert(_proven(batch))).to_pylist()
            proven, altered = proven + batch.num_rows - len(wrong), altered + len(wrong)
            first = first or next((str(row.get("item_id")) for row in wrong), "")
        return _Proof(proven=proven, altered=altered, first=first)
    return None


def _restored(home: Home, path: Path) -> str:
    """A copy that proves itself takes the place of the other; of two that do not, what proves itself of either."""
    copies = [copy for copy in (path, damage.second(path)) if copy.is_file()]
    proofs = {copy: proof for copy in copies if (proof := _proof_of(copy)) is not None and not proof.altered}
    # Of two that prove as much as one another neither is known to be as it was written: the rows are written anew.
    is_tie = len({proof.proven for proof in proofs.values()}) < len(proofs)
    best = None if is_tie else max(proofs, key=lambda copy: proofs[copy].proven, default=None)
    asides = [_copied_aside(home, copy) for copy in copies if copy != best]
    told = f"{EVIDENCE.key}: set aside as {' and '.join(map(str, asides))}"
    if best is not None:
        other = damage.second(path) if best == path else path
        with replacing(other) as partial:
            shutil.copyfile(best, partial)
        return f"{told}; the other copy proves itself, and took its place"
    with replacing(path) as partial:
        rows = _write_proven(partial, copies)
    if not rows:
        damage.remove(path)
    else:
        damage.keep_second(EVIDENCE, path)
    return f"{told}; {rows} of its rows prove themselves, and were kept"


def _copied_aside(home: Home, path: Path) -> Path:
    """Keep a file under PD_HOME/.damaged too: it stays until another takes its place."""
    target = home.root / SET_ASIDE / path.relative_to(home.root.resolve())
    with replacing(target) as partial:
        shutil.copyfile(path, partial)
    return target


def _write_proven(path: Path, copies: Sequence[Path]) -> int:
    """Write the proven rows of either copy, which have the same row groups: of each group the most that there are."""
    rows = 0
    with ExitStack() as opened, pq.ParquetWriter(path, EVIDENCE.schema, **damage.WRITTEN) as writer:
        files = [file for copy in copies if (file := _opened(opened, copy)) is not None]
        for number in range(max((file.num_row_groups for file in files), default=0)):
            kept = max((_proven_rows(file, number) for file in files), key=lambda found: found.num_rows)
            rows += kept.num_rows
            if kept.num_rows:
                writer.write_table(kept)
        if begun := [told for file in files if (told := (file.metadata.metadata or {}).get(evidence_log.BEGUN))]:
            writer.add_key_value_metadata({evidence_log.BEGUN: begun[0]})
    return rows


_UNREADABLE = (OSError, pa.ArrowException, ValueError, KeyError)


def _opened(until_its_end: ExitStack, path: Path) -> pq.ParquetFile | None:
    with suppress(*_UNREADABLE):
        return until_its_end.enter_context(pq.ParquetFile(path, page_checksum_verification=True))
    return None


def _proven_rows(file: pq.ParquetFile, number: int) -> pa.Table:
    """The rows of one row group that prove themselves; none where it cannot be read or is not there."""
    with suppress(*_UNREADABLE):
        if number < file.num_row_groups:
            found = [batch.filter(_proven(batch)) for batch in file.read_row_group(number).to_batches()]
            return pa.Table.from_batches(found, file.schema_arrow).select(EVIDENCE.schema.names).cast(EVIDENCE.schema)
    return EVIDENCE.schema.empty_table()


def _proven(batch: pa.RecordBatch) -> pa.BooleanArray:
    """Of each row whether it is that of its digest."""
    if not {"evidence", "digest", "item_id"} <= set(batch.schema.names):
        return pa.array([False] * batch.num_rows, pa.bool_())
    pairs = zip(batch["evidence"].to_pylist(), batch["digest"].to_pylist(), strict=True)
    return pa.array([text is not None and digest_of(text) == digest for text, digest in pairs], pa.bool_())
