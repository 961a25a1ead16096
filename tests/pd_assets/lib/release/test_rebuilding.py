"""A dataset version is fetched and exported again from its manifest: the same bytes, or of each picture why not."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, ITEMS, TAKEDOWNS
from pd_assets.lib.dataset.croissant import FINISHED_ON
from pd_assets.lib.dataset.exported import pictures_of
from pd_assets.lib.errors import ConfigError, TableError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.release.rebuild_rows import read_original
from pd_assets.lib.release.rebuilding import MISSING, Rebuilt, rebuild
from pd_assets.lib.release.takedowns import Asked, take_down_all
from pd_ml.data import shards
from pd_ml.data.shards import MANIFEST, PICTURES, PICTURES_SHA256
from pd_ml.provenance import is_proven
from tests.conftest import ROOT
from tests.patience import PATIENCE_S, until
from tests.pd_assets.lib.planting import PROFILE, THEN, item, plant
from tests.pd_assets.lib.release.planted import catalogue, dataset
from tests.pd_assets.lib.scraping import no_sleep
from tests.pd_assets.line import Line, Night, item_id

Session = Callable[[], AbstractContextManager[PoliteSession]]


@contextmanager
def session() -> Iterator[PoliteSession]:
    with PoliteSession("tests", tries=2, sleep=no_sleep) as polite:
        yield polite


@contextmanager
def no_session() -> Iterator[PoliteSession]:
    raise AssertionError("an archive was asked")
    yield


def again(home: Home, manifest: Path, out: Path, *, asks: Session = session) -> Rebuilt:
    return rebuild(home, read_original(manifest, profile=PROFILE), out, profile=PROFILE, session=asks)


def contents(folder: Path) -> dict[str, str]:
    """The digests of all files below a folder, but for what joins spilled and locks."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): shards.sha256_of(path) for path in paths if ".tmp" not in path.parts}


def told(folder: Path) -> dict[str, tuple[str, str]]:
    """By item, what is not as it was and why."""
    with (folder / MISSING).open(encoding="utf-8", newline="") as file:
        return {row["item_id"]: (row["what"], row["says"]) for row in csv.DictReader(file)}


def items_in(folder: Path) -> set[str]:
    return {item for path in folder.glob("*.parquet") for item in pq.read_table(path)["item_id"].to_pylist()}


def left_of(folder: Path, into: Path) -> Path:
    """A copy of a version of which the shards are lost."""
    shutil.copytree(folder, into)
    for path in into.glob("*.parquet"):
        path.unlink()
    return into


def lose_pictures(home: Home) -> None:
    for path in [*home.images.glob("*/*.jpg"), *home.images.glob("*/*.png")]:
        path.unlink()


def latest(home: Home) -> Path:
    folder = home.latest("dataset", "main")
    assert folder is not None
    return folder


# --- with an archive -------------------------------------------------------------------------------------------------


def test_what_is_gone_replaced_or_taken_down_is_told_by_name_and_the_rest_is_there(
    own_night: Line, tmp_path: Path
) -> None:
    home, archive = own_night.home, own_night.archive
    version, kept = latest(home), left_of(latest(home), tmp_path / "kept")
    held = items_in(version)
    pages = [page for page in own_night.plain_free_pages() if item_id(page) in held]
    gone, replaced, down = pages[0], pages[1], pages[2]
    archive.delete(gone.title)
    archive.overwrite(replaced.title)
    take_down_all(home, Asked(reason="the heirs ask", names=(item_id(down),)))
    lose_pictures(home)
    own_night.forget_requests()
    done = again(home, kept, tmp_path / "again")
    found = told(tmp_path / "again")
    assert {item: what for item, (what, _) in found.items()} == {
        item_id(gone): "gone",
        item_id(replaced): "changed",
        item_id(down): "withdrawn",
    }
    assert "taken down on request: T-" in found[item_id(down)][1] and "HTTP 404" in found[item_id(gone)][1]
    assert not any(str(down.pageid) in asked.path for asked in own_night.server.faults.log)
    assert items_in(tmp_path / "again") == held - found.keys()
    manifest = shards.verify(tmp_path / "again")
    assert manifest.version == done.version != version.name
    assert manifest.facts["rebuilt_of"] == version.name and not is_proven(manifest)
    rows = [row for batch in pictures_of(tmp_path / "again") for row in batch.to_pylist()]
    assert {row["item_id"] for row in rows} == held - found.keys() and len(rows) == done.rows - 3
    lost = {path.name for path in version.glob("*.parquet") if found.keys() & set(items_of(path))}
    assert set(done.other) == lost


def items_of(path: Path) -> list[str]:
    return list(pq.read_table(path)["item_id"].to_pylist())


def test_of_tables_alone_a_version_comes_out_byte_for_byte_though_the_rebuild_was_killed(
    own_night: Line, tmp_path: Path
) -> None:
    home, server = own_night.home, own_night.server
    before, kept = contents(latest(home)), left_of(latest(home), tmp_path / "kept")
    lose_pictures(home)
    of_home = contents(home.root)
    server.faults.delay_s = 0.2
    settings = {"PD_HOME": str(home.root), "PD_COMMONS_API": server.api_url}
    command = [sys.executable, "-m", "pd_assets.cli", "rebuild", "--manifest", str(kept), "--out", "again"]
    work = tmp_path / ".again.rebuilding"
    with subprocess.Popen(command, cwd=tmp_path, env={**os.environ, **settings, "PYTHONPATH": str(ROOT)}) as process:
        until(lambda: process.poll() is not None or len([*work.glob(".own/images/*/*.*g")]) >= 10, longest_pause_s=0.05)
        assert process.poll() is None
        process.kill()
    there = {path.name for path in work.glob(".own/images/*/*.*g") if not path.name.startswith(".")}
    assert not (tmp_path / "again").exists()
    server.faults.clear()
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, **settings, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    rows = len(items_in(tmp_path / "again"))
    # Asked for no picture again that it had.
    assert f"{rows} pictures, {rows - len(there)} of them fetched anew" in done.stdout
    assert "3 of 3 shards of main" in done.stdout and "the whole version is in again" in done.stdout
    found = contents(tmp_path / "again")
    assert found.pop(MISSING)
    assert found == before
    changed = {name for name, sha256 in contents(home.root).items() if of_home.get(name) != sha256}
    assert changed == {"http/ledger/rebuild.parquet"}, "the home is as it was, but for what was asked of the archive"
    assert sorted(path.name for path in tmp_path.iterdir() if "again" in path.name) == ["again"]


# --- without one -----------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    catalogue(made, range(1, 25))
    plant(made, ITEMS, [item(number, page_url=None) for number in range(1, 25)])
    return made


def test_whole_shards_beside_the_manifest_are_taken_as_they_are(home: Home, tmp_path: Path) -> None:
    export = dataset(home)
    (export.folder / "test-00000.parquet").unlink()
    of_test = {number for number in range(1, 25) if number % 6 == 0}
    for number in {*range(1, 25)} - of_test:
        (home.images / f"{number}.jpg").unlink()
    done = again(home, export.folder, tmp_path / "again", asks=no_session)
    assert done.is_whole and len(done.same) == 3


def test_a_shard_with_a_picture_that_was_taken_down_is_never_copied(home: Home, tmp_path: Path) -> None:
    export = dataset(home)
    plant(home, TAKEDOWNS, [{"item_id": "commons:M2", "reason": "the heirs ask", "taken_down_at": THEN}])
    done = again(home, export.folder, tmp_path / "again", asks=no_session)
    assert told(tmp_path / "again") == {"commons:M2": ("withdrawn", "taken down on request: 1 January 2026")}
    assert items_in(tmp_path / "again") == items_in(export.folder) - {"commons:M2"}
    assert done.other == ["train-00000.parquet"]


def test_labels_that_were_read_anew_are_told_and_stand_in_only_under_the_same_policy(
    home: Home, tmp_path: Path
) -> None:
    export = dataset(home)
    kept = left_of(export.folder, tmp_path / "kept")
    rows = tables.rows(tables.read(home, CAPTIONS))
    changed = [
        {**row, "captions": ["other words"], "policy": "cc0" if row["item_id"] == "commons:M3" else "all"}
        if row["item_id"] in ("commons:M2", "commons:M3")
        else row
        for row in rows
    ]
    plant(home, CAPTIONS, changed)
    done = again(home, kept, tmp_path / "again", asks=no_session)
    assert done.counts == {"other labels": 2} and done.other == ["train-00000.parquet"]
    held = pq.read_table(tmp_path / "again" / "train-00000.parquet", columns=["item_id", "caption"]).to_pylist()
    captions = {row["item_id"]: row["caption"] for row in held}
    assert (captions["commons:M2"], captions["commons:M3"], captions["commons:M4"]) == (
        "other words",
        None,
        "picture 4",
    )


def without_digests(folder: Path) -> None:
    """The list of a version as one of before had it, which told nothing of labels."""
    rows = pa.Table.from_batches(pictures_of(folder)).drop_columns(["labels", "caption_licences"])
    with ipc.new_file(folder / PICTURES, rows.schema) as file:
        file.write_table(rows)
    manifest = shards.parse_manifest(folder / MANIFEST)
    facts = {**manifest.facts, PICTURES_SHA256: shards.sha256_of(folder / PICTURES), "labels": "cc0"}
    shards.write_manifest(folder, replace(manifest, facts=facts))


def test_labels_of_which_no_list_tells_a_digest_are_proved_by_the_bytes_or_told_and_kept_to_the_policy(
    home: Home, tmp_path: Path
) -> None:
    kept = left_of(dataset(home).folder, tmp_path / "kept")
    without_digests(kept)
    assert again(home, kept, tmp_path / "same", asks=no_session).is_whole
    assert contents(tmp_path / "same")[MANIFEST] == contents(kept)[MANIFEST]
    rows = tables.rows(tables.read(home, CAPTIONS))
    of = {"commons:M2": "all", "commons:M4": "cc0"}
    others = [{**row, "captions": ["of a page"], "label_licence": "CC-BY-SA-4.0"} for row in rows]
    plant(home, CAPTIONS, [{**row, "policy": of.get(str(row["item_id"]))} for row in others])
    done = again(home, kept, tmp_path / "again", asks=no_session)
    assert done.counts == {"other labels": 24} and len(done.other) == 3
    held = {row["item_id"]: row for path in done.folder.glob("*.parquet") for row in pq.read_table(path).to_pylist()}
    assert {item: row["captions"] for item, row in held.items() if row["captions"]} == {"commons:M4": ["of a page"]}
    says = {what for _, what in told(done.folder).values()}
    assert says == {
        "nothing tells its labels; it has those of today",
        "nothing tells its labels; it has none, as today's are not of its policy",
    }


def test_the_papers_of_what_is_not_as_it_was_count_anew_what_is_there_and_of_today(home: Home, tmp_path: Path) -> None:
    export = dataset(home)
    manifest = shards.parse_manifest(export.folder / MANIFEST)
    shards.write_manifest(export.folder, replace(manifest, facts={**manifest.facts, FINISHED_ON: "2020-02-02"}))
    again(home, export.folder, tmp_path / "same", asks=no_session)
    assert shards.parse_manifest(tmp_path / "same" / MANIFEST).facts[FINISHED_ON] == "2020-02-02"
    plant(home, TAKEDOWNS, [{"item_id": "commons:M2", "reason": "the heirs ask", "taken_down_at": THEN}])
    rows = tables.rows(tables.read(home, CAPTIONS))
    anew = {"commons:M3": "CC-BY-SA-4.0", "commons:M6": "CC-BY-SA-4.0"}
    changed = [{**row, "label_licence": anew.get(str(row["item_id"]), row["label_licence"])} for row in rows]
    plant(home, CAPTIONS, changed)
    before = datetime.now(UTC).date().isoformat()
    again(home, export.folder, tmp_path / "again", asks=no_session)
    facts = shards.parse_manifest(tmp_path / "again" / MANIFEST).facts
    assert facts["sources"] == {"commons": 23} and sum(facts["rules"].values()) == 23
    assert facts["label_licences"] == {"CC-BY-SA-4.0": 1, "CC0-1.0": 22}
    assert (facts["skipped"], facts["labels_waiting"]) == (["commons:M2: withdrawn"], 1)
    assert before <= facts[FINISHED_ON] <= datetime.now(UTC).date().isoformat()
    card = (tmp_path / "again" / "README.md").read_text()
    assert "commons:M2: withdrawn" in card and "the heirs" not in card


def test_without_its_list_the_home_says_which_pictures_a_version_held(home: Home, tmp_path: Path) -> None:
    export = dataset(home)
    (tmp_path / "alone").mkdir()
    shutil.copy(export.folder / "manifest.json", tmp_path / "alone")
    done = again(home, tmp_path / "alone" / "manifest.json", tmp_path / "again", asks=no_session)
    assert len(done.same) == 3 and done.is_whole
    (home.table("dataset/members") / "main" / f"{export.version}.parquet").unlink()
    with pytest.raises(ConfigError, match=r"put the pictures.arrow of that version beside it"):
        again(home, tmp_path / "alone", tmp_path / "other")


def test_what_cannot_be_rebuilt_is_named(home: Home, tmp_path: Path) -> None:
    export = dataset(home)
    kept = left_of(export.folder, tmp_path / "kept")
    (tmp_path / "there").mkdir()
    with pytest.raises(ConfigError, match="is there already"):
        again(home, kept, tmp_path / "there")
    empty = open_home(tmp_path / "empty")
    with pytest.raises(TableError, match="run pdd run nightly in this home first"):
        again(empty, kept, tmp_path / "again")
    (kept / "pictures.arrow").write_bytes(b"another list")
    with pytest.raises(ConfigError, match=r"pictures.arrow: altered"):
        again(home, kept, tmp_path / "again")
    (kept / "manifest.json").write_text("{}")
    with pytest.raises(ConfigError, match="not a dataset manifest"):
        again(home, kept, tmp_path / "again")


def test_a_version_of_another_profile_is_not_judged_by_this_one(first_night: Night) -> None:
    with pytest.raises(ConfigError, match="accepted under the profile strict, and PD_RIGHTS_PROFILE is us"):
        read_original(latest(first_night.line.home), profile="us")
