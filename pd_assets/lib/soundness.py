"""What is damaged in a home, and what heals it: tables, pictures, datasets, models, and the small files between them.

`faults` reads everything and changes nothing; `repair` heals what the next runs would not by themselves. A look that
costs little, at sizes and at what changed since it was last found whole, is `changed`.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pd_assets.lib.catalog import buckets as item_buckets
from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.item_parts import unsound_generations
from pd_assets.lib.catalog.mending import mend, move_away, set_aside
from pd_assets.lib.catalog.schemas import CREATORS, EVIDENCE, MEMBERS, PAGES, TABLES, TAKEDOWNS
from pd_assets.lib.catalog.schemas.table import Kept, Table
from pd_assets.lib.dataset.exported import INDEX, pictures_of
from pd_assets.lib.dataset.manifest import DESCRIBES, is_description
from pd_assets.lib.errors import ConfigError, DamagedTable, PdError, TableError
from pd_assets.lib.home import BUCKETS, REBUCKET, Home, remove_folder, require_settled
from pd_assets.lib.images.stored import altered, discard
from pd_assets.lib.migrations import format_of
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_assets.lib.prior import kept as imported
from pd_assets.lib.release import ledger, members, takedowns
from pd_assets.lib.rights import evidence_proof
from pd_ml import provenance
from pd_ml.data import shards
from pd_ml.errors import ProvenanceError

NIGHTLY = "run `pdd run nightly`, which makes it anew"
# Of each file, where they tell the number of buckets.
ITEMS_LOOKED_AT = 1000
LEDGERS = "materialise release/ledger, which copies it from the model's folder; where that is gone restore a backup"
REPAIR = "run `pdd doctor --repair`"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that is not what was written. `heals` is what a person does."""

    path: Path
    found: str
    heals: str

    def __str__(self) -> str:
        return f"{self.path}: {self.found}; {self.heals}"


def faults(home: Home) -> Iterator[Fault]:
    """Everything in the home that is damaged; each file is read once."""
    yield from _of_notes(home)
    for table in TABLES.values():
        for path in tables.files_of(home, table):
            yield from _of_file(table, path)
    yield from _of_evidence(home)
    for path, found in ledger.unkept(home):
        yield Fault(path=path, found=found, heals=LEDGERS)
    for folder in unsound_generations(home):
        yield Fault(path=folder, found="not the files that its state.json names", heals=NIGHTLY)
    with suppress(DamagedTable):
        for item_id, path in _altered(home):
            yield Fault(path=path, found=f"not the picture of {item_id}", heals=f"{REPAIR} and then `pdd run nightly`")
    for folder in _folders(home, "dataset", shards.MANIFEST):
        yield from _of_dataset(home, folder)
    for folder in _folders(home, "models", provenance.RUN):
        yield from _of_model(home, folder)


def changed(home: Home) -> Iterator[Fault]:
    """What is damaged of what a look from outside tells to be another than it was: no file is read that is not."""
    for table in TABLES.values():
        for found in damage.damaged(home, table, tables.files_of(home, table)):
            yield Fault(path=found.path, found=found.found, heals=found.heals)
    for folder in _folders(home, "dataset", shards.MANIFEST):
        yield from _of_dataset(home, folder, is_read=False)


def repair(home: Home, archive: str) -> Iterator[str]:
    """Heal what can be, and say how. `archive` is the one that the settings name: it is believed where pages agree."""
    yield from _restored_note(home, archive)
    yield from _restored_buckets(home)
    damage.forget_all(home)
    takedowns.resume(home, purges=False)
    for found in mend(home):
        if found.table == EVIDENCE.key:
            continue
        if found.table == TAKEDOWNS.key:
            yield f"{found}: nothing else tells what was taken down, and nothing was done: restore it from a backup"
        elif TABLES[found.table].kept in (Kept.EVIDENCE, Kept.TWICE):
            damage.second(found.path).unlink(missing_ok=True)
            yield f"{found.table}: set aside as {move_away(home, found.path)}; `pdd run nightly` goes on without it"
    yield from evidence_proof.restore(home)
    for found in set_aside(home, PAGES, CREATORS, *ALL_RECORDS):
        yield f"{found.table}: {found.path} was set aside; {found.heals}"
    lost = {path for _, path in _altered(home)}
    discard(lost)
    if lost:
        yield f"{len(lost)} altered pictures removed; `pdd run nightly` fetches them again"
    for folder in _folders(home, "dataset", shards.MANIFEST):
        wrong = {fault.path for fault in _of_dataset(home, folder)}
        if folder not in wrong:
            for path in wrong:
                yield f"{path} removed; `pdd run nightly` writes that of the current version again"
                path.unlink()
        elif folder.name in (home.pointed("dataset", folder.parent.name, name) for name in ("latest", "exported")):
            remove_folder(folder)
            yield f"{folder} removed; `pdd run nightly` exports it again from the tables"
        else:
            yield f"{folder}: an older version; set aside as {move_away(home, folder)}"
    yield from _restored_ledgers(home)
    mended, unknown = members.repair_members(home)
    yield from (f"{MEMBERS.key}: the list of {version} was made anew from its dataset" for version in mended)
    yield from (f"{MEMBERS.key}: not known which pictures it held, so that all count as seen: {why}" for why in unknown)


def _altered(home: Home) -> Iterator[tuple[str, Path]]:
    """As `altered`, but for what a purge removed: nothing fetches that again."""
    purged = takedowns.purged(home)
    yield from ((item_id, path) for item_id, path in altered(home) if path.stem not in purged or path.is_file())


def _of_notes(home: Home) -> Iterator[Fault]:
    looks = (
        (format_of, "home.json"),
        (lambda one: one.archive, "commons/archive.json"),
        (lambda one: one.buckets, BUCKETS),
        (lambda one: require_settled(one), REBUCKET),
        (imported.read, str(imported.place(home).relative_to(home.root))),
    )
    for look, path in looks:
        try:
            look(home)
        except (ConfigError, TableError) as error:
            yield Fault(path=home.root / path, found=str(error), heals="as it says")
    for pattern in ("commons/cursor.json", *(f"{table.key}/*/shards.json" for table in ALL_RECORDS)):
        for note in sorted(home.root.glob(pattern)):
            if (why := _no_json(note)) is not None:
                yield Fault(path=note, found=why, heals=NIGHTLY)


def _no_json(path: Path) -> str | None:
    try:
        json.loads(path.read_text())
    except (OSError, ValueError) as error:
        return f"not JSON ({error})"
    return None


def _of_file(table: Table, path: Path) -> Iterator[Fault]:
    try:
        damage.verify(table, path)
    except DamagedTable as error:
        is_healed = table.kept.is_twice and not list(_of_second(table, path))
        yield Fault(path=path, found=error.found, heals=_TAKES_SECOND if is_healed else error.heals)
    else:
        if damage.second(path).is_file():
            yield from _of_second(table, path)


def _of_evidence(home: Home) -> Iterator[Fault]:
    """What of rights/evidence is not what it is named by, and what is named and is not there."""
    for path, found in evidence_proof.find_altered(home):
        yield Fault(path=path, found=found, heals=f"{REPAIR}, which keeps what proves itself of either copy")
    # Where a table cannot be read, that was told.
    with suppress(PdError):
        for lost in evidence_proof.find_lost(home):
            heals = (
                f"{REPAIR}, which restores it" if lost.is_told else "restore it from a backup: nothing else tells it"
            )
            yield Fault(path=home.table(EVIDENCE.key), found=str(lost), heals=heals)


_TRAIN_AGAIN = "restore it from a backup, or delete the folder of the model and train it again"
_TAKES_SECOND = "run `pdd run nightly`, which takes its second copy"


def _of_second(table: Table, path: Path) -> Iterator[Fault]:
    try:
        damage.verify(table, damage.second(path))
    except (DamagedTable, tables.TableError) as error:
        yield Fault(path=damage.second(path), found=str(error), heals="run `pdd run nightly`, which copies it again")


def _folders(home: Home, group: str, mark: str) -> list[Path]:
    """The finished folders of a group, by the file that finishes them; hidden ones are none."""
    found = [path.parent for path in (home.root / group).glob(f"*/*/{mark}")]
    return sorted(path for path in found if not any(part.startswith(".") for part in path.parts[-2:]))


def _of_dataset(home: Home, folder: Path, *, is_read: bool = True) -> Iterator[Fault]:
    is_current = folder.name == home.pointed("dataset", folder.parent.name, "latest")
    heals = f"{REPAIR}, which exports it again" if is_current else f"{REPAIR}, which sets that older version aside"
    try:
        manifest = shards.verify(folder) if is_read else shards.read_manifest(folder)
        for info in (*manifest.shards, *manifest.tars):
            if home.size_bytes(folder / info.path) != info.size_bytes:
                raise ConfigError(f"{info.path} has not the {info.size_bytes} bytes that the manifest says")
        if (folder / INDEX).is_file() and (why := _no_json(folder / INDEX)) is not None:
            raise ConfigError(f"{INDEX}: {why}")
        for _ in pictures_of(folder):
            pass
        sealed = manifest.facts.get(shards.PICTURES_SHA256)
        if is_read and sealed and shards.sha256_of(folder / shards.PICTURES) != sealed:
            raise ConfigError(f"{shards.PICTURES} has another SHA-256 than the manifest says")
    except (shards.ShardError, PdError, OSError, ValueError, TypeError) as error:
        yield Fault(path=folder, found=" ".join(str(error).split()), heals=heals)
    for name in DESCRIBES:
        if (folder / name).is_file() and not is_description(folder / name):
            yield Fault(path=folder / name, found="cut off or overwritten", heals=REPAIR)


def _of_model(home: Home, folder: Path) -> Iterator[Fault]:
    try:
        wrong = provenance.wrong_outputs(folder)
    except ProvenanceError as error:
        yield Fault(path=folder, found=str(error).removeprefix(f"{folder}: "), heals=_TRAIN_AGAIN)
        return
    for name, found in wrong.items():
        is_copied = name == provenance.LEDGER and ledger.is_kept(home, folder)
        heals = f"{REPAIR}, which copies it from release/ledger" if is_copied else _TRAIN_AGAIN
        yield Fault(path=folder / name, found=found, heals=heals)


def _restored_ledgers(home: Home) -> Iterator[str]:
    """The ledgers of models that are not those of their records, where release/ledger has those."""
    for folder in _folders(home, "models", provenance.RUN):
        with suppress(ProvenanceError):
            sealed, path = provenance.read_run(folder).outputs.get(provenance.LEDGER), folder / provenance.LEDGER
            is_right = path.is_file() and shards.sha256_of(path) == sealed
            if sealed is not None and not is_right and ledger.is_kept(home, folder):
                ledger.put_back(home, folder)
                yield f"{path} was copied from release/ledger"


def _restored_note(home: Home, archive: str) -> Iterator[str]:
    """The note of the home's archive, where both copies are damaged and the pages are of the archive that is set."""
    try:
        if (noted := home.archive) is not None:
            home.claim(noted)
    except ConfigError as error:
        hosts = {urlsplit(str(row["page_url"])).netloc for row in tables.rows(tables.read(home, PAGES, ["page_url"]))}
        if hosts != {urlsplit(archive).netloc}:
            told = ", ".join(sorted(hosts)) or "no archive"
            yield f"{error}; its pages are of {told}: set PD_COMMONS_API to that one, and run the same again"
            return
        home.claim_anew(archive)
        yield f"{home.root / 'commons' / 'archive.json'}: {archive}, as all pages say"


def _restored_buckets(home: Home) -> Iterator[str]:
    """The note of the number of buckets, where it is damaged: their files and the rows in them tell it."""
    try:
        _ = home.buckets
    except ConfigError as error:
        number = _told_by_files(home)
        if number is None:
            yield f"{error}: its files are not those of any number of buckets; restore {BUCKETS} from a backup"
            return
        home.fix_buckets(number)
        yield f"{home.root / BUCKETS}: {number} buckets, as the files of the tables say"


def _told_by_files(home: Home) -> int | None:
    """The smallest number of buckets whose files are all those that there are, with rows that belong there."""
    files = [(table, path) for table in TABLES.values() if table.by_bucket for path in tables.files_of(home, table)]
    held = [(int(path.stem.removeprefix("part-")), _some_items(table, path)) for table, path in files]
    least = max((bucket for bucket, _ in held), default=0) + 1
    numbers = [number for number in range(least, item_buckets.MOST + 1) if item_buckets.is_number(number)]
    fits = (n for n in numbers if all((item_buckets.buckets_of(items, n) == b).all() for b, items in held))
    return next(fits, None)


def _some_items(table: Table, path: Path) -> list[str]:
    first = next(damage.batches(table, path, ITEMS_LOOKED_AT), None)
    return [] if first is None else first["item_id"].to_pylist()
