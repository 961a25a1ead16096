"""The notice of a takedown: what it tells, what it never tells, and that whoever receives it can filter a dataset."""

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pd_assets.lib.catalog.items import build_licensed
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import notices
from pd_assets.lib.release.receipts import receipt
from pd_assets.lib.release.takedowns import Asked, resume, take_down, take_down_all
from pd_ml.provenance import LEDGER, write_run
from tests.pd_assets.lib.dataset.exporting import store
from tests.pd_assets.lib.release.planted import catalogue, dataset, model, write_ledger

COUNT = 12
DOCS = Path(__file__).parents[4] / "docs" / "takedowns.md"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    catalogue(made, range(COUNT))
    return made


def read(home: Home, name: str) -> dict[str, object]:
    found = json.loads((home.root / "notices" / f"{name}.json").read_text())
    assert isinstance(found, dict)
    return found


def filtered(folder: Path, published: Path) -> dict[str, list[str]]:
    """What somebody who has a copy of a dataset does with our notices, without a line of ours."""
    gone: set[str] = set()
    for listed in json.loads((published / "index.json").read_text())["notices"]:
        body = (published / listed["path"]).read_bytes()
        assert hashlib.sha256(body).hexdigest() == listed["sha256"]
        for picture in json.loads(body)["pictures"]:
            gone.update(filter(None, [picture["item_id"], *picture["sha256"], *picture["exported_sha256"]]))
    for path in folder.glob("*.parquet"):
        rows = pq.read_table(path)
        is_gone = [pc.is_in(rows[name], pa.array(sorted(gone))) for name in ("item_id", "sha256")]
        pq.write_table(rows.filter(pc.invert(pc.or_(*is_gone))), path)
    return {path.name: pq.read_table(path)["item_id"].to_pylist() for path in folder.glob("*.parquet")}


def test_who_has_a_copy_of_a_dataset_can_take_the_pictures_out_with_it(home: Home, tmp_path: Path) -> None:
    export = dataset(home)
    copy = shutil.copytree(export.folder, tmp_path / "copy")
    take_down(home, "commons:M5", reason="a complaint")
    take_down_all(home, Asked(names=(store(home, 6), f"{7:040x}"), reason="a letter", purge=True, is_list=True))
    left = {item for items in filtered(copy, home.root / "notices").values() for item in items}
    assert left == {f"commons:M{n}" for n in range(COUNT) if n not in (5, 6, 7)}


def test_it_names_pictures_datasets_shards_and_models(home: Home) -> None:
    export = dataset(home)
    model(home, "unet_text", "seer", export)
    number = take_down(home, "commons:M5", reason="a complaint").number
    told = read(home, number)
    assert set(told) == {
        *("format", "number", "date", "changed_at", "reason", "is_complete", "pictures", "datasets"),
        *("datasets_unknown", "latest_without", "models", "receivers"),
    }
    assert told["format"] == 1 and told["number"] == number and told["is_complete"] is True
    (picture,) = told["pictures"]  # type: ignore[misc]
    assert picture == {
        "item_id": "commons:M5",
        "page_url": "https://archive.test/wiki/5",
        "sha1": [f"{5:040x}"],
        "sha256": [store(home, 5)],
        "exported_sha256": picture["exported_sha256"],
    }
    assert len(picture["exported_sha256"]) == 1
    (held,) = told["datasets"]  # type: ignore[misc]
    assert (held["name"], held["version"], held["is_available"], held["is_latest"]) == (
        "main",
        export.version,
        True,
        True,
    )
    assert [one["pictures"] for one in held["shards"]] == [1]
    assert held["shards"][0]["path"] in {info.path for info in export.shards}
    (seen,) = told["models"]  # type: ignore[misc]
    assert (seen["name"], seen["version"], seen["relation"], seen["pictures"]) == ("unet_text", "seer", "trained_on", 1)
    assert [one["action"] for one in told["receivers"]] == [  # type: ignore[union-attr, index, attr-defined]
        *("remove_pictures", "use_a_later_version", "stop_using_models"),
    ]


def test_no_words_of_the_operator_and_no_path_of_the_machine_are_told_unless_they_are_meant_for_others(
    home: Home,
) -> None:
    dataset(home)
    model(home, "unet_text", "seer", dataset(home))
    (home.model("unet_text", "seer") / "run.json").write_text("{")
    asked = Asked(
        names=("File:Picture_5.jpg",),
        patterns=("artist:*Painter*",),
        reason="J. Doe, doe@mail.test, asks",
        is_sure=True,
    )
    number = take_down_all(home, asked).number
    body = (home.root / "notices" / f"{number}.json").read_text()
    for secret in ("Doe", "doe@mail.test", "Painter", "Picture_5", str(home.root), "/tmp"):
        assert secret not in body, secret
    told = json.loads(body)
    assert told["reason"] == {"category": "unspecified", "text": None}
    assert [one["relation"] for one in told["models"]] == ["unknown"]


def test_a_public_reason_is_told_and_for_the_sake_of_a_person_no_address_is(home: Home) -> None:
    public = Asked(names=("commons:M5",), reason="J. Doe asks", ground="copyright", public_reason="still in copyright")
    assert read(home, take_down_all(home, public).number)["reason"] == {
        "category": "copyright",
        "text": "still in copyright",
    }
    private = Asked(names=("commons:M6",), reason="J. Doe asks", ground="privacy")
    told = read(home, take_down_all(home, private).number)
    assert [(one["item_id"], one["page_url"]) for one in told["pictures"]] == [("commons:M6", None)]  # type: ignore[attr-defined]


def test_it_is_written_anew_when_the_state_changes_and_only_then(home: Home) -> None:
    number = take_down(home, "commons:M5", reason="a complaint").number
    paths = [home.root / "notices" / name for name in (f"{number}.json", "index.json")]
    before = [path.stat().st_mtime_ns for path in paths]
    assert resume(home) == []
    (home.scratch / "notices").unlink()
    assert resume(home) == [] and [path.stat().st_mtime_ns for path in paths] == before
    assert read(home, number)["latest_without"] == []
    build_licensed(home, profile="strict")
    export = dataset(home)
    assert resume(home) == []
    assert read(home, number)["latest_without"] == [{"name": "main", "version": export.version}]
    model(home, "clip", "seer", export)
    # What is damaged or removed is written anew, and so is the index.
    paths[0].write_text("{")
    paths[1].unlink()
    assert resume(home) == []
    assert read(home, number)["models"] == [] and read(home, "index")["notices"]


def test_it_follows_an_evaluation_and_a_ledger_that_proves_nothing_any_more(home: Home) -> None:
    export = dataset(home)
    unet = model(home, "unet", "one", export)
    number = take_down(home, "commons:M7", reason="a complaint").number

    def relations() -> list[str]:
        assert resume(home) == []
        return [one["relation"] for one in read(home, number)["models"]]  # type: ignore[attr-defined]

    assert relations() == ["held"]
    report = home.root / "evaluation" / "report" / "some"
    write_ledger(report, "unet", "one", export, measured=["commons:M7"], times=0)
    write_run(report, replace(unet, stage="evaluate", version="some", inputs={"unet": unet.digest}))
    assert relations() == ["measured_with"]
    (home.model("unet", "one") / LEDGER).unlink()
    assert relations() == ["unknown"]


def test_a_takedown_is_done_where_its_notice_cannot_be_written(home: Home) -> None:
    (home.root / "notices").write_text("no folder")
    done = take_down(home, "commons:M5", reason="a complaint")
    assert done.left == () and "notices is as it was" in done.told[0]
    assert receipt(home, done.number).number == done.number
    (home.root / "notices").unlink()
    resume(home)
    assert read(home, done.number)["number"] == done.number


def test_a_takedown_by_a_name_that_cannot_be_looked_up_is_not_complete(home: Home) -> None:
    from pd_assets.lib.catalog import tables
    from pd_assets.lib.catalog.schemas import ITEMS

    for path in tables.files_of(home, ITEMS):
        path.write_bytes(b"damaged")
    number = take_down(home, "The Night Watch", reason="a complaint").number
    assert read(home, number)["is_complete"] is False and read(home, number)["pictures"] == []


def test_the_docs_name_every_field_and_every_action(home: Home) -> None:
    export = dataset(home)
    model(home, "unet_text", "seer", export)
    told = read(home, take_down(home, "commons:M5", reason="a complaint").number)
    named = set(re.findall(r"`([a-z_0-9]+)`", DOCS.read_text()))

    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            return {*value, *(name for one in value.values() for name in names(one))}
        return {name for one in value for name in names(one)} if isinstance(value, list) else set()

    assert names(told) | names(read(home, "index")) | set(notices.DO) <= named
