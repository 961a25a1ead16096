"""What all stored pages name, kept by part file: only parts that were written since are looked through again.

One file of the home, `commons/named.json`, replaced as a whole. Where it is missing, damaged or of other code, every
part is looked through anew; the result is the same.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.code_version import code_version
from pd_assets.lib.commons.named_items import Named, named_on
from pd_assets.lib.home import Home, read_checked, write_checked

COLUMNS = ("wikitext", "mediainfo")

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class AllNamed:
    """What the pages of a home name, of how many rows, and how many parts were looked through for it now."""

    named: Named
    rows: int
    parts_read: int


def bring_in_step(home: Home) -> AllNamed:
    """Look through the parts of commons/pages that changed, and add up what all of them name."""
    before = _load(home)
    parts: dict[str, dict[str, object]] = {}
    named, rows, parts_read = Named(), 0, 0
    for path in tables.parts(home, PAGES):
        name, seen = str(path.relative_to(home.root.resolve())), _seen(path)
        part = before.get(name)
        if part is None or part["seen"] != seen:
            found = named_on(_rows(path))
            part = {"seen": seen, "items": sorted(found.items), "creators": sorted(found.creators)}
            parts_read += 1
        parts[name] = part
        named.items.update(part["items"])  # type: ignore[arg-type]
        named.creators.update(part["creators"])  # type: ignore[arg-type]
        rows += damage.row_count(PAGES, path)
    if parts != before:
        write_checked(_path(home), {"made_by": _made_by(), "parts": parts})
    return AllNamed(named=named, rows=rows, parts_read=parts_read)


def _rows(path: Path) -> Iterator[Mapping[str, object]]:
    return tables.rows(tables.read_part(PAGES, path, COLUMNS))


def _seen(path: Path) -> list[int]:
    told = path.stat()
    return [told.st_size, told.st_mtime_ns]


def _load(home: Home) -> dict[str, dict[str, object]]:
    path = _path(home)
    try:
        told = read_checked(path) if path.is_file() else {}
        parts = told["parts"] if told.get("made_by") == _made_by() else {}
        return {name: part for name, part in parts.items() if part.keys() == {"seen", "items", "creators"}}  # type: ignore[attr-defined]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        log.warning("%s: damaged (%s); every page is looked through again", path, error)
        return {}


def _made_by() -> str:
    return code_version("pd_assets.lib.commons.named_items")


def _path(home: Home) -> Path:
    return home.root / "commons" / "named.json"
