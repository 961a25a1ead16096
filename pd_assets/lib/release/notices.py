"""What whoever uses our datasets and models is told of each takedown: `notices/<number>.json`, and an index of them.

A format: docs/takedowns.md has its fields, and FORMAT is its version. No word of the operator's is in it that was not
meant for others, and no path of this machine. Each file is written whole and only where something changed, the index
last. A takedown is never in vain for want of its notice: what could not be written is named.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import ITEMS, MEMBERS, MODEL_LEDGER, TAKEDOWNS
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home, write_text
from pd_assets.lib.release import notes
from pd_assets.lib.release.notes import Note
from pd_assets.lib.release.takedown_facts import LEARNT, Facts, gather
from pd_ml.provenance import LEDGER, RUN

FORMAT = 1
FOLDER, INDEX = "notices", "index.json"
# Of a takedown for the sake of a person: pages may have names in their addresses.
PRIVACY = "privacy"
UNSPECIFIED = "unspecified"
# What a receiver is asked to do.
DO = {
    "remove_pictures": "Remove every row whose item_id is listed, or whose sha256 is a listed sha256 or "
    "exported_sha256, from every copy of these datasets, and what was decoded or computed of them.",
    "use_a_later_version": "Take a later dataset version; those with `is_latest` false and these pictures stay as they "
    "were published until they are removed.",
    "stop_using_models": "Models that learnt from a picture (relation trained_on, through or unknown) stay as they are "
    "until they are trained again: do not hand them on, and replace them once a later version is there.",
    "nothing": "The takedown was undone: nothing of this notice has to be removed. What is listed as `restored` may be "
    "in later dataset versions again.",
}


def bring_in_step(home: Home) -> tuple[str, ...]:
    """Write the notices that changed, and the index; why not, where that could not be done."""
    if not home.may_write:
        return ()
    known, _ = notes.read_all(home)
    if not known:
        return ()
    mark, now = home.scratch / "notices", datetime.now(UTC).replace(microsecond=0)
    try:
        if mark.is_file() and mark.read_text() == _state(home):
            return ()
        by_number: dict[str, list[Note]] = {}
        for note in known:
            by_number.setdefault(note.number, []).append(note)
        facts = gather(home, known)
        for number, several in by_number.items():
            _write(home.root / FOLDER / f"{number}.json", content(facts, several), now)
        _write_index(home.root / FOLDER)
        write_text(mark, _state(home))
    except (PdError, duckdb.Error, OSError, ValueError) as error:
        return (f"{home.root / FOLDER} is as it was ({' '.join(str(error).split())})",)
    return ()


def content(facts: Facts, of: Sequence[Note]) -> dict[str, object]:
    """The notice of one receipt, but for the moment at which it changed. One that was undone asks for nothing: what it
    had named is `restored`.
    """
    first = of[0]
    if first.undone is not None:
        return {
            "format": FORMAT,
            "number": first.number,
            "date": _instant(first.taken_down_at),
            "undone": _instant(first.undone.undone_at),
            "reason": {"category": first.ground or UNSPECIFIED, "text": first.public_reason or None},
            "is_complete": True,
            "pictures": [],
            "restored": list(_pictures(facts, of)),
            "datasets": [],
            "datasets_unknown": [],
            "latest_without": [],
            "models": [],
            "receivers": [{"action": "nothing", "text": DO["nothing"]}],
        }
    held = facts.held(of)
    models = facts.seen_by(of)
    asked = ["remove_pictures"]
    asked += ["use_a_later_version"] if held else []
    asked += ["stop_using_models"] if any(one.relation in LEARNT for one in models) else []
    return {
        "format": FORMAT,
        "number": first.number,
        "date": _instant(first.taken_down_at),
        "reason": {"category": first.ground or UNSPECIFIED, "text": first.public_reason or None},
        "is_complete": not facts.unread and all(note.is_resolved for note in of),
        "pictures": list(_pictures(facts, of)),
        "datasets": [
            {
                "name": one.name,
                "version": one.version,
                "is_available": one.is_there,
                "is_latest": one.is_latest,
                "shards": [{"path": path, "pictures": count} for path, count in sorted(one.shards.items())],
            }
            for one in held
        ],
        "datasets_unknown": sorted({one.version for one, _ in facts.untold(of) if one.version}),
        "latest_without": [{"name": one.name, "version": one.version} for one in facts.current_without(of)],
        "models": [
            {
                "name": one.name,
                "version": one.version,
                "relation": one.relation,
                "pictures": len(one.items),
                "times_shown": one.times_shown,
                "through": list(one.through),
            }
            for one in models
        ],
        "receivers": [{"action": action, "text": DO[action]} for action in asked],
    }


def _pictures(facts: Facts, of: Sequence[Note]) -> Iterator[dict[str, object]]:
    """One for each item, and one for each digest that no item is known of."""
    states: dict[str, dict[str, set[str]]] = {}

    def add(item_id: str, name: str, value: str | None) -> None:
        told = states.setdefault(item_id, {"sha1": set(), "sha256": set(), "exported_sha256": set()})
        if value:
            told[name].add(value)

    for note in of:
        for one in note.meant:
            add(one.item_id, "sha1", one.sha1)
            add(one.item_id, "sha256", one.sha256)
    for seen in facts.seen_in(of):
        add(seen.item_id, "sha256", seen.sha256)
        add(seen.item_id, "exported_sha256", seen.exported_sha256)
    is_private = any(note.ground == PRIVACY for note in of)
    in_datasets = {one.item_id: one.page_url for one in facts.seen_in(of)}
    for item_id, told in sorted(states.items()):
        address = facts.addresses.get(item_id) or in_datasets.get(item_id)
        yield {
            "item_id": item_id or None,
            "page_url": None if is_private else address,
            **{name: sorted(values) for name, values in told.items()},
        }


def _write(path: Path, told: Mapping[str, object], now: datetime) -> None:
    """Write a notice where it says something new."""
    before = _read(path)
    if {name: value for name, value in before.items() if name != "changed_at"} == told:
        return
    write_text(path, json.dumps({**told, "changed_at": _instant(now)}, indent=1, ensure_ascii=False) + "\n")


def _write_index(folder: Path) -> None:
    """Of all notices that are there; one that cannot be read is left out until it is written anew."""
    found = []
    for path in sorted(folder.glob("T-*.json")):
        if told := _read(path):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            about = {name: told.get(name) for name in ("number", "date", "changed_at")}
            found.append({**about, "path": path.name, "sha256": digest})
    write_text(folder / INDEX, json.dumps({"format": FORMAT, "notices": found}, indent=1) + "\n")


def _read(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _state(home: Home) -> str:
    """Names all that notices are made of, and the notices, as they lie on the disk."""
    told = hashlib.sha256(str(FORMAT).encode())
    for path in sorted(_told_by(home)):
        stat = path.stat()
        told.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ino}\n".encode())
    return told.hexdigest()


def _told_by(home: Home) -> Iterator[Path]:
    for table in (ITEMS, MEMBERS, MODEL_LEDGER):
        yield from tables.files_of(home, table)
    patterns = (
        *(f"{TAKEDOWNS.key}/{notes.NOTED}/*.json", f"{MEMBERS.key}/*/*.json", f"{FOLDER}/*.json"),
        *("dataset/[!.]*/latest", "dataset/[!.]*/exported", "dataset/[!.]*/[!.]*/manifest.json"),
        *("models/[!.]*/latest", "models/[!.]*/candidate", f"{MODEL_LEDGER.key}/*/*.json"),
        *(f"models/[!.]*/[!.]*/{name}" for name in (RUN, LEDGER)),
        *(f"evaluation/report/[!.]*/{name}" for name in (RUN, LEDGER)),
    )
    for pattern in patterns:
        yield from (path for path in home.root.glob(pattern) if path.is_file())


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
