"""Titles that a careless program would take for a path, a query or a command, and what a harvest makes of them."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import FILES, ITEMS, LICENSED, PAGES
from pd_assets.lib.home import Home
from tests.pd_assets.harvest import rows

FREE = "{{PD-Art|PD-old-100-expired}}"
# Every MediaWiki takes these. A file's title holds no slash, no colon and no backslash there.
FILE_TITLES = (
    "File:He said \"no\" & she said 'yes'.jpg",
    "File:100% oil + 50 ?x=1&y=2;z=3.jpg",
    "File:-rf * $HOME `id` ; drop table items -- .jpg",
    "File:..hidden...jpg",
    "File:Part-0.parquet.jpg",
    "File:שלום עולם (1780).jpg",
    "File:لوحة زيتية.jpg",
    "File:🎨 painted 🖼 twice.jpg",
    "File:" + "Ж" + "ж" * 117 + ".jpg",
    "File:" + "Z" * 236 + ".jpg",
)
# Titles in other namespaces may hold slashes; of paths that climb, MediaWiki refuses `../` but not these.
CATEGORIES = (
    "Slashes/in/it",
    "..hidden/..still/...hidden",
    ".dotted",
    "Quotes \"and\" 'apostrophes'",
    "Part-0.parquet",
    "100% sure",
    "🎨 painted",
    "שלום/עולם",
    "Ж" * 120,
)


def picture_of(number: int) -> bytes:
    """A picture whose colour says which one it is."""
    buffer = io.BytesIO()
    Image.new("RGB", (160, 120), colour_of(number)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def colour_of(number: int) -> tuple[int, int, int]:
    return (20 + 12 * number, 230 - 12 * number, 40 + number * 97 % 180)


def text_in(category: str) -> str:
    return f"{{{{Artwork|artist=Nobody|date=1780|title=Odd}}}}\n{FREE}\n[[Category:{category}]]"


def assert_each_has_its_own_identity(home: Home, contents: Mapping[str, bytes], categories: Sequence[str]) -> None:
    """Every title is stored verbatim with its own bytes, and every category in a partition of its own name."""
    pages = {str(row["title"]): row for row in rows(home, PAGES).values() if row["status"] == "live"}
    assert sorted(pages) == sorted(contents)
    items, files, licensed = rows(home, ITEMS), rows(home, FILES), rows(home, LICENSED)
    assert len({row["path"] for row in files.values()}) == len(contents)
    for number, (title, content) in enumerate(contents.items()):
        key = (f"commons:M{pages[title]['pageid']}",)
        assert items[key]["title"] == licensed[key]["title"] == title.removeprefix("File:").removesuffix(".jpg")
        assert files[key]["sha1"] == hashlib.sha1(content, usedforsecurity=False).hexdigest()
        assert (files[key]["status"], files[key]["error"]) == ("ok", None)
        path = home.root / str(files[key]["path"])
        assert path.resolve().is_relative_to(home.images)
        with Image.open(path) as picture:
            found = picture.convert("RGB").getpixel((80, 60))
        assert isinstance(found, tuple)
        assert max(abs(one - other) for one, other in zip(found, colour_of(number), strict=True)) < 5, title
    held = {name for name in home.partitions(PAGES.key) if tables.read_partition(home, PAGES, name).num_rows}
    assert held == set(categories)


def assert_inside(home: Home, before: Sequence[str], after: Sequence[str]) -> None:
    """`before` and `after` are the trees of the folder that the home lies in: only the home's own part grew."""
    name = home.root.name
    outside = [[line for line in tree if line.split("/")[0].split(" ")[0] != name] for tree in (before, after)]
    assert outside[0] == outside[1] != []
    written = [path for path in home.root.rglob("*") if path.is_file()]
    assert written and all(path.resolve().is_relative_to(home.root) for path in written)
    assert not [path for path in written if path.is_symlink() or path.name.endswith(".partial")]


def decoys(folder: Path) -> None:
    """Files beside a home that nothing may touch, under the names that a climbing path would hit."""
    for name in ("hidden.jpg", "items.parquet", "commons/pages/part-0.parquet", "images/x.jpg"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("nobody may touch this")
