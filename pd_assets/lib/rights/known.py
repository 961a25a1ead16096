"""What is known of makers, works and templates, loaded from the tables that hold it, compactly.

Entities stay in Arrow until one is asked for: a process that decides maps the file that another one wrote (`spool`),
and costs little more memory than what it looks at. A table that was never written knows nothing, which is no error.
"""

import json
from collections.abc import ItemsView, Iterator, Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CREATORS, TEXT
from pd_assets.lib.home import Home
from pd_assets.lib.page.dates import Years
from pd_assets.lib.page.wikitext import normal_name
from pd_assets.lib.rights.knowledge import NOTHING, Entity, EntityKind, Knowledge, TemplateFact, TemplateKind, each_mark
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
ENTITIES, OTHERS, MARKS = "entities.arrow", "others.json", "marks.parquet"
MARKS_SCHEMA = pa.schema({"key": TEXT, "mark": TEXT})


def load_knowledge(home: Home) -> Knowledge:
    """All that the tables of a home know."""
    found = tables.read_or_empty(home, CREATORS, COLUMNS)
    is_page = pc.fill_null(pc.equal(found["kind"], CREATOR_PAGE), False)
    is_entity = pc.and_(pc.is_valid(found["kind"]), pc.invert(is_page))
    return Knowledge(
        entities=StoredEntities(_by_number(found.filter(is_entity))),
        creator_pages=_creator_pages(found.filter(is_page)),
        templates=templates_known(home),
    )


def spool(known: Knowledge, folder: Path) -> Path:
    """Write what `load_knowledge` gave, and MARKS, into a folder, for other processes to open with `spooled`."""
    assert isinstance(known.entities, StoredEntities), "what was loaded is written"
    content = known.entities.content
    with pa.OSFile(str(folder / ENTITIES), "wb") as sink, pa.ipc.new_file(sink, content.schema) as writer:
        writer.write_table(content)
    others = {
        "creator_pages": {
            name: behind if isinstance(behind, str) else asdict(behind) for name, behind in known.creator_pages.items()
        },
        "templates": [asdict(one) for one in known.templates.values()],
    }
    (folder / OTHERS).write_text(json.dumps(others))
    marks = each_mark(known)
    with pq.ParquetWriter(folder / MARKS, MARKS_SCHEMA, compression="ZSTD") as writer:
        while some := list(islice(marks, ROWS_AT_ONCE)):
            keys, told = zip(*some, strict=True)
            writer.write_table(pa.table({"key": keys, "mark": told}, schema=MARKS_SCHEMA))
    return folder


@lru_cache(maxsize=1)
def spooled(folder: str) -> Knowledge:
    """What `spool` wrote, without reading the entities; nothing where no folder is named."""
    if not folder:
        return NOTHING
    with pa.memory_map(str(Path(folder) / ENTITIES)) as source:
        content = pa.ipc.open_file(source).read_all()
    others = json.loads((Path(folder) / OTHERS).read_text())
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
    )


class StoredEntities(Mapping[str, Entity]):
    """Entities by the id that was asked for, in an Arrow table sorted by the number of that id."""

    def __init__(self, content: pa.Table) -> None:
        self.content = content.combine_chunks()
        self._numbers = self.content[NUMBER].to_numpy()
        self._kept: dict[int, Entity] = {}

    def __getitem__(self, item: str) -> Entity:
        place = self._place(item)
        if place is None:
            raise KeyError(item)
        if place not in self._kept:
            if len(self._kept) >= ENTITIES_KEPT:
                self._kept.clear()
            self._kept[place] = _entity_of(self.content.slice(place, 1).to_pylist()[0])
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


def _by_number(content: pa.Table) -> pa.Table:
    numbers = pc.cast(pc.utf8_slice_codeunits(content["asked"], 1), pa.int64())
    return content.append_column(NUMBER, numbers).sort_by(NUMBER).combine_chunks()


def _person_of(told: Mapping[str, Mapping[str, int] | None]) -> Entity:
    """The entity of a Creator page as it was spooled: a person with a life."""
    born, died = (Years(**years) if (years := told[what]) is not None else None for what in ("born", "died"))
    return Entity(asked=str(told["asked"]), item=str(told["item"]), revid=told["revid"], edited_on=told["edited_on"],  # type: ignore[arg-type]
                  kind=EntityKind.PERSON, born=born, died=died)  # fmt: skip


def _creator_pages(content: pa.Table) -> dict[str, str | Entity]:
    """Normal name -> item, or the life that the page tells itself. Pages whose names differ in capitals alone, and say
    different things, tell nothing."""
    found: dict[str, set[str | Entity]] = {}
    for row in content.to_pylist():
        behind: str | Entity = row["item"] or ""
        if not behind and row["died_last"] is not None:
            behind = replace(_entity_of({**row, "kind": EntityKind.PERSON, "item": row["asked"]}), name=None)
        found.setdefault(normal_name(row["asked"]), set()).add(behind)
    told = {name: next(iter(behind)) for name, behind in found.items() if len(behind) == 1}
    return {name: behind for name, behind in told.items() if behind}
