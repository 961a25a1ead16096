"""A file with the names of what is to be taken down: one a line, or the first column of a CSV. Errors: ConfigError."""

import csv
import io
from pathlib import Path

from pd_assets.lib.errors import ConfigError

MOST_NAMES, MOST_BYTES = 100_000, 20_000_000
# What the first cell of a CSV may be called.
HEADS = frozenset(
    {"item", "item_id", "id", "name", "named", "title", "file", "url", "page", "page_url", "sha1", "sha256", "digest"}
)


def read_names(path: Path) -> tuple[str, ...]:
    """The names in a file, each once, in their order; what follows a `#` is a comment. A `.csv` has them in its first
    column, with or without a head.
    """
    try:
        with path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror or error}); expected a list of names") from error
    if len(body) > MOST_BYTES:
        raise ConfigError(f"{path}: more than {MOST_BYTES} bytes; expected a list of {MOST_NAMES} names at most")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: no UTF-8 ({error.reason}); expected a text of names") from error
    found = tuple(dict.fromkeys(_first_cells(path, text) if path.suffix.lower() == ".csv" else _lines(text)))
    if not found:
        raise ConfigError(f"{path}: no name in it; expected an id, a title, an address or a digest on each line")
    if len(found) > MOST_NAMES:
        raise ConfigError(f"{path}: {len(found)} names; expected {MOST_NAMES} at most: cut the list")
    return found


def _lines(text: str) -> list[str]:
    """Titles and ids have no `#`; an address may, but not after a space."""
    found = []
    for line in text.splitlines():
        named = "" if line.lstrip().startswith("#") else line.split(" #", 1)[0].split("\t#", 1)[0]
        found += [named.strip()] if named.strip() else []
    return found


def _first_cells(path: Path, text: str) -> list[str]:
    try:
        rows = [row[0].strip() for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error as error:
        raise ConfigError(f"{path}: no CSV ({error}); expected names in its first column") from error
    found = [cell for cell in rows if cell and not cell.startswith("#")]
    return found[1:] if found and found[0].lower() in HEADS else found
