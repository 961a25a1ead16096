"""What is known of makers, works and templates, loaded from the tables that hold it, compactly.

Entities are streamed into a file in their order (`spool`) and mapped from it: a process that decides costs 8 bytes for
each, and what it looks at. A table that was never written knows nothing, which is no error. The mark of each is kept
from run to run in a cache under PD_HOME/.tmp, so that only what changed is marked again (`show_marks`).
"""

import json
import shutil
import tempfile
from collections.abc import ItemsView, Iterator, Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.damage import WRITTEN
from pd_assets.lib.catalog.schemas import CREATORS
from pd_assets.lib.catalog.schemas.table import TEXT
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.code_version import code_version
from pd_assets.lib.home import Home, replacing
from pd_assets.lib.page.dates import Years
from pd_assets.lib.page.wikitext import normal_name
from pd_assets.lib.rights.claims import Settled
from pd_assets.lib.rights.judgements import settled_by_people
from pd_assets.lib.rights.knowledge import (
    NOTHING,
    Entity,
    EntityKind,
    Knowledge,
    TemplateFact,
    TemplateKind,
    judged_mark,
    mark,
)
from pd_assets.lib.rights.stored_templates import templates_known

CREATOR_PAGE = "creator_page"
YEARS = ("born", "died", "made")
COLUMNS = (
    *("asked", "kind", "item", "name", "revid", "modified", "makers", "has_unnamed_maker", "is_anonymous"),
    *("classes", "materials", *(f"{what}_{which}" for what in YEARS for which in ("first", "last", "named"))),
)
NUMBER = "number"
ROWS_AT_ONCE = 10_000
# A process looks at the same makers again and again.
ENTITIES_KEPT = 20_000
ENTITIES, OTHERS = "entities.arrow", "others.json"
# Of the cache of marks: `content` is a hash of what the mark of an entity is made of.
MARKS = "marks.parquet"
MARKED = pa.schema({"key": TEXT, "content": pa.uint64(), "mark": TEXT})
MADE_BY = b"pd.made_by"
NO_PART_OF_A_MARK = ("revid", "modified")


def load_knowledge(home: Home) -> Knowledge:
    """All that the tables of a home know."""
    home.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.scratch, prefix="known-") as folder:
        # What is mapped stays when its name goes.
        return _opened(spool(home, Path(folder)))


def spool(home: Home, folder: Path) -> Path:
    """Write what the tables of a home know into a folder, for this and other processes to open with `spooled`."""
    with tables.engine(home) as connection:
        tables.relation(connection, home, CREATORS).create_view("creators")
        chosen = f"select {', '.join(COLUMNS)} from creators"
        entities = connection.sql(
            f"select *, cast(substr(asked, 2) as bigint) as {NUMBER} from ({chosen}) where kind <> '{CREATOR_PAGE}' "
            f"order by {NUMBER}"
        ).to_arrow_reader(ROWS_AT_ONCE)
        with pa.OSFile(str(folder / ENTITIES), "wb") as sink, pa.ipc.new_file(sink, entities.schema) as writer:
            for batch in entities:
                writer.write_batch(batch)
        pages = _creator_pages(connection)
    others = {
        "creator_pages": {
            name: behind if isinstance(behind, str) else asdict(behind) for name, behind in pages.items()
        },
        "templates": [asdict(one) for one in templates_known(home).values()],
        "judged": {item_id: [asdict(one) for one in said] for item_id, said in settled_by_people(home).items()},
    }
    (folder / OTHERS).write_text(json.dumps(others))
    return folder


def show_marks(home: Home, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make the table `marks` (key, mark) of everything that is known now; what the cache has is not marked again. The
    table `judged` (item_id, mark) has those of what people judged."""
    run = connection.execute
    tables.relation(connection, home, CREATORS).create_view("creators")
    cache = home.scratch / MARKS
    connection.from_arrow(pa.RecordBatchReader.from_batches(MARKED, _cached(cache))).create("cached")
    content = ", ".join(name for name in COLUMNS if name not in NO_PART_OF_A_MARK)
    run(load("unmarked").format(content=content, creator_page=CREATOR_PAGE))
    ((is_news,),) = run("select (select count(*) from unmarked) + (select count(*) from forgotten) > 0").fetchall()
    if is_news:
        path = folder / MARKS
        with pq.ParquetWriter(path, MARKED, **WRITTEN) as writer:
            kept = "select cached.* from cached anti join forgotten using (key, content)"
            for batch in connection.sql(kept).to_arrow_reader(ROWS_AT_ONCE):
                writer.write_batch(batch)
            new = f"select {', '.join(COLUMNS)}, content from creators join unmarked on asked = key"
            for batch in connection.sql(new).to_arrow_reader(ROWS_AT_ONCE):
                writer.write_batch(_marked(batch))
            writer.add_key_value_metadata({MADE_BY: _made_by()})
        with replacing(cache) as partial:
            shutil.copyfile(path, partial)
        run("drop table cached")
        connection.read_parquet(str(path)).create_view("cached")
    others = [(name, mark(name, behind)) for name, behind in _creator_pages(connection).items()]
    others += [(key := f"template:{name}", mark(key, fact)) for name, fact in templates_known(home).items()]
    judged = [(item_id, judged_mark(item_id, said)) for item_id, said in settled_by_people(home).items()]
    others += [(f"judged:{item_id}", one) for item_id, one in judged]
    told = {"key": [key for key, _ in others], "mark": [one for _, one in others]}
    connection.register("others", pa.table(told, schema=pa.schema({"key": TEXT, "mark": TEXT})))
    run("create table marks as select key, mark from cached union all select key, mark from others")
    told = {"item_id": [item_id for item_id, _ in judged], "mark": [one for _, one in judged]}
    connection.from_arrow(pa.table(told, schema=pa.schema({"item_id": TEXT, "mark": TEXT}))).create("judged")


def _cached(path: Path) -> Iterator[pa.RecordBatch]:
    """What the cache holds; nothing where it is of another version of ours, is damaged or was never written."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if (file.metadata.metadata or {}).get(MADE_BY) == _made_by():
                yield from [batch.cast(MARKED) for batch in file.iter_batches(ROWS_AT_ONCE)]
    except (OSError, pa.ArrowException):
        return


def _made_by() -> bytes:
    return f"{code_version(__name__)} {duckdb.__version__}".encode()


def _marked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of commons/creators and `content` as MARKED."""
    told = [mark(str(row["asked"]), _entity_of(row)) for row in batch.to_pylist()]
    return pa.RecordBatch.from_arrays([batch["asked"], batch["content"], pa.array(told, TEXT)], schema=MARKED)


@lru_cache(maxsize=1)
def spooled(folder: str) -> Knowledge:
    """What `spool` wrote, without reading the entities; nothing where no folder is named."""
    return _opened(Path(folder)) if folder else NOTHING


def _opened(folder: Path) -> Knowledge:
    with pa.memory_map(str(folder / ENTITIES)) as source:
        content = pa.ipc.open_file(source).read_all()
    others = json.loads((folder / OTHERS).read_text())
    facts = [
        TemplateFact(**{**told, "kind": TemplateKind(told["kind"]), "shows": tuple(told["shows"])})
        for told in others["templates"]
    ]
    return Knowledge(
        entities=StoredEntities(content),
        creator_pages={
            name: behind if isinstance(behind, str) else _person_of(behind)
            for name, behind in others["creator_pages"].items()
        },
        templates={fact.name: fact for fact in facts},
        judged={item_id: tuple(map(_settled_of, said)) for item_id, said in others["judged"].items()},
    )


def _settled_of(told: Mapping[str, object]) -> Settled:
    """What people came to, as it was spooled."""
    lists = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    return Settled(**lists)  # type: ignore[arg-type]


class StoredEntities(Mapping[str, Entity]):
    """Entities by the id that was asked for, in an Arrow table sorted by the number of that id."""

    def __init__(self, content: pa.Table) -> None:
        self.content = content
        self._batches = content.to_batches()
        self._ends = np.cumsum([batch.num_rows for batch in self._batches])
        self._numbers = content[NUMBER].to_numpy()
        self._kept: dict[int, Entity] = {}

    def __getitem__(self, item: str) -> Entity:
        place = self._place(item)
        if place is None:
            raise KeyError(item)
        if place not in self._kept:
            if len(self._kept) >= ENTITIES_KEPT:
                self._kept.clear()
            self._kept[place] = _entity_of(self._row(place))
        return self._kept[place]

    def __contains__(self, item: object) -> bool:
        return isinstance(item, str) and self._place(item) is not None

    def __iter__(self) -> Iterator[str]:
        for batch in self.content.select(["asked"]).to_batches(max_chunksize=ROWS_AT_ONCE):
            yield from batch["asked"].to_pylist()

    def __len__(self) -> int:
        return int(self.content.num_rows)

    def items(self) -> ItemsView[str, Entity]:
        """Every entity once, without keeping any."""
        return _InOrder(self)

    def _row(self, place: int) -> dict[str, object]:
        number = int(np.searchsorted(self._ends, place, side="right"))
        batch = self._batches[number]
        row: dict[str, object] = batch.slice(place - int(self._ends[number]) + batch.num_rows, 1).to_pylist()[0]
        return row

    def _place(self, item: str) -> int | None:
        digits = item[1:]
        if item[:1] != "Q" or not digits.isascii() or not digits.isdecimal() or len(digits) > 15:
            return None
        number = int(digits)
        place = int(np.searchsorted(self._numbers, number))
        is_there = place < len(self._numbers) and int(self._numbers[place]) == number
        return place if is_there and digits == str(number) else None


class _InOrder(ItemsView[str, Entity]):
    """The entities read in batches, which is faster than one by one."""

    def __init__(self, stored: StoredEntities) -> None:
        super().__init__(stored)
        self._content = stored.content

    def __iter__(self) -> Iterator[tuple[str, Entity]]:
        for batch in self._content.to_batches(max_chunksize=ROWS_AT_ONCE):
            yield from ((str(row["asked"]), _entity_of(row)) for row in batch.to_pylist())


def _entity_of(row: Mapping[str, object]) -> Entity:
    modified = row["modified"]
    return Entity(
        asked=str(row["asked"]),
        item=str(row["item"] or row["asked"]),
        revid=row["revid"],  # type: ignore[arg-type]
        edited_on=str(modified)[:10] if modified else None,
        kind=EntityKind(str(row["kind"])),
        name=row["name"],  # type: ignore[arg-type]
        has_unnamed_maker=bool(row["has_unnamed_maker"]),
        is_anonymous=bool(row["is_anonymous"]),
        **{name: tuple(row[name] or ()) for name in ("makers", "classes", "materials")},  # type: ignore[arg-type]
        **{what: _years(row, what) for what in YEARS},  # type: ignore[arg-type]
    )


def _years(row: Mapping[str, object], what: str) -> Years | None:
    first, last, named = (row[f"{what}_{which}"] for which in ("first", "last", "named"))
    if first is None:
        return None
    return Years(first=first, last=last, named=named)  # type: ignore[arg-type]


def _person_of(told: Mapping[str, Mapping[str, int] | None]) -> Entity:
    """The entity of a Creator page as it was spooled: a person with a life."""
    born, died = (Years(**years) if (years := told[what]) is not None else None for what in ("born", "died"))
    return Entity(asked=str(told["asked"]), item=str(told["item"]), revid=told["revid"], edited_on=told["edited_on"],  # type: ignore[arg-type]
                  kind=EntityKind.PERSON, born=born, died=died)  # fmt: skip


def _creator_pages(connection: duckdb.DuckDBPyConnection) -> dict[str, str | Entity]:
    """Normal name -> item, or the life that the page tells itself. Pages whose names differ in capitals alone, and say
    different things, tell nothing. View: creators."""
    pages = connection.sql(f"select {', '.join(COLUMNS)} from creators where kind = '{CREATOR_PAGE}'")
    found: dict[str, set[str | Entity]] = {}
    for batch in pages.to_arrow_reader(ROWS_AT_ONCE):
        for row in batch.to_pylist():
            behind: str | Entity = row["item"] or ""
            if not behind and row["died_last"] is not None:
                behind = replace(_entity_of({**row, "kind": EntityKind.PERSON, "item": row["asked"]}), name=None)
            found.setdefault(normal_name(row["asked"]), set()).add(behind)
    told = {name: next(iter(behind)) for name, behind in found.items() if len(behind) == 1}
    return {name: behind for name, behind in told.items() if behind}
