"""Names of Wikidata items as the table dataset/things has them, in a file that any process maps: none is held in memory
before it is asked for.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa

ROWS_AT_ONCE = 10_000
# A process looks at the same things again and again.
KEPT = 20_000
# Tables: things. One row each, with 64 bits that change with any of its names.
KEYS = """
select
    thing, md5_number_lower(thing || to_json(list(struct_pack(language, name) order by language))::varchar) as key,
    list(language order by language) as languages, list(name order by language) as names
from things where name is not null group by thing
"""


def spool(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the table `keys`, made by KEYS, to a file for `Names`."""
    reader = connection.sql("select * from keys order by thing").to_arrow_reader(ROWS_AT_ONCE)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)


@lru_cache(maxsize=1)
def spooled(path: str) -> "Names":
    """What `spool` wrote."""
    with pa.memory_map(path) as source:
        content = pa.ipc.open_file(source).read_all()
    return Names([batch for batch in content.to_batches() if batch.num_rows])


class Names(Mapping[str, Mapping[str, str]]):
    """Wikidata id -> language -> name, in batches sorted by id."""

    def __init__(self, batches: list[pa.RecordBatch]) -> None:
        self._batches = batches
        self._first = [batch["thing"][0].as_py() for batch in batches]
        self._kept: dict[str, tuple[int, dict[str, str]]] = {}

    def key(self, things: Iterable[str]) -> int:
        """64 bits that change with any name of any of these things."""
        found = 0
        for thing in things:
            told = self._find(thing)
            found ^= told[0] if told else 0
        return found

    def __getitem__(self, thing: str) -> Mapping[str, str]:
        told = self._find(thing)
        if told is None:
            raise KeyError(thing)
        return told[1]

    def __iter__(self) -> Iterator[str]:
        for batch in self._batches:
            yield from batch["thing"].to_pylist()

    def __len__(self) -> int:
        return sum(batch.num_rows for batch in self._batches)

    def _find(self, thing: str) -> tuple[int, dict[str, str]] | None:
        if thing not in self._kept:
            batch = self._batches[max(0, bisect_right(self._first, thing) - 1)] if self._batches else None
            column = batch["thing"] if batch is not None else ()
            place = bisect_left(column, thing, key=lambda value: value.as_py())
            if batch is None or place == len(column) or column[place].as_py() != thing:
                return None
            if len(self._kept) >= KEPT:
                self._kept.clear()
            row = batch.slice(place, 1).to_pylist()[0]
            self._kept[thing] = row["key"], dict(zip(row["languages"], row["names"], strict=True))
        return self._kept[thing]
