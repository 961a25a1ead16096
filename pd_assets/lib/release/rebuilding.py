"""Fetch and export a dataset version again from its manifest, and tell of each picture that cannot be had as it was.

What is needed: the manifest, the list of pictures beside it (or dataset/members of the home), and the home's tables. A
picture comes from the home's store, or from its archive at the address that it came from; only one with the SHA-256 of
the list is it. Captions are those of dataset/captions, where their digest is that of the list. A picture that was taken
down here, or is accepted no more, is never rebuilt, nor is a shard copied that holds it. The same rows give the same
bytes; where some are missing, what there is becomes a version of its own.
Errors: ConfigError, TableError, ArchiveError where an archive refuses us: run again later, what is there is kept.
"""

import csv
import hashlib
import io
import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from pd_assets.lib.dataset import manifest as manifests
from pd_assets.lib.dataset.croissant import FINISHED_ON
from pd_assets.lib.dataset.exported import INDEX, PICTURES_SCHEMA, Export, listing
from pd_assets.lib.dataset.history import share
from pd_assets.lib.dataset.pictures import Kept, PictureLost, scaled
from pd_assets.lib.dataset.webdataset import write_tar
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, alone, replacing
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.images.fetch import fetch_listed
from pd_assets.lib.release.rebuild_rows import Original, Row, plan, planned
from pd_ml.data import shards
from pd_ml.data.shards import MANIFEST, PICTURES, PICTURES_SHA256, Manifest, ShardInfo
from pd_ml.provenance import MEMBERS as MEMBERS_DIGEST
from pd_ml.provenance import PROVEN

# In the folder that is made: what is not as it was.
MISSING = "missing.csv"
TELLS = ("item_id", "what", "says", "page_url")
# It is made beside its place; what is of that work alone lies in a folder of its own there.
WORK, OWN, ROWS = ".rebuilding", ".own", "rows.parquet"
# What may be wrong with a picture: the first four leave it out.
WITHDRAWN, GONE, CHANGED, UNKNOWN, RELABELLED = "withdrawn", "gone", "changed", "not fetched", "other labels"
ENDINGS = ("jpg", "png")
OF_THEN = ("label_licence", "caption_licences")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is not as it was with a picture."""

    item_id: str
    what: str
    says: str
    page_url: str


@dataclass(kw_only=True)
class Rebuilt:
    """`same` shards have the bytes of the manifest; `other` have not. `counts` by what is wrong with pictures."""

    folder: Path
    version: str
    same: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    fetched: int = 0
    rows: int = 0

    @property
    def is_whole(self) -> bool:
        return not self.other and not self.counts


def rebuild(
    home: Home,
    original: Original,
    out: Path,
    *,
    profile: str,
    session: Callable[[], AbstractContextManager[PoliteSession]],
) -> Rebuilt:
    """Make the folder `out`, which is there only when it is whole. Begun and ended early, the same call goes on."""
    if out.exists():
        raise ConfigError(f"{out} is there already, expected a new name for the folder; choose one, or remove it")
    work = out.with_name(f".{out.name}{WORK}")
    with alone(work / OWN, "rebuilds a dataset", waits=False):
        _begin(work, original.manifest)
        rows = plan(home, original, profile=profile, path=work / OWN / ROWS)
        made = _Rebuilding(home=home, original=original, work=work, done=Rebuilt(folder=out, version="", rows=rows))
        made.fetch(session)
        made.write()
        made.finish()
        shutil.rmtree(work / OWN)
        os.replace(work, out)
    return made.done


def _begin(work: Path, manifest: Manifest) -> None:
    """A folder of this version's own; what one of another version left there goes."""
    mark = work / OWN / "of"
    told = f"{manifest.name} {manifest.version} {manifest.digest}"
    if mark.is_file() and mark.read_text() == told:
        return
    for path in (*work.glob("*"), *(work / OWN).glob("*")):
        if path.name not in (OWN, ".lock"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    with replacing(mark) as partial:
        partial.write_text(told)


@dataclass(kw_only=True)
class _Rebuilding:
    home: Home
    original: Original
    work: Path
    done: Rebuilt
    # By item, of those that are not as they were.
    problems: dict[str, Problem] = field(default_factory=dict)
    written: tuple[ShardInfo, ...] = ()
    # The shards that nothing need be fetched for.
    whole: set[str] = field(default_factory=set)
    # Rows of those whose labels are older than those of today.
    waiting: int = 0

    def rows(self) -> Iterator[Row]:
        """What the home has for each picture, in the order of the shards."""
        return planned(self.work / OWN / ROWS)

    @property
    def store(self) -> Home:
        """Of what is fetched for this alone: the home's own store and tables stay as they are."""
        return Home(root=self.work / OWN)

    def fetch(self, session: Callable[[], AbstractContextManager[PoliteSession]]) -> None:
        """Have the pictures that the home has no more; note of each why it cannot be had."""
        banned = set()
        for row in self.rows():
            if row["withdrawn"] is not None:
                self._note(row, WITHDRAWN, str(row["withdrawn"]))
                banned.add(str(row["shard"]))
        self._have_whole(banned)
        lacking = (
            row
            for row in self.rows()
            if row["shard"] not in self.whole and str(row["item_id"]) not in self.problems and self._body(row) is None
        )
        first = next(lacking, None)
        if first is None:
            return
        if not self.original.max_side:
            raise ConfigError(
                f"{self.original.folder / MANIFEST} does not say in which size pictures were kept (max_side), and some "
                "are to be fetched; expected a manifest that this platform wrote"
            )
        wanted: dict[str, Row] = {}
        with session() as polite:
            todo = self._to_ask(itertools.chain([first], lacking), wanted)
            for got in fetch_listed(self.store, polite, todo, max_side=self.original.max_side):
                self._take(wanted.pop(str(got["item_id"])), got)

    def _have_whole(self, banned: set[str]) -> None:
        """Take the shards that are there as they were, from an earlier try or the version's own folder."""
        for info in self.original.manifest.shards:
            target, source = self.work / info.path, self.original.folder / info.path
            if info.path in banned:
                continue
            if not shards.is_sound(target, info) and shards.is_sound(source, info):
                target.unlink(missing_ok=True)
                share(source, target)
            if shards.is_sound(target, info):
                self.whole.add(info.path)

    def _to_ask(self, lacking: Iterator[Row], wanted: dict[str, Row]) -> Iterator[Row]:
        """The pictures for which there is an address, as a fetch wants them."""
        for row in lacking:
            address = row["url"] if row["is_same"] else row["thumb_url"] or row["file_url"]
            if row["is_replaced"]:
                self._note(
                    row, CHANGED, "the archive has another picture there now, and the home lacks the one of then"
                )
            elif address is None:
                self._note(row, UNKNOWN, "nothing in catalog/items says where its file is")
            else:
                wanted[str(row["item_id"])] = row
                thumbnail = row["made_from"] == "thumbnail" if row["is_same"] else row["thumb_url"] is not None
                # The SHA-256 of the list is all that it is held against.
                unsaid = dict.fromkeys(("sha1", "width", "height", "signature", "had_status", "had_url", "had_tries"))
                yield {
                    **unsaid,
                    **{name: row[name] for name in ("item_id", "source", "mime", "size_bytes")},
                    "file_url": row["file_url"] if thumbnail else address,
                    "thumbnail": address if thumbnail else None,
                    "had_sha1": None,
                    "had_signature": None,
                }

    def _take(self, row: Row, got: Row) -> None:
        if got["status"] != "ok":
            says = str(got["error"])
            self._note(row, GONE if "HTTP 404" in says or "HTTP 410" in says else UNKNOWN, says)
        elif got["sha256"] != row["stored_sha256"]:
            (self.store.root / str(got["path"])).unlink(missing_ok=True)
            self._note(row, CHANGED, f"{got['url']} gives the picture {got['sha256']} now")
        else:
            self.done.fetched += 1

    def _note(self, row: Row, what: str, says: str) -> None:
        page_url = str(row["page_url"] or "")
        self.problems[str(row["item_id"])] = Problem(
            item_id=str(row["item_id"]), what=what, says=says, page_url=page_url
        )
        self.done.counts[what] = self.done.counts.get(what, 0) + 1

    def _body(self, row: Row) -> bytes | None:
        """The bytes of the picture itself, from what was fetched or from the home; None where neither has them."""
        sha256 = str(row["stored_sha256"])
        names = [f"images/{sha256[:2]}/{sha256}.{ending}" for ending in ENDINGS]
        places = [self.store.root / name for name in names]
        if row["is_same"] and row["path"] is not None:
            places.append(self.home.root / str(row["path"]))
        places += [self.home.root / name for name in names]
        for place in places:
            if self.home.copy is not None and place.is_relative_to(self.home.root) and self.home.holds(place):
                self.home.fetched(place)
            if place.is_file() and hashlib.sha256(body := place.read_bytes()).hexdigest() == sha256:
                return body
        return None

    def write(self) -> None:
        """Every shard, as far as there are pictures, and the list of what they hold."""
        infos = {info.path: info for info in self.original.manifest.shards}
        written: list[ShardInfo] = []
        with listing(self.work / PICTURES) as add:
            for path, rows in itertools.groupby(self.rows(), key=lambda row: str(row["shard"])):
                if (info := infos.get(path)) is None:
                    raise ConfigError(f"the list names the shard {path}, which {MANIFEST} does not have")
                held: list[Row] = []
                if (shard := self._shard(info, list(rows), held)) is not None:
                    written.append(shard)
                    add(pa.Table.from_pylist(held, schema=PICTURES_SCHEMA).to_batches())
        self.written = tuple(written)
        self.done.same = [info.path for info in written if info == infos[info.path]]
        self.done.other = sorted(infos.keys() - set(self.done.same))

    def _shard(self, info: ShardInfo, rows: list[Row], held: list[Row]) -> ShardInfo | None:
        """One shard, and what it holds; None where there is no row for it."""
        target = self.work / info.path
        if info.path in self.whole:
            self.waiting += sum(row["relabelled"] is True for row in rows)
            held += [{**row, **{name: row[f"{name}_then"] for name in OF_THEN}} for row in rows]
            return info
        target.unlink(missing_ok=True)
        if any(row["relabelled"] is None for row in rows) and self._may_be_same(rows):
            # Nothing tells which labels it had: the bytes do, where today's give the same.
            same: list[Row] = []
            if shards.write_shard(self._examples(rows, same), target, info.split) == info:
                held += same
                return info
        rows = [{**row, "relabelled": row["relabelled"] is not False} for row in rows]
        shard = shards.write_shard(self._examples(rows, held), target, info.split)
        if shard.rows:
            return shard
        target.unlink()
        return None

    def _may_be_same(self, rows: list[Row]) -> bool:
        return not any(row["relabelled"] or str(row["item_id"]) in self.problems for row in rows)

    def _examples(self, rows: list[Row], held: list[Row]) -> Iterator[Mapping[str, object]]:
        """What a shard is made of; each of `rows` that is `relabelled` is told, and none has labels that it may not."""
        for row in rows:
            if str(row["item_id"]) in self.problems:
                continue
            if row["relabelled"] and not row["may_show"]:
                row = {**row, "captions": [], "label_licence": None, "caption_licences": []}
            if (body := self._body(row)) is None:
                self._note(row, UNKNOWN, "the picture was there and is no more; run again")
                continue
            try:
                kept = self._kept(row, body)
            except PictureLost as lost:
                self._note(row, CHANGED, str(lost))
                continue
            if row["relabelled"]:
                has = "it has those of today" if row["may_show"] else "it has none, as today's are not of its policy"
                known = "its labels were read anew since" if row["labels"] is not None else "nothing tells its labels"
                self._note(row, RELABELLED, f"{known}; {has}")
            held.append({**row, "labels": None if row["relabelled"] else row["labels"]})
            yield kept.example(row)

    def _kept(self, row: Row, body: bytes) -> Kept:
        """The picture as the shard had it."""
        if row["exported_sha256"] in (None, row["stored_sha256"]):
            with Image.open(io.BytesIO(body), formats=("JPEG", "PNG")) as opened:
                width, height = opened.size
            return Kept(body=body, sha256=str(row["stored_sha256"]), width=width, height=height)
        kept = scaled(body, self.original.export_side)
        if kept.sha256 != row["exported_sha256"]:
            raise PictureLost(f"scaled down it gives {kept.sha256}, expected {row['exported_sha256']}")
        return kept

    def finish(self) -> None:
        """What tells of the shards: as it was where they are, else of a version of its own."""
        if not self.written:
            raise ConfigError(
                f"none of the {self.done.rows} pictures can be had ({self._first()}); nothing was made; see "
                f"{self._tell_missing()}"
            )
        manifest = self._manifest()
        self.done.version = manifest.version
        tars = [write_tar(self.work / info.path, info, self.work) for info in self.written if manifest.tars]
        manifest = replace(manifest, tars=tuple(tars))
        export = Export(
            name=manifest.name, version=manifest.version, folder=self.work, shards=manifest.shards, skipped=()
        )
        manifests.describe(export, manifest)
        self._tell_missing()
        shards.write_manifest(self.work, manifest)
        if not self.done.other:
            self._as_it_was()

    def _manifest(self) -> Manifest:
        before = self.original.manifest
        if not self.done.other:
            return before
        digest = shards.digest_of(self.written)
        counts = {split: sum(one.rows for one in self.written if one.split == split) for split in shards.SPLITS}
        facts = {name: value for name, value in before.facts.items() if name != MEMBERS_DIGEST}
        return replace(
            before,
            version=hashlib.sha256(f"rebuilt {before.version} {digest}".encode()).hexdigest()[:16],
            digest=digest,
            shards=self.written,
            counts=counts,
            facts={
                **facts,
                **manifests.breakdown(self._counted()),
                FINISHED_ON: manifests.today(),
                manifests.WAITING: self.waiting,
                "skipped": [
                    f"{item}: {one.what}" for item, one in sorted(self.problems.items()) if one.what != RELABELLED
                ],
                PICTURES_SHA256: shards.sha256_of(self.work / PICTURES),
                # A training asks for the proof of rights that an export of the home gives.
                PROVEN: False,
                "rebuilt_of": before.version,
                "not_as_it_was": self.done.counts,
            },
        )

    def _counted(self) -> Iterator[pa.RecordBatch]:
        """Of each row that was written what papers count: from the shards, as a list of before may not tell it."""
        for info in self.written:
            with pq.ParquetFile(self.work / info.path) as file:
                yield from file.iter_batches(columns=["item_id", "rule_id", "label_licence"])

    def _as_it_was(self) -> None:
        """Manifest, list and index byte for byte, where they lie beside the manifest."""
        for name in (MANIFEST, PICTURES, INDEX):
            if (self.original.folder / name).is_file():
                shutil.copyfile(self.original.folder / name, self.work / name)

    def _tell_missing(self) -> Path:
        with replacing(self.work / MISSING) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, TELLS)
            writer.writeheader()
            writer.writerows(vars(self.problems[item]) for item in sorted(self.problems))
        return self.work / MISSING

    def _first(self) -> str:
        return next((f"{one.item_id}: {one.says}" for one in self.problems.values()), "")
