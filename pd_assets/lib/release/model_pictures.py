"""The pictures of a model, by licence, source, category and artist, with how often they were shown: from its ledger and
those of its evaluations, joined with the catalogue of now. What it was made of or started from is told apart.
Errors: ConfigError.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS, LICENSED, MODEL_LEDGER
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, replacing
from pd_assets.lib.release.asking import Parts, shown
from pd_assets.lib.release.called import MODELS, near, parse
from pd_assets.lib.release.lineage import LATEST, Model, Source, all_models, measured_ledgers

KINDS = {
    "rule": "by the rule that had accepted them",
    "tag": "by licence tag (a picture may have several)",
    "source": "by archive",
    "category": "by category (a picture may be in several)",
    "artist": "by artist, as the page names them",
    "caption licence": "by the licence of the captions that were shown with them",
}
# Names of each kind: for a person, and for a program.
FEW, MANY = 8, 10_000
BATCH_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class Count:
    """Pictures that were trained on, of one `name` of a `kind` (KINDS), and showings of them."""

    kind: str
    name: str
    pictures: int
    times_shown: int


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What one ledger tells; all empty where there is none, and `why` then."""

    stage: str
    version: str
    dataset: str
    pictures: dict[str, int]
    times_shown: int
    by: tuple[Count, ...]
    why: str = ""

    def as_json(self) -> dict[str, object]:
        """For a program."""
        return {
            "name": self.stage,
            "version": self.version,
            "dataset": self.dataset,
            "unknown": self.why or None,
            **{
                relation: None if self.why else self.pictures.get(relation, 0)
                for relation in ("trained_on", "measured_with", "held")
            },
            "times_shown": None if self.why else self.times_shown,
            **{
                f"by_{kind.replace(' ', '_')}": [
                    {"name": one.name, "pictures": one.pictures, "times_shown": one.times_shown}
                    for one in self.by
                    if one.kind == kind
                ]
                for kind in KINDS
            },
        }


@dataclass(frozen=True, kw_only=True)
class ModelPictures:
    """A model, what its own ledger tells, and those of what it was made of or started from. `doubts`: what cannot be
    told, in words.
    """

    model: Model
    own: Counts
    parents: tuple[Counts, ...]
    doubts: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """For a program."""
        told = {"standing": self.model.standing, **self.own.as_json()}
        return {"model": told, "through": [one.as_json() for one in self.parents], "unknown": list(self.doubts)}

    def in_words(self) -> Iterator[str]:
        """Lines for a person."""
        yield f"{self.model.stage} {self.model.version} ({self.model.standing})"
        yield from _in_words(self.own)
        for one in self.parents:
            yield f"through {one.stage} {one.version}, which it was made of or started from"
            yield from _in_words(one)
        yield from self.doubts


def pictures_of_model(home: Home, called: str, *, most: int = MANY) -> ModelPictures:
    """The pictures of a model that is called so: `transformer`, `transformer 0123456789abcdef`, a folder, `latest`."""
    model = find_model(home, called)
    measured, unmeasured = measured_ledgers(home)
    own, *parents = (_counts(home, source, measured, most) for source in model.sources)
    doubts = [
        f"not known what else it was made of ({doubt}): treated as if it had seen every picture"
        for doubt in sorted(model.doubts)
    ]
    doubts += [
        f"not known what an evaluation of {stage} {version} read: it may have been measured with all of {dataset}"
        for stage, version, dataset in unmeasured
        if (stage, version) in {one.key for one in model.sources}
    ]
    return ModelPictures(model=model, own=own, parents=tuple(parents), doubts=tuple(doubts))


def write_pictures(home: Home, model: Model, path: Path) -> int:
    """Write a row for each picture of each proven ledger, the model's own first; how many."""
    rows = 0
    measured, _ = measured_ledgers(home)
    with replacing(path) as partial:
        writer: pq.ParquetWriter | None = None
        try:
            for source in model.sources:
                if source.ledger is None:
                    continue
                with _pictures(home, source, measured) as connection:
                    answer = connection.sql("select * from pictures order by item_id").to_arrow_reader(BATCH_ROWS)
                    writer = writer or pq.ParquetWriter(partial, answer.schema, compression="ZSTD")
                    for batch in answer:
                        writer.write_batch(batch)
                        rows += batch.num_rows
        finally:
            if writer is not None:
                writer.close()
        if writer is None:
            raise ConfigError(
                f"{model.stage} {model.version}: no proven ledger, so that nobody can tell its pictures "
                f"({'; '.join(one.why for one in model.sources)}); nothing is written to {path}"
            )
    return rows


def find_model(home: Home, called: str) -> Model:
    """ConfigError with the models that there are where none is called so."""
    found = all_models(home)
    said = parse(called)
    words = [said.name, *([said.version] if said.version else [])] if said.kind in (None, MODELS) else []
    if (folder := Path(called)).is_dir() and called != LATEST:
        meant = [one for one in found if one.folder.resolve() == folder.resolve()]
    elif words == [LATEST]:
        promoted = [one for one in found if one.is_latest]
        meant = sorted(promoted, key=lambda one: _promoted_at(home, one))[-1:]
    elif len(words) == 1:
        of_stage = [one for one in found if one.stage == words[0]]
        meant = [one for one in of_stage if one.is_latest] or [one for one in of_stage if one.is_candidate]
        meant = meant or (of_stage if len(of_stage) == 1 else [])
    elif len(words) == 2 and words[1] in (LATEST, "candidate"):
        version = home.pointed("models", words[0], words[1])
        meant = [one for one in found if (one.stage, one.version) == (words[0], version)]
    else:
        begins = [
            one for one in found if len(words) == 2 and one.stage == words[0] and one.version.startswith(words[1])
        ]
        meant = [one for one in begins if one.version == words[1]] or begins
    if len(meant) != 1:
        there = ", ".join(f"{one.stage} {one.version}" for one in found) or "none"
        meant_by = near(said.name, sorted({one.stage for one in found})) if not meant else ""
        what = "several models" if meant else "no model"
        raise ConfigError(
            f"{what} in {home.root} called {called!r}{meant_by}; expected a stage such as transformer, "
            f"a stage and a version, the folder of a model, or latest; there are: {there}"
        )
    return meant[0]


def _promoted_at(home: Home, model: Model) -> int:
    return (home.root / "models" / model.stage / LATEST).stat().st_mtime_ns


def _counts(home: Home, source: Source, measured: Sequence[Path], most: int) -> Counts:
    if source.ledger is None:
        return Counts(
            stage=source.stage,
            version=source.version,
            dataset=source.dataset_version,
            pictures={},
            times_shown=0,
            by=(),
            why=source.why or "no ledger",
        )
    with _pictures(home, source, measured) as connection:
        sums = connection.sql(
            "select relation, count(*), sum(times_shown)::bigint from pictures group by all"
        ).fetchall()
        by = connection.sql(load("model_counts"), params={"most": most}).to_arrow_table().to_pylist()
    return Counts(
        stage=source.stage,
        version=source.version,
        dataset=source.dataset_version,
        pictures={str(relation): int(pictures) for relation, pictures, _ in sums},
        times_shown=sum(int(times or 0) for *_, times in sums),
        by=tuple(Count(**row) for row in by),
    )


@contextmanager
def _pictures(home: Home, source: Source, measured: Sequence[Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a table `pictures`: the rows of a proven ledger, and of the evaluations' that are `measured`,
    with what the catalogue says of them.
    """
    assert source.ledger is not None
    with tables.engine(home) as connection:
        for name, paths in (("own", [source.ledger]), ("measured", measured)):
            shown(connection, Parts(table=MODEL_LEDGER, paths=tuple(paths))).create_view(name)
        given = {"stage": source.stage, "version": source.version}
        connection.execute(f"create table ledger as {load('model_ledger')}", given)
        for name, table in (("items", ITEMS), ("licensed", LICENSED), ("decisions", DECISIONS)):
            tables.relation(connection, home, table).create_view(name)
        connection.execute(f"create table pictures as {load('model_pictures')}")
        yield connection


def _in_words(counts: Counts) -> Iterator[str]:
    if counts.why:
        yield f"  unknown, treated as seen: all that dataset {counts.dataset or 'of no name'} held ({counts.why})"
        return
    yield (
        f"  trained on {counts.pictures.get('trained_on', 0)} pictures, shown {counts.times_shown} times; measured "
        f"with {counts.pictures.get('measured_with', 0)}; {counts.pictures.get('held', 0)} more were in its dataset "
        f"({counts.dataset}) and not shown"
    )
    for kind, title in KINDS.items():
        of_kind = [one for one in counts.by if one.kind == kind]
        if of_kind:
            yield f"  {title}:"
        yield from (f"    {one.pictures} pictures, {one.times_shown} showings: {one.name}" for one in of_kind[:FEW])
        if len(of_kind) > FEW:
            yield f"    and {len(of_kind) - FEW} more"
