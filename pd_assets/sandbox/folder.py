"""Pages made from a folder of pictures and its `metadata.jsonl`, one JSON object a line.

Needed in each line: `file` (relative to the folder), `title`, `artist`, `caption` (the last two may be null), and
`year` where it is known. The licence template follows from `pd_scope` and the dates, never more generous than they
allow; pages that it leaves outside the default roots are put below them by hand:

    pd_scope                         artist, date                          template
    (none) or "by-age"               dated 1880 or earlier                 PD-Art|PD-old-100-expired
    "life+70"                        died more than 100 years ago          PD-Art|PD-old-100-expired
    "life+70"                        died later, or unknown                PD-Art|PD-old-70-expired
    "us-only"                                                              PD-Art|PD-US-expired
    "us-government"                                                        PD-USGov
    anything else                                                          none

A field `license_templates` (list of wikitext strings) overrides the table. Errors: SandboxError.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pd_assets.lib.errors import SandboxError
from pd_assets.sandbox.population import FIRST_UPLOAD, LAST_UPLOAD, category_pages
from pd_assets.sandbox.records import NewPage, StoredFile, Truth
from pd_assets.sandbox.tree import BY_HAND

METADATA = "metadata.jsonl"
OLD_ENOUGH_YEAR = 1880
REQUIRED = ("file", "title", "artist", "caption")
ROOT_TAGS = ("PD-Art|PD-old-100-expired}}", "PD-Art|PD-old-100}}")
MAX_NAME_BYTES = 200
MAX_REPORTED = 5
_ILLEGAL = re.compile(r"[#<>\[\]{}|:/\\\x00-\x1f\x7f]|%(?=[0-9A-Fa-f]{2})|&(?=[A-Za-z0-9#]+;)")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the metadata file."""

    path: Path
    title: str
    artist: str | None
    year: str | None
    caption: str | None
    scope: str | None
    death_year: int | None
    templates: tuple[str, ...] | None
    museum: str | None


def folder_pages(folder: Path, this_year: int) -> list[NewPage]:
    """The categories and one page per line of the folder's metadata. Errors: SandboxError, listing what is wrong."""
    entries = read_entries(folder)
    step = (LAST_UPLOAD - FIRST_UPLOAD) / max(len(entries), 1)
    taken: set[str] = set()
    files = [
        _page(entry, (FIRST_UPLOAD + step * number).replace(microsecond=0), this_year, taken)
        for number, entry in enumerate(entries)
    ]
    return [*category_pages(()), *files]


def read_entries(folder: Path) -> list[Entry]:
    """The lines of `metadata.jsonl`. Errors: SandboxError."""
    path = folder / METADATA
    if not path.is_file():
        raise SandboxError(
            f"No {METADATA} in {folder}; expected one JSON object a line with {', '.join(REQUIRED)}. "
            "Name a folder that holds one."
        )
    entries, problems = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(line, folder))
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    if problems:
        shown = "; ".join(problems[:MAX_REPORTED])
        more = f"; and {len(problems) - MAX_REPORTED} more" if len(problems) > MAX_REPORTED else ""
        raise SandboxError(f"{path} cannot be served: {shown}{more}. Mend or remove these lines.")
    if not entries:
        raise SandboxError(f"{path} is empty; expected one JSON object a line with {', '.join(REQUIRED)}.")
    return entries


def licence_templates(entry: Entry, this_year: int) -> tuple[str, ...]:
    """The licence wikitext of an entry, by the table in this module's docstring."""
    if entry.templates is not None:
        return entry.templates
    year = _year(entry.year)
    if entry.scope in (None, "by-age"):
        return ("{{PD-Art|PD-old-100-expired}}",) if year is not None and year <= OLD_ENOUGH_YEAR else ()
    if entry.scope == "life+70":
        long_dead = entry.death_year is not None and entry.death_year < this_year - 100
        return ("{{PD-Art|PD-old-100-expired}}",) if long_dead else ("{{PD-Art|PD-old-70-expired}}",)
    if entry.scope == "us-only":
        return ("{{PD-Art|PD-US-expired}}",)
    if entry.scope == "us-government":
        return ("{{PD-USGov}}",)
    return ()


def _entry(line: str, folder: Path) -> Entry:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg})") from None
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    missing = [name for name in REQUIRED if name not in row]
    if missing:
        raise ValueError(f"no {', '.join(missing)}")
    path = folder / str(row["file"])
    if not path.is_file():
        raise ValueError(f"no picture {row['file']}")
    templates = row.get("license_templates")
    if templates is not None and not (isinstance(templates, list) and all(isinstance(t, str) for t in templates)):
        raise ValueError("license_templates is not a list of strings")
    death_year = row.get("artist_death_year")
    return Entry(
        path=path,
        title=_text(row, "title") or path.stem,
        artist=_text(row, "artist"),
        year=_text(row, "year"),
        caption=_text(row, "caption"),
        scope=_text(row, "pd_scope"),
        death_year=death_year if isinstance(death_year, int) else None,
        templates=None if templates is None else tuple(templates),
        museum=_text(row, "museum"),
    )


def _text(row: Mapping[str, object], name: str) -> str | None:
    value = row.get(name)
    return None if value is None or value == "" else str(value)


def _year(text: str | None) -> int | None:
    found = re.search(r"\b(1\d{3}|20\d{2})\b", text or "")
    return int(found.group(1)) if found else None


def _page(entry: Entry, created: datetime, this_year: int, taken: set[str]) -> NewPage:
    templates = licence_templates(entry, this_year)
    free = templates == ("{{PD-Art|PD-old-100-expired}}",)
    return NewPage(
        title=_title(entry, taken),
        text=_wikitext(entry, templates),
        created=created,
        content=StoredFile(path=entry.path),
        caption=entry.caption,
        truth=Truth(free=free, trap="" if free else "folder"),
    )


def _title(entry: Entry, taken: set[str]) -> str:
    parts = [part for part in (entry.title, entry.artist, entry.year) if part]
    stem = re.sub(r"\s+", " ", _ILLEGAL.sub("-", ", ".join(parts))).strip(" .-_") or entry.path.stem
    while len(stem.encode()) > MAX_NAME_BYTES:
        stem = stem[:-1].rstrip()
    stem = stem[:1].upper() + stem[1:]
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem} ({number})", number + 1
    taken.add(name)
    return f"File:{name}{entry.path.suffix.lower()}"


def _wikitext(entry: Entry, templates: tuple[str, ...]) -> str:
    artist = _plain(entry.artist) or "Unknown"
    dated = f"{artist} (died {entry.death_year})" if entry.death_year else artist
    in_root = any(f"{{{{{root}" in text for text in templates for root in ROOT_TAGS)
    placed = "" if in_root else f"\n[[Category:{BY_HAND}]]"
    return (
        f"{{{{Artwork\n |artist = {dated}\n |title = {_plain(entry.title)}\n"
        f" |description = {{{{en|1={_plain(entry.caption or entry.title)}}}}}\n |date = {_plain(entry.year)}\n"
        f" |institution = {_plain(entry.museum)}\n |permission = \n}}}}\n\n"
        f"== {{{{int:license-header}}}} ==\n" + "\n".join(templates) + placed
    )


def _plain(text: str | None) -> str:
    """Text without characters that mean something in wikitext."""
    return re.sub(r"[{}|\[\]=]", " ", text or "").strip()
