"""PD-Diffusion's flat folder: a JSON file beside each picture, or the shards that it exported as lines of JSON.

`sets/wikimedia/<picture>.json` (`.bannedmetadata` where it gave the picture up) has `item` with the title, `terms` with
captions, and a parse tree, which is not read: the page is read anew. `train_<n>.json` has a line a picture with `id`,
`dataset`, `image` and every label by its key. Pictures may be there or not: none is opened. Errors: ConfigError.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.prior.database import SOURCE
from pd_assets.lib.prior.found import Found
from pd_assets.lib.prior.titles import NoTitle, file_title

SETS = Path("sets/wikimedia")
BANNED = ".bannedmetadata"
MOST_BYTES = 50_000_000
# Of an exported row: which picture it is, and no label.
NO_LABELS = frozenset(("dataset", "id", "image"))


def read_folder(folder: Path, *, api: str) -> Found:
    """Everything that is usable in the folder, or in `sets/wikimedia` below it."""
    place = folder / SETS if not any(_files(folder)) and (folder / SETS).is_dir() else folder
    found = Found(what=f"folder {folder.name}")
    files = 0
    for path in _files(place):
        files += 1
        if path.name.startswith("train_"):
            _read_shard(path, found, api)
        else:
            _read_picture(path, found)
    if not files:
        held = sorted(path.name for path in folder.iterdir())
        names = ", ".join(held[:5]) + (", ..." if len(held) > 5 else "") if held else "nothing"
        raise ConfigError(
            f"{folder}: holds {names}; expected PD-Diffusion's flat folder (a .json file beside each picture, as in "
            f"{SETS}) or its export (train_0.json, ...); of a database give the file itself"
        )
    return found


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.iterdir() if path.suffix in (".json", BANNED) and path.is_file()))


def _read_picture(path: Path, found: Found) -> None:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise NoTitle(f"a file of more than {MOST_BYTES // 1_000_000} MB")
        told = parse_json(path.read_bytes())
        item = told.get("item") if isinstance(told, dict) else None
        title = file_title(item.get("title") if isinstance(item, dict) else _at(told, "title"))
    except UnreadableJson:
        found.unreadable.add("a file that is no JSON", path.name)
    except NoTitle as error:
        found.unreadable.add(str(error), path.name)
    except OSError as error:
        found.unreadable.add(f"a file that cannot be read ({error.strerror})", path.name)
    else:
        found.banned += path.suffix == BANNED
        labels = found.by_title.setdefault(title, [])
        terms = _at(told, "terms")
        for name in ("label", "description"):
            values = _at(terms, name)
            for value in values if isinstance(values, list) else [values]:
                if isinstance(value, str):
                    labels.append((f"__{name}", value))


def _read_shard(path: Path, found: Found, api: str) -> None:
    try:
        with path.open("rb") as file:
            for line in file:
                if line.strip():
                    _read_line(line, path, found, api)
    except OSError as error:
        found.unreadable.add(f"a file that cannot be read ({error.strerror})", path.name)


def _read_line(line: bytes, path: Path, found: Found, api: str) -> None:
    try:
        told = parse_json(line)
        if not isinstance(told, dict):
            raise NoTitle("a line that is no object")
        source = told.get("dataset")
        if isinstance(source, str) and source != SOURCE + api:
            found.elsewhere.add(source.removeprefix(SOURCE))
            return
        title = file_title(told.get("id"))
    except UnreadableJson:
        found.unreadable.add("a line that is no JSON", path.name)
    except NoTitle as error:
        found.unreadable.add(str(error), path.name)
    else:
        labels = found.by_title.setdefault(title, [])
        labels += [(key, value) for key, value in told.items() if key not in NO_LABELS and isinstance(value, str)]


def _at(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None
