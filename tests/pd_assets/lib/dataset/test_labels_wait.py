"""Labels that changed alone are taken over a shard at a time; those that may not be shown any more, at once."""

import json
from pathlib import Path

import pytest

from pd_assets.lib.catalog.schemas import CAPTIONS
from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.dataset.exported import Export, waiting
from pd_assets.lib.dataset.manifest import finish
from pd_assets.lib.home import Home, open_home
from pd_ml.data import shards
from tests.pd_assets.lib.dataset.exporting import fill
from tests.pd_assets.lib.planting import plant

COUNT = 24
SHARD_BYTES = 6000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    fill(made, range(COUNT))
    return made


def relabel(home: Home, said: str, **changes: object) -> None:
    """Other captions for all pictures but the first."""
    facts = {"label_licence": "CC-BY-SA-4.0", "policy": "all", "labels_version": "1", **changes}
    first = {"item_id": "commons:M0", "captions": ["first"], **facts}
    plant(
        home,
        CAPTIONS,
        [first, *({"item_id": f"commons:M{n}", "captions": [f"{said} {n}"], **facts} for n in range(1, COUNT))],
    )


def exported(home: Home, *, is_finished: bool = True) -> Export:
    export = export_shards(home, name="main", shard_bytes=SHARD_BYTES)
    if is_finished:
        finish(export, {})
    return export


def saying(export: Export, said: str) -> int:
    return sum(
        caption.startswith(said)
        for split in shards.SPLITS
        for batch in shards.read_batches(export.folder, split)
        for caption in batch["caption"].to_pylist()
    )


def test_labels_are_taken_over_a_shard_at_a_time_and_the_version_says_how_many_wait(home: Home) -> None:
    relabel(home, "old")
    first = exported(home)
    assert (first.labels_waiting, waiting(home)) == (0, [])
    relabel(home, "new")
    seen, export = [first.version], exported(home)
    while export.labels_waiting:
        assert export.written == 1 and export.version not in seen
        assert saying(export, "old") == export.labels_waiting == COUNT - 1 - saying(export, "new")
        manifest = shards.read_manifest(export.folder)
        assert manifest.facts["labels_waiting"] == export.labels_waiting
        assert (
            f"{export.labels_waiting} pictures have changed since and wait" in (export.folder / "README.md").read_text()
        )
        assert waiting(home) == [f"main/{export.version}"]
        seen.append(export.version)
        export = exported(home)
    assert saying(export, "new") == COUNT - 1
    assert len(seen) == len(first.shards)
    assert exported(home) == export
    assert "wait for a later version" not in (export.folder / "README.md").read_text()


def test_a_version_in_which_labels_waited_says_so_no_more_when_the_pages_say_again_what_it_says(home: Home) -> None:
    relabel(home, "old")
    exported(home)
    relabel(home, "new")
    waits = exported(home)
    assert waits.labels_waiting
    rows = [
        row for split in shards.SPLITS for one in shards.read_batches(waits.folder, split) for row in one.to_pylist()
    ]
    told = {"policy": "all", "labels_version": "1"}
    plant(
        home,
        CAPTIONS,
        [{**told, **{name: row[name] for name in ("item_id", "captions", "label_licence")}} for row in rows],
    )
    again = exported(home)
    assert (again.version, again.labels_waiting) == (waits.version, 0)
    assert shards.read_manifest(again.folder).facts["labels_waiting"] == 0
    assert "wait for a later version" not in (again.folder / "README.md").read_text()


def test_an_export_that_ended_before_its_manifest_is_made_again_as_it_was(home: Home) -> None:
    relabel(home, "old")
    exported(home)
    relabel(home, "new")
    export = exported(home, is_finished=False)
    assert export.labels_waiting and exported(home, is_finished=False) == export
    finish(export, {})
    assert exported(home).version != export.version


@pytest.mark.parametrize(
    ("why", "is_at_once"),
    [
        ("only free labels are allowed now", True),
        ("nobody vouches for any label", True),
        ("its source has no label any more", True),
        ("another reader took words out", True),
        ("another reader put words in", False),
        ("the page says something else", False),
    ],
)
def test_what_may_not_be_shown_any_more_waits_for_nothing(home: Home, why: str, is_at_once: bool) -> None:
    relabel(home, "old")
    before = exported(home)
    if why == "nobody vouches for any label":
        plant(home, CAPTIONS, [])
    elif why == "its source has no label any more":
        nothing = {"captions": [], "policy": "all", "labels_version": "1"}
        plant(home, CAPTIONS, [{"item_id": f"commons:M{n}", **nothing} for n in range(COUNT)])
    elif why == "only free labels are allowed now":
        relabel(home, "new", label_licence="CC0-1.0", policy="cc0")
    elif why == "another reader took words out":
        relabel(home, "new", labels_version="2")
    elif why == "another reader put words in":
        relabel(home, "old but longer", labels_version="2")
    else:
        relabel(home, "new")
    after = exported(home)
    assert (after.written == len(before.shards)) is is_at_once
    assert (after.labels_waiting == 0) is is_at_once
    assert is_at_once is (json.loads((after.folder / "shards.json").read_text())["waited"] == {})


@pytest.mark.parametrize(("said", "is_at_once"), [("old", True), ("old but longer", False)])
def test_words_are_not_called_cc0_any_longer_than_the_reader_calls_them_so(
    home: Home, said: str, is_at_once: bool
) -> None:
    relabel(home, "old", label_licence="CC0-1.0")
    before = exported(home)
    relabel(home, said, labels_version="2")
    # The shard of the first picture, whose captions stay the same, is written at once with both.
    after = exported(home)
    licences = shards.read_manifest(after.folder).facts["label_licences"]
    assert (licences == {"CC-BY-SA-4.0": COUNT}) is is_at_once
    assert (after.written == len(before.shards)) is is_at_once


def test_another_ground_of_the_rights_waits_for_nothing(home: Home) -> None:
    fill(home, range(COUNT), facts={n: {"rule_id": "before"} for n in range(COUNT)})
    before = exported(home)
    fill(home, range(COUNT), facts={n: {"rule_id": "after"} for n in range(COUNT)})
    after = exported(home)
    assert after.written == len(before.shards) == len(after.shards)
    assert shards.read_manifest(after.folder).facts["rules"] == {"after": COUNT}
