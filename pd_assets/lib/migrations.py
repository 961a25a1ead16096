"""The format of a home, in `home.json` at its root, and what brings an older one to this version's.

A step can be run again and does nothing where it was done, so that a migration goes on where it was interrupted; each
writes its number last. Never is anything removed that nothing else tells.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import damage
from pd_assets.lib.catalog.schemas import TABLES
from pd_assets.lib.catalog.schemas.table import Kept, Table
from pd_assets.lib.catalog.tables import files_of
from pd_assets.lib.errors import ConfigError, DamagedTable
from pd_assets.lib.home import Home, alone, read_checked, replacing, write_checked

MARKER = "home.json"
# Of a home that says none.
FIRST = 1


@dataclass(frozen=True, kw_only=True)
class Step:
    """What makes a home of the format before one of format `to`. `run` yields what it could not do, in words."""

    to: int
    does: str
    run: Callable[[Home], Iterator[str]]
    is_needed: Callable[[Home], bool]


def _keep_evidence_twice(home: Home) -> Iterator[str]:
    for table in _EVIDENCE:
        for path in files_of(home, table):
            if damage.second(path).is_file():
                continue
            try:
                _rewrite(table, path)
                damage.keep_second(table, path)
            except DamagedTable as error:
                yield str(error)


def _rewrite(table: Table, path: Path) -> None:
    """The same rows in a file whose pages have checksums."""
    with replacing(path) as partial, pq.ParquetWriter(partial, table.schema, **damage.WRITTEN) as writer:
        for batch in damage.batches(table, path):
            held = pa.Table.from_batches([batch])
            missing = [name for name in table.columns if name not in held.column_names]
            for name in missing:
                held = held.append_column(table.schema.field(name), pa.nulls(len(held), table.schema.field(name).type))
            writer.write_table(held.select(list(table.columns)).cast(table.schema))


def _is_kept_once(home: Home) -> bool:
    once = [path for table in _TWICE for path in files_of(home, table) if not damage.second(path).is_file()]
    return bool(once)


_TWICE = [table for table in TABLES.values() if table.kept is Kept.TWICE]
_EVIDENCE = [table for table in TABLES.values() if table.kept in (Kept.TWICE, Kept.EVIDENCE)]

STEPS: Sequence[Step] = (
    Step(
        to=2,
        does="evidence is written with checksums, and what nothing else tells lies there twice",
        run=_keep_evidence_twice,
        is_needed=_is_kept_once,
    ),
)


def newest(steps: Sequence[Step] = STEPS) -> int:
    """The format that this version writes."""
    return steps[-1].to if steps else FIRST


def format_of(home: Home, steps: Sequence[Step] = STEPS) -> int:
    """The format of a home; of one that says none, the last that needs nothing done. ConfigError for a damaged mark."""
    path = home.root / MARKER
    if path.is_file():
        return _said(path)
    return next((step.to - 1 for step in steps if step.is_needed(home)), newest(steps))


def _said(path: Path) -> int:
    try:
        found = read_checked(path)["format"]
        if not isinstance(found, int):
            raise ValueError(f"format {found!r}")
        return found
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f'{path}: damaged ({error}); expected {{"format": {newest()}}}; run `pdd migrate`, which looks at the home '
            "itself"
        ) from error


def require_current(home: Home, steps: Sequence[Step] = STEPS) -> None:
    """ConfigError for a home of another format."""
    found, expected = format_of(home, steps), newest(steps)
    _refuse_newer(home, found, expected)
    if found < expected:
        raise ConfigError(
            f"PD_HOME={home.root}: found format {found}, expected {expected}: run `pdd migrate`, which keeps "
            "all that is in it"
        )


def note(home: Home) -> None:
    """Note the format in a home that says none and needs nothing done: a new one is of this version's."""
    if not (home.root / MARKER).is_file() and format_of(home) == newest():
        write_checked(home.root / MARKER, {"format": newest()})


def refuse_newer(home: Home) -> None:
    """ConfigError for a home that a newer version wrote; older ones can be asked as they are."""
    if (home.root / MARKER).is_file():
        _refuse_newer(home, _said(home.root / MARKER), newest())


def _refuse_newer(home: Home, found: int, expected: int) -> None:
    if found > expected:
        raise ConfigError(
            f"PD_HOME={home.root}: found format {found}, made by a newer version; this one knows formats up to "
            f"{expected}: upgrade to that version, or set PD_HOME to another folder"
        )


def migrate(home: Home, steps: Sequence[Step] = STEPS) -> Iterator[str]:
    """Bring a home to this version's format, and say what is done. ConfigError for one of a newer version.

    One whose mark is damaged is looked at from the first step on.
    """
    with alone(home.root / ".tmp", "migrates the home"):
        try:
            found = format_of(home, steps)
        except ConfigError as error:
            yield str(error)
            found = FIRST
        _refuse_newer(home, found, newest(steps))
        for step in steps:
            if step.to > found:
                yield f"format {step.to}: {step.does}"
                yield from step.run(home)
                write_checked(home.root / MARKER, {"format": step.to})
        if not (home.root / MARKER).is_file() or found == newest(steps):
            write_checked(home.root / MARKER, {"format": newest(steps)})
        yield f"{home.root} is of format {newest(steps)}, this version's"
