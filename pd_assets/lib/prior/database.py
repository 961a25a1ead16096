"""PD-Diffusion's SQLite database: titles and labels, read without changing anything in it or beside it.

Its tables, over its history: `datasetimage` (id, dataset_id, file_id, is_banned), `wikimediacommons_image` (id,
dataset_id, post_id, last_edited, wikidata), `datasetlabel` (image_id, dataset_id, data_key, value), before that
`wikimediacommons_data` of the same columns. `dataset_id` is `WikimediaCommons:` and the address of the API. No other
column is read. Errors: ConfigError.
"""

import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.prior.found import Found, Tally
from pd_assets.lib.prior.titles import NoTitle, file_title

MAGIC = b"SQLite format 3\x00"
WAL_MODE = b"\x02\x02"
BUSY_S = 2.0
SOURCE = "WikimediaCommons:"
PICTURES, LABELS = ("datasetimage", "wikimediacommons_image"), ("datasetlabel", "wikimediacommons_data")
# What a column may be called, the name of the prior system first.
COLUMNS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "title": ("id", "title", "page_title"),
        "dataset": ("dataset_id", "dataset"),
        "banned": ("is_banned",),
        "of": ("image_id", "title"),
        "key": ("data_key", "key"),
        "value": ("value",),
    }
)


def is_sqlite(path: Path) -> bool:
    """Whether a file begins as a SQLite database does."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_database(path: Path, *, api: str, scratch: Path) -> Found:
    """Everything that is usable in the database. `scratch`: where a copy of it may lie while it is read."""
    found = Found(what=f"SQLite database {path.name}")
    try:
        with _opened(path, scratch, found) as connection:
            tables = _tables(connection)
            pictures, labels = ([name for name in names if name in tables] for names in (PICTURES, LABELS))
            usable = [name for name in pictures if _column(tables[name], "title")]
            if not usable:
                raise ConfigError(_not_ours(path, tables))
            for number, name in enumerate(usable):
                # The second table has the same pictures: what is wrong with them was told.
                _read_pictures(connection, name, tables[name], found if number == 0 else _beside(found), api)
            for name in labels:
                _read_labels(connection, name, tables[name], found, api)
            if not labels:
                found.notes.append(f"it has no table of labels ({' or '.join(LABELS)}): titles alone are taken over")
    except sqlite3.OperationalError as error:
        raise ConfigError(_cannot_be_read(path, error)) from error
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"{path}: damaged ({error}); expected a whole SQLite database; restore it") from error
    return found


@contextmanager
def _opened(path: Path, scratch: Path, found: Found) -> Iterator[sqlite3.Connection]:
    """A connection that changes nothing: read-only, or on a copy where SQLite would have to write to read it."""
    if _holds(path, "-wal"):
        found.notes.append("its write-ahead log lies beside it: both were copied, and the copy was read")
        with _copied(path, scratch) as connection:
            yield connection
    elif _is_interrupted(path):
        found.notes.append("an interrupted change lies beside it: both were copied, and it was rolled back in the copy")
        with _copied(path, scratch) as connection:
            yield connection
    else:
        with closing(_connection(path, _read_only(path))) as connection:
            yield connection


def _read_only(path: Path) -> str:
    """How to open it. In the mode of write-ahead logs SQLite makes a log to read; without one all is in the file."""
    with path.open("rb") as file:
        return "mode=ro&immutable=1" if file.read(20)[18:20] == WAL_MODE else "mode=ro"


def _is_interrupted(path: Path) -> bool:
    """Whether a change that nobody ends any more waits to be rolled back, which a reader cannot do."""
    if not _holds(path, "-journal"):
        return False
    with closing(_connection(path, "mode=ro")) as connection:
        try:
            connection.execute("select count(*) from sqlite_master").fetchall()
        except sqlite3.OperationalError as error:
            return not _is_busy(error)
    return False


def _connection(path: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?{how}", uri=True, timeout=BUSY_S)
    # Decoded by us: one text that is no UTF-8 costs its own row.
    connection.text_factory = bytes
    return connection


def _holds(path: Path, ending: str) -> bool:
    beside = path.with_name(path.name + ending)
    return beside.is_file() and beside.stat().st_size > 0


@contextmanager
def _copied(path: Path, scratch: Path) -> Iterator[sqlite3.Connection]:
    with tempfile.TemporaryDirectory(dir=scratch, prefix="prior-") as folder:
        for ending in ("", "-wal", "-journal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(path.with_name(path.name + ending), Path(folder) / f"prior.db{ending}")
        with closing(_connection(Path(folder) / "prior.db", "mode=rw")) as connection:
            yield connection


def _tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Table -> its columns."""
    names = connection.execute("select name from sqlite_master where type = 'table' order by name").fetchall()
    told: dict[str, list[str]] = {}
    for (raw,) in names:
        name = raw.decode(errors="replace")
        rows = connection.execute(f"pragma table_info({_quoted(name)})").fetchall()
        told[name] = [row[1].decode(errors="replace") for row in rows]
    return told


def _beside(found: Found) -> Found:
    """The same titles, with what is wrong counted apart."""
    return replace(found, unreadable=Tally(), elsewhere=Tally())


def _read_pictures(connection: sqlite3.Connection, table: str, columns: list[str], found: Found, api: str) -> None:
    wanted = [_column(columns, name) for name in ("title", "dataset", "banned")]
    for title, dataset, banned in _rows(connection, table, wanted, found):
        if (name := _titled(title, dataset, found, api)) is not None and name not in found.by_title:
            found.by_title[name] = []
            found.banned += banned == 1


def _titled(title: object, dataset: object, found: Found, api: str) -> str | None:
    """A row's title in normal form; None where it is none of this archive."""
    try:
        source = _text(dataset) if dataset is not None else SOURCE + api
        if source != SOURCE + api:
            found.elsewhere.add(str(source).removeprefix(SOURCE))
            return None
        return file_title(_text(title))
    except UnicodeDecodeError:
        found.unreadable.add("a text that is no UTF-8", title)
    except NoTitle as error:
        found.unreadable.add(str(error), _shown(title))
    return None


def _read_labels(connection: sqlite3.Connection, table: str, columns: list[str], found: Found, api: str) -> None:
    wanted = [_column(columns, name) for name in ("of", "dataset", "key", "value")]
    missing = [name for name, column in zip(("image_id", "", "data_key", "value"), wanted, strict=True) if not column]
    if any(missing):
        lacking = ", ".join(filter(None, missing))
        found.notes.append(f"no label is read: {table} has the columns {', '.join(columns)}, expected {lacking}")
        return
    for of, dataset, key, value in _rows(connection, table, wanted, found):
        try:
            source = _text(dataset) if dataset is not None else SOURCE + api
            title, name, text = _text(of), _text(key), _text(value)
        except UnicodeDecodeError:
            found.unreadable.add("a label that is no UTF-8", of)
            continue
        if source != SOURCE + api or text is None:
            continue
        try:
            labels = found.by_title[file_title(title)]
        except NoTitle:
            continue  # told of the picture
        except KeyError:
            found.unreadable.add("a label of no picture in it", title)
            continue
        if isinstance(name, str) and isinstance(text, str):
            labels.append((sys.intern(name), text))
        else:
            found.unreadable.add("a label that is no text", title)


def _rows(
    connection: sqlite3.Connection, table: str, columns: Sequence[str | None], found: Found
) -> Iterator[tuple[object, ...]]:
    """Some columns of a table, null for those that it does not have, as far as it can be read."""
    names = ", ".join(_quoted(name) if name else "null" for name in columns)
    cursor = connection.execute(f"select {names} from {_quoted(table)}")
    while True:
        try:
            row = cursor.fetchone()
        except sqlite3.DatabaseError as error:
            found.unreadable.add(f"the rest of {table}, which is damaged")
            found.notes.append(f"{table} can be read only in part ({error}): titles behind that are not taken over")
            return
        if row is None:
            return
        yield row


def _text(value: object) -> object:
    """What SQLite has as text, decoded; anything else as it is. UnicodeDecodeError."""
    return value.decode() if isinstance(value, bytes) else value


def _shown(value: object) -> object:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _column(columns: Sequence[str], name: str) -> str | None:
    lower = {column.lower(): column for column in columns}
    return next((lower[one] for one in COLUMNS[name] if one in lower), None)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _not_ours(path: Path, tables: Mapping[str, Sequence[str]]) -> str:
    told = "; ".join(f"{name} ({', '.join(columns)})" for name, columns in list(tables.items())[:20]) or "no table"
    return (
        f"{path}: no database of PD-Diffusion: it has {told}; expected {' or '.join(PICTURES)} with the column id; "
        "give the file that DATABASE_CONNECTION in its .env names"
    )


def _cannot_be_read(path: Path, error: sqlite3.OperationalError) -> str:
    if _is_busy(error):
        return f"{path}: another program is writing it ({error}); let that end or close it, and run again"
    return f"{path}: cannot be read ({error}); expected a SQLite database that you may read"


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return "locked" in str(error) or "busy" in str(error)
