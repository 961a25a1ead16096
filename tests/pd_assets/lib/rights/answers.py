"""Pages of Commons, as answers of many kinds show them, as rows of commons/pages.

None of these answers has the page's wikitext. `rebuilt` writes what the page must have had: a box with the
summary's fields, and one template for each licence category (such a category comes from no other source).
"""

import bz2
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.page.wikitext import normal_name
from pd_assets.lib.rights.tags import meaning_of_category

Json = dict[str, object]
CATEGORY_LINK = re.compile(r'<a href="/wiki/Category:[^"]*" title="Category:([^"]*)"')
CATEGORY_LISTS = re.compile(r'<div id="mw-(?:normal|hidden)-catlinks".*?</div>', re.DOTALL)
BOX = re.compile(r'class="licensetpl_short"[^>]*>([^<]*)<')
MARKUP = re.compile(r"<[^>]*>")
WRAPPED = re.compile(r"(PD-Art|PD-scan|Licensed-PD-Art) \((.+)\)\Z", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One page as one answer shows it; `key` is the answer's path, and the page's title or id."""

    key: str
    row: Json

    @property
    def rebuilt(self) -> Json:
        metadata = json.loads(str(self.row["extmetadata"]))
        fields = {"author": "Artist", "date": "DateTimeOriginal", "source": "Credit", "description": "ImageDescription"}
        lines = "".join(f"|{name}={_plain(metadata.get(key))}\n" for name, key in fields.items())
        categories = self.row["categories"]
        assert isinstance(categories, list)
        tags = "\n".join(dict.fromkeys(_template(name) for name in categories if is_licence(name)))
        return self.row | {"wikitext": f"{{{{Information\n{lines}}}}}\n{tags}"}


def shown_pages(folder: Path) -> list[Shown]:
    """Every page of every answer below a folder, in the order of their keys."""
    pages = [page for path in sorted(folder.rglob("*")) for page in _of_file(path, path.relative_to(folder).as_posix())]
    return sorted({page.key: page for page in pages}.values(), key=lambda page: page.key)


def _of_file(path: Path, name: str) -> Iterator[Shown]:
    if path.suffix == ".html":
        text = path.read_text()
        lists = " ".join(CATEGORY_LISTS.findall(text))
        names = [html.unescape(found) for found in CATEGORY_LINK.findall(lists)]
        box = BOX.search(text)
        metadata = {"LicenseShortName": {"value": box.group(1)}} if box else {}
        yield Shown(key=name, row=_row(categories=names, metadata=metadata))
    elif path.suffix == ".bz2":
        yield from _of_dump(name, bz2.decompress(path.read_bytes()).decode())
    elif path.name.endswith("_dump.txt"):
        yield from _of_dump(name, path.read_text())
    elif path.suffix == ".json" and "structured_data" in name:
        yield Shown(key=name, row=_row(entity={"statements": _claims(json.loads(path.read_text()))}))
    elif path.suffix == ".json":
        yield from _of_answer(name, json.loads(path.read_text()))


def _of_dump(name: str, text: str) -> Iterator[Shown]:
    """The weekly dump of structured data: an array of which each line is an entity and a comma."""
    for line in text.splitlines():
        if line.startswith("{"):
            entity = json.loads(line.rstrip(","))
            yield Shown(key=f"{name}#{entity['id']}", row=_row(entity=entity))


def _of_answer(name: str, part: object) -> Iterator[Shown]:
    """Every page with imageinfo and every entity with statements, wherever in an answer they lie."""
    if isinstance(part, list):
        for one in part:
            yield from _of_answer(name, one)
    if not isinstance(part, dict):
        return
    if isinstance(part.get("imageinfo"), list) and "title" in part:
        info = part["imageinfo"]
        metadata = info[0].get("extmetadata", {}) if info else {}
        listed = part.get("categories", [])
        names = [str(entry["title"]).removeprefix("Category:") for entry in listed if "title" in entry]
        yield Shown(key=f"{name}#{part['title']}", row=_row(categories=names, metadata=metadata))
    elif part.get("type") == "mediainfo":
        yield Shown(key=f"{name}#{part['id']}", row=_row(entity=part))
    else:
        for one in part.values():
            yield from _of_answer(name, one)


def _row(
    *, categories: list[str] | None = None, metadata: object = None, entity: Json | None = None
) -> dict[str, object]:
    return {
        "status": "live",
        "wikitext": "",
        "categories": categories or [],
        "extmetadata": json.dumps(metadata or {}),
        "mediainfo": json.dumps(entity) if entity else None,
    }


def _claims(part: object) -> dict[str, list[object]]:
    """The statements of a file that holds one, a list of them, or lists by property."""
    if isinstance(part, dict) and "mainsnak" in part:
        return {part["mainsnak"]["property"]: [part]}
    if isinstance(part, dict) and isinstance(part.get("claims"), list):
        found: dict[str, list[object]] = {}
        for claim in part["claims"]:
            found.setdefault(claim["mainsnak"]["property"], []).append(claim)
        return found
    return part if isinstance(part, dict) else {}


def is_licence(category: str) -> bool:
    """Whether the name of a category speaks of rights."""
    name = normal_name(category)
    return bool(WRAPPED.match(category)) or meaning_of_category(name) is not None


def _template(category: str) -> str:
    wrapped = WRAPPED.match(category)
    return f"{{{{{wrapped.group(1)}|{wrapped.group(2)}}}}}" if wrapped else f"{{{{{category}}}}}"


def _plain(entry: object) -> str:
    value = entry.get("value", "") if isinstance(entry, dict) else ""
    value = value.get("en", "") if isinstance(value, dict) else value
    return re.sub(r"[{}|]", " ", " ".join(html.unescape(MARKUP.sub(" ", str(value))).split()))
