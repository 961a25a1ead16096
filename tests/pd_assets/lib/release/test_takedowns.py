"""An operator's takedown: what it keeps out, what a purge removes, and what can still be told afterwards."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.items import build_licensed, find_unfree
from pd_assets.lib.catalog.schemas import FILES, ITEMS, LICENSED, TAKEDOWNS
from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.dataset.exported import Export, pictures_of
from pd_assets.lib.dataset.manifest import finish
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.images.fetch import fetch_accepted
from pd_assets.lib.images.journal import Journal
from pd_assets.lib.release.takedowns import take_down
from pd_assets.lib.release.trace import trace
from pd_assets.lib.release.withdrawals import find_withdrawn
from pd_assets.lib.rights.audit import Sample, Sampled, save_sample
from pd_ml.provenance import read_run, write_run
from tests.pd_assets.lib.dataset.exporting import store
from tests.pd_assets.lib.planting import MAX_SIDE, file, item, plant
from tests.pd_assets.lib.release.planted import catalogue, dataset, model

COUNT = 12


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    catalogue(made, range(COUNT))
    return made


def licensed_items(home: Home) -> set[str]:
    build_licensed(home, profile="strict")
    return {str(row["item_id"]) for row in tables.rows(tables.read(home, LICENSED))}


def reasons(home: Home) -> list[tuple[object, object, object]]:
    return [(row["item_id"], row["named"], row["reason"]) for row in tables.rows(tables.read(home, TAKEDOWNS))]


@pytest.mark.parametrize(
    "called",
    [
        "sha256",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("commons:M5", "File:Picture_5.jpg", "Picture 5")),
    ],
)
def test_what_is_taken_down_by_item_title_or_digest_is_out_of_the_licensed_table(home: Home, called: str) -> None:
    called = store(home, 5) if called == "sha256" else called
    assert licensed_items(home) == {f"commons:M{n}" for n in range(COUNT)}
    number = take_down(home, called, reason="the heirs ask for it").number
    assert find_unfree(home, profile="strict") == [f"commons:M5: taken down: {number}: the heirs ask for it"]
    assert licensed_items(home) == {f"commons:M{n}" for n in range(COUNT)} - {"commons:M5"}
    assert find_unfree(home, profile="strict") == []
    assert reasons(home) == [("commons:M5", called, "the heirs ask for it")]


def test_copies_go_with_it(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    catalogue(home, range(COUNT), copies=[(6, 5)])
    done = take_down(home, "commons:M5", reason="a complaint")
    assert [(one.item_id, one.is_meant) for one in done.pictures] == [("commons:M5", True), ("commons:M6", False)]
    assert not {"commons:M5", "commons:M6"} & licensed_items(home)


def test_the_same_bytes_under_another_item_that_comes_later_stay_out(home: Home) -> None:
    take_down(home, "commons:M5", reason="a complaint")
    rows = [file(n, sha256=store(home, 5 if n == 7 else n), path=f"images/{n}.jpg") for n in range(COUNT)]
    plant(home, FILES, rows)
    assert not {"commons:M5", "commons:M7"} & licensed_items(home)


def test_a_picture_that_looks_the_same_and_comes_later_stays_out(home: Home) -> None:
    """Other bytes under another item: only the cluster tells, also once the picture that was taken down is dropped."""
    look = {"phash": f"{0x0F1E2D3C4B5A6978:016x}", "detail_hash": "5a" * 32}

    def put(*, alike: set[int], but: set[int]) -> None:
        numbers = [n for n in range(COUNT) if n not in but]
        plant(home, FILES, [file(n, sha256=store(home, n), **(look if n in alike else {})) for n in numbers])

    put(alike={5}, but={7})
    take_down(home, "commons:M5", reason="a complaint")
    assert licensed_items(home) == {f"commons:M{n}" for n in range(COUNT)} - {"commons:M5", "commons:M7"}
    put(alike={7}, but={5})
    assert licensed_items(home) == {f"commons:M{n}" for n in range(COUNT)} - {"commons:M5", "commons:M7"}
    put(alike=set(), but={5})
    assert "commons:M7" in licensed_items(home), "it was the look that kept it out"


def fetched_items(home: Home) -> set[str]:
    """What images/files holds after a run of it; every picture is there, so that nothing is asked for."""
    with PoliteSession("tests", tries=1) as session:
        fetch_accepted(home, session, profile="strict", max_side=MAX_SIDE)
        assert session.traffic == {}
    return {str(row["item_id"]) for row in tables.rows(tables.read(home, FILES))}


def test_what_was_taken_down_is_not_fetched_again_nor_the_same_file_under_another_item(home: Home) -> None:
    assert fetched_items(home) == {f"commons:M{n}" for n in range(COUNT)}
    take_down(home, "commons:M5", reason="a complaint")
    assert fetched_items(home) == {f"commons:M{n}" for n in range(COUNT)} - {"commons:M5"}
    plant(home, ITEMS, [item(n, sha1=f"{5 if n == 7 else n:040x}") for n in range(COUNT)])
    plant(home, FILES, [file(n, sha1=f"{5 if n == 7 else n:040x}", sha256=store(home, n)) for n in range(COUNT)])
    assert fetched_items(home) == {f"commons:M{n}" for n in range(COUNT)} - {"commons:M5", "commons:M7"}
    plant(home, ITEMS, [item(n, sha1="f" * 40 if n == 5 else f"{n:040x}") for n in range(COUNT) if n != 7])
    assert "commons:M5" not in fetched_items(home), "nor a new version of its file"


def test_an_item_and_a_digest_that_nobody_has_seen_yet_can_be_taken_down(home: Home) -> None:
    take_down(home, "commons:M404", reason="announced")
    take_down(home, "ab" * 32, reason="announced")
    found = list(tables.rows(tables.read(home, TAKEDOWNS)))
    assert {(row["item_id"], row["sha256"]) for row in found} == {("commons:M404", None), (None, "ab" * 32)}
    assert licensed_items(home) == {f"commons:M{n}" for n in range(COUNT)}


@pytest.mark.parametrize("called", ["The Night Watch", "commons:12", "AB", ""])
def test_what_is_neither_known_nor_an_id_is_refused_and_nothing_is_noted(home: Home, called: str) -> None:
    with pytest.raises(ConfigError, match="expected an item id"):
        take_down(home, called, reason="why not")
    assert tables.parts(home, TAKEDOWNS) == []


def test_a_title_that_nothing_has_is_answered_with_what_is_near_it(home: Home) -> None:
    with pytest.raises(ConfigError, match=r"expected an item id .*; near it: .*commons:M5 \(Picture 5\)"):
        take_down(home, "Picture 5s", reason="why not")


def test_a_takedown_needs_a_reason(home: Home) -> None:
    with pytest.raises(ConfigError, match="needs a reason"):
        take_down(home, "commons:M5", reason="  ")


@pytest.mark.slow
def test_a_purge_removes_the_picture_and_the_datasets_that_hold_it_and_no_others(home: Home) -> None:
    stored = home.images / store(home, 5)[:2] / f"{store(home, 5)}.jpg"
    stored.parent.mkdir()
    stored.write_bytes(b"the picture")
    old = dataset(home)
    cached = home.root / "models" / "clip" / ".cache" / f"{_digest(home, old.version)[:16]}-16px-v1"
    cached.mkdir(parents=True)
    take_down(home, "commons:M3", reason="first")
    licensed_items(home)
    without_3 = dataset(home)
    take_down(home, "commons:M5", reason="second")
    licensed_items(home)
    without_both = dataset(home)

    done = take_down(home, "commons:M5", reason="now for good", purge=True)
    assert done.purged.files == (f"images/{stored.parent.name}/{stored.name}",)
    assert set(done.purged.datasets) == {f"main/{old.version}", f"main/{without_3.version}"}
    assert not stored.exists() and not old.folder.exists() and not without_3.folder.exists() and not cached.exists()
    assert home.latest("dataset", "main") == without_both.folder
    purged = {row["reason"]: row["purged_at"] is not None for row in tables.rows(tables.read(home, TAKEDOWNS))}
    assert purged == {"first": False, "second": True, "now for good": True}


def _digest(home: Home, version: str) -> str:
    from pd_ml.data.shards import read_manifest

    return read_manifest(home.dataset("main", version)).digest


def test_a_purge_knows_of_the_picture_that_a_killed_run_fetched_and_only_its_journal_tells(home: Home) -> None:
    plant(home, FILES, [file(n, sha256=store(home, n)) for n in range(COUNT) if n != 5])
    Journal(home).add(tables.as_table(FILES, [{**dict.fromkeys(FILES.columns), **file(5, sha256=store(home, 5))}]))
    take_down(home, "commons:M5", reason="a complaint", purge=True)
    assert not list((home.images / store(home, 5)[:2]).glob(f"{store(home, 5)}.*"))


def test_a_purge_takes_an_export_that_waits_for_its_manifest_too(home: Home) -> None:
    export = export_shards(home, name="main")
    assert take_down(home, "commons:M5", reason="for good", purge=True).purged.datasets == (f"main/{export.version}",)
    assert not export.folder.exists()


@pytest.mark.slow
def test_after_a_purge_the_next_export_leaves_the_shards_that_did_not_hold_it(home: Home) -> None:
    build_licensed(home, profile="strict")
    before = export_shards(home, name="main", shard_bytes=6000)
    finish(before, {})
    listed = [row for batch in pictures_of(before.folder) for row in batch.to_pylist()]
    held = {row["shard"] for row in listed if row["item_id"] in ("commons:M5", "commons:M6")}
    for number in (5, 6):
        take_down(home, f"commons:M{number}", reason="for good", purge=True)
        assert not before.folder.exists() and home.latest("dataset", "main") is None
        kept = [path.read_bytes() for path in (home.root / "dataset").rglob("*") if path.is_file()]
        assert kept and not any(f"commons:M{number}".encode() in body for body in kept)
    build_licensed(home, profile="strict")
    after = export_shards(home, name="main", shard_bytes=6000)
    assert {row["item_id"] for batch in pictures_of(after.folder) for row in batch.to_pylist()} == licensed_items(home)
    others = {info for info in before.shards if info.path not in held}
    assert 0 < len(others) == len(before.shards) - 2 and others <= set(after.shards)
    assert not (home.root / "dataset/main/.rest").exists()


@pytest.mark.slow
def test_a_purge_takes_what_another_that_was_killed_left_half_made(home: Home) -> None:
    """The export went on without it, so nobody finishes what it was at."""
    old = export_shards(home, name="main", shard_bytes=6000)
    half = home.root / "dataset/main/.rest.partial"
    shutil.copytree(old.folder, half)
    take_down(home, "commons:M5", reason="first")
    licensed_items(home)
    dataset(home)
    take_down(home, "commons:M5", reason="for good", purge=True)
    assert not half.exists()


def test_a_purge_takes_the_latents_of_every_dataset_that_held_it_also_where_that_is_gone(home: Home) -> None:
    old = dataset(home)
    for version in ("old", "begun.partial"):
        model(home, "latents", version, old)
    begun = home.model("latents", "begun.partial")
    (begun / "job.json").write_text(json.dumps({"inputs": {"dataset": _digest(home, old.version)}}))
    clip = model(home, "clip", "seer", old)
    take_down(home, "commons:M3", reason="first")
    licensed_items(home)
    model(home, "latents", "without", dataset(home), inputs={"clip": clip.digest})
    assert take_down(home, "commons:M3", reason="for good", purge=True).purged.latents == ("old",)
    assert not home.model("latents", "old").exists() and not begun.exists()
    assert home.model("latents", "without").is_dir() and home.model("clip", "seer").is_dir()

    last = dataset(home)
    model(home, "latents", "last", last)
    shutil.rmtree(last.folder)
    assert set(take_down(home, "commons:M5", reason="for good", purge=True).purged.latents) == {"without", "last"}


@pytest.mark.slow
def test_a_purge_takes_the_sheets_on_which_the_picture_may_be_seen_and_no_others(home: Home) -> None:
    saw = dataset(home)
    shows = plant_sheets(home, "saw", saw)
    sample = Sample(profile="strict", seed=0, accepted=1, others=0, items=(sampled("commons:M5"),))
    shows.append(save_sample(home, sample) / "audit.html")
    begun = [home.model(stage, "begun.partial") for stage in ("vae", "super_resolution", "latents", "clip")]
    for folder, job in zip(begun, [{"inputs": {"dataset": _digest(home, saw.version)}}, "damaged"] * 2, strict=True):
        folder.mkdir(parents=True)
        (folder / "job.json").write_text(json.dumps(job))
    take_down(home, "commons:M5", reason="first")
    licensed_items(home)
    stays = plant_sheets(home, "did-not-see", dataset(home))
    stays.append(save_sample(home, replace(sample, items=(sampled("commons:M7"),))) / "audit.html")
    stays += [home.model("vae", "saw") / name for name in ("loss_curve.png", "metrics.jsonl")]
    stays.append(home.model("unet_text", "saw") / "samples.png")
    for path in (*shows, *stays):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a picture")

    done = take_down(home, "commons:M5", reason="for good", purge=True)
    assert sorted(done.purged.sheets) == sorted(str(path.relative_to(home.root)) for path in shows)
    assert not any(path.exists() for path in shows) and all(path.exists() for path in stays)
    assert [folder.exists() for folder in begun] == [False, False, False, True], "CLIP draws no picture of the dataset"


def plant_sheets(home: Home, version: str, export: Export) -> list[Path]:
    """A VAE, a text model and a report that know a dataset; the places of the sheets that show its pictures."""
    vae = home.model("vae", version)
    model(home, "vae", version, export)
    model(home, "unet_text", version, export)
    report = home.root / "evaluation" / "report" / version
    report.mkdir(parents=True)
    write_run(report, replace(read_run(vae), stage="evaluate", outputs={}))
    return [
        *(vae / name for name in ("samples.png", "previews/step-000000002/samples.png", "tensorboard/events")),
        *(
            report / name
            for name in ("samples.png", "real_and_drawn.png", "nearest_by_pixels.png", "nearest_by_clip.png")
        ),
    ]


def sampled(item_id: str) -> Sampled:
    return Sampled(
        item_id=item_id,
        verdict="accept",
        rule_id="",
        reasons=(),
        title="",
        page_url="",
        thumb_url=None,
        path=None,
        evidence="",
    )


@pytest.mark.slow
def test_a_purge_takes_bundles_whose_sheet_may_show_the_picture_and_no_others(home: Home) -> None:
    saw = dataset(home)
    plant_sheets(home, "saw", saw)
    take_down(home, "commons:M5", reason="first")
    licensed_items(home)
    plant_sheets(home, "did-not-see", dataset(home))
    bundles = {name: home.root / "release" / "unet_text" / name for name in ("saw", "did-not-see", "untold")}
    for name, folder in bundles.items():
        place = folder / "chain" / f"evaluate-{name}"
        place.mkdir(parents=True)
        if name != "untold":
            shutil.copy(home.root / "evaluation" / "report" / name / "run.json", place)
        (folder / "samples.png").write_bytes(b"a picture")
        (folder / "README.md").write_text("a card")
    done = take_down(home, "commons:M5", reason="for good", purge=True)
    assert {name for name, folder in bundles.items() if folder.exists()} == {"did-not-see"}
    assert {"release/unet_text/saw", "release/unet_text/untold"} <= set(done.purged.sheets)


@pytest.mark.slow
def test_after_a_purge_the_datasets_and_models_that_saw_it_can_still_be_told(home: Home) -> None:
    export = dataset(home)
    model(home, "clip", "seer", export)
    digest = store(home, 5)
    take_down(home, "commons:M5", reason="for good", purge=True)
    for called in ("commons:M5", digest):
        told = trace(home, called)
        assert [(one.dataset.version, one.dataset.is_there, one.split) for one in told.sightings] == [
            (export.version, False, "train")
        ]
        assert [one.version for one in told.models] == ["seer"]
    lines = "\n".join(trace(home, "commons:M5").in_words())
    assert f"main {export.version} (its folder is gone): commons:M5 in train" in lines
    assert f"clip seer (latest), dataset {export.version}" in lines
    assert "commons:M5: for good; purged" in lines


def test_a_picture_that_was_taken_down_is_withdrawn_from_every_dataset_that_held_it(home: Home) -> None:
    export = dataset(home)
    number = take_down(home, "commons:M5", reason="a complaint").number
    (one,) = find_withdrawn(home, profile="strict")
    assert (one.item_id, one.versions) == ("commons:M5", (export.version,))
    assert one.reason.startswith(f"taken down on request: {number}, ") and "complaint" not in one.reason


def test_nothing_is_told_of_what_nobody_knows(home: Home) -> None:
    with pytest.raises(ConfigError, match=r"nothing in .* is called 'commons:M404'"):
        trace(home, "commons:M404")
