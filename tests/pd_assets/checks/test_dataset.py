"""The check of the dataset finds what was done to it after it was written."""

from pathlib import Path

import dagster as dg
import pytest

from pd_assets.checks.dataset import whole_and_licensed
from pd_assets.definitions import defs
from pd_assets.lib.catalog.schemas import LICENSED, MEMBERS
from pd_assets.lib.dataset.audit import find_faults
from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.dataset.exported import Export
from pd_assets.lib.dataset.manifest import finish
from pd_assets.lib.dataset.selection import Selection
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import members
from pd_assets.resources import Platform
from pd_ml.provenance import MEMBERS as MEMBERS_DIGEST
from tests.pd_assets.lib.dataset.exporting import fill, store
from tests.pd_assets.lib.planting import licensed, plant

COUNT = 12


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    fill(made, range(COUNT))
    return made


def finished(home: Home, selection: Selection | None = None) -> Export:
    export = export_shards(home, name="main", selection=selection)
    finish(export, {MEMBERS_DIGEST: members.record(home, export)})
    home.point("dataset", "main", "latest", export.version)
    return export


@pytest.mark.parametrize("selection", [Selection(), Selection(max_side=24)])
def test_a_sound_dataset_passes_whether_its_pictures_were_scaled_or_not(home: Home, selection: Selection) -> None:
    finished(home, selection)
    assert find_faults(home, name="main") == []


def test_a_picture_that_is_licensed_no_more_is_named(home: Home) -> None:
    finished(home)
    rows = [licensed(number, sha256=store(home, number)) for number in range(COUNT) if number != 3]
    plant(home, LICENSED, rows)
    (fault,) = find_faults(home, name="main")
    assert "commons:M3 is not in catalog/licensed_images" in fault


def test_an_altered_shard_is_named(home: Home) -> None:
    export = finished(home)
    path = export.folder / export.shards[0].path
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    (fault,) = find_faults(home, name="main")
    assert export.shards[0].path in fault and "another SHA-256" in fault


def test_a_dataset_that_was_never_finished_fails(home: Home) -> None:
    export_shards(home, name="main")
    assert find_faults(home, name="main") == ["dataset main has no finished version; materialise dataset/manifest"]


def test_the_check_blocks_what_comes_after_the_manifest(home: Home) -> None:
    spec = defs.resolve_asset_graph().get_check_spec(
        dg.AssetCheckKey(dg.AssetKey(["dataset", "manifest"]), "whole_and_licensed")
    )
    assert spec.blocking
    finished(home)
    platform = Platform(pd_home=str(home.root))
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_asset_check_context(instance=instance)
        assert whole_and_licensed(context, platform=platform).passed
        plant(home, LICENSED, [])
        failed = whole_and_licensed(context, platform=platform)
    assert not failed.passed
    assert failed.metadata["count"].value == COUNT


def test_a_dataset_of_which_it_is_not_known_what_it_holds_fails(home: Home) -> None:
    finished(home)
    for path in home.table(MEMBERS.key).rglob("*.parquet"):
        path.write_bytes(b"garbage")
    with dg.DagsterInstance.ephemeral() as instance:
        found = whole_and_licensed(dg.build_asset_check_context(instance=instance), Platform(pd_home=str(home.root)))
    assert not found.passed and "not known which pictures it holds" in str(found.metadata["problems"].value)
