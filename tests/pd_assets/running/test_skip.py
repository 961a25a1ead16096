"""A step is left out only where nothing that it opened changed; what grows old by itself is removed in every night."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pd_assets.assets.catalog import catalog_licensed_images
from pd_assets.assets.dataset import dataset_manifest, dataset_shards
from pd_assets.lib.catalog.looks import COMMONS, Looks
from pd_assets.lib.catalog.schemas import CATEGORIES, DECISIONS, FILES, ITEMS, TAKEDOWNS
from pd_assets.lib.home import Home, open_home
from pd_assets.resources import Platform
from tests.pd_assets.lib.dataset.exporting import fill
from tests.pd_assets.lib.planting import decision, file, item, plant

BEFORE = (
    "catalog/licensed_images", "catalog/clusters", "dataset/captions", "dataset/splits", "images/files",
    "commons/categories",
)  # fmt: skip


class Nights:
    """A home whose dataset is exported and finished, night after night."""

    def __init__(self, root: Path) -> None:
        self.home: Home = open_home(root)
        self.instance = dg.DagsterInstance.ephemeral()

    def run(self, **settings: object) -> dict[str, dg.AssetMaterialization]:
        specs = [dg.AssetSpec(dg.AssetKey(key.split("/"))) for key in BEFORE]
        platform = Platform(
            pd_home=str(self.home.root), pd_commons_api="http://127.0.0.1:1/w/api.php",
            **{name: str(value) for name, value in settings.items()},
        )  # fmt: skip
        result = dg.materialize(
            [dataset_shards, dataset_manifest, *specs],
            resources={"platform": platform},
            instance=self.instance,
            selection=[dataset_shards, dataset_manifest],
        )
        made = [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]
        return {told.asset_key.path[-1]: told for told in made}

    def below(self, parents: dict[str, Sequence[str]]) -> None:
        plant(self.home, CATEGORIES, [{"category": name, "parents": list(above)} for name, above in parents.items()])

    def versions(self) -> int:
        return sum(path.is_dir() for path in (self.home.root / "dataset/main").iterdir())


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path / "home")


def is_idle(told: dg.AssetMaterialization) -> bool:
    return "work" in told.metadata


def test_a_category_that_moves_below_an_excluded_one_takes_its_pictures_out(nights: Nights) -> None:
    kinds = {number: {"categories": ["Bathers"] if number < 6 else ["Landscapes"]} for number in range(12)}
    fill(nights.home, range(12), facts=kinds)
    nights.below({"Nudes": [], "Bathers": [], "Landscapes": []})
    first = nights.run(pd_export_exclude="Nudes")["shards"]
    assert first.metadata["dagster/row_count"].value == 12
    assert is_idle(nights.run(pd_export_exclude="Nudes")["shards"])
    nights.below({"Nudes": [], "Bathers": ["Nudes"], "Landscapes": []})
    second = nights.run(pd_export_exclude="Nudes")["shards"]
    assert not is_idle(second)
    assert second.metadata["dagster/row_count"].value == 6
    assert "commons/categories" in str(second.metadata["tables_read"].value)


def test_a_table_that_a_step_never_opened_gives_it_no_work(nights: Nights) -> None:
    fill(nights.home, range(6))
    nights.run()
    nights.below({"Nudes": []})
    plant(nights.home, TAKEDOWNS, [])
    assert is_idle(nights.run()["shards"])


def test_an_old_version_is_removed_in_a_night_without_news(nights: Nights) -> None:
    fill(nights.home, range(6))
    nights.run()
    fill(nights.home, range(7))
    nights.run()
    assert nights.versions() == 2
    told = nights.run(pd_keep_datasets_days=0)
    assert is_idle(told["shards"]) and len(told["manifest"].metadata["pruned"].value) == 1
    assert nights.versions() == 1


def test_time_alone_gives_work_where_evidence_has_become_stale_and_only_once(tmp_path: Path) -> None:
    home, instance = open_home(tmp_path / "home"), dg.DagsterInstance.ephemeral()
    plant(home, ITEMS, [item(number, partitions=["A"]) for number in (1, 2)])
    plant(home, DECISIONS, [decision(number) for number in (1, 2)])
    plant(home, FILES, [file(number) for number in (1, 2)])

    def night(*, read_before_days: float | None) -> dg.AssetMaterialization:
        looks = Looks()
        looks.saw("A", now=datetime.now(UTC), files=2)
        if read_before_days is not None:
            looks.could_not_read(2, read_before=datetime.now(UTC) - timedelta(days=read_before_days))
        looks.save(home, COMMONS)
        platform = Platform(pd_home=str(home.root), pd_commons_api="http://127.0.0.1:1/w/api.php")
        specs = [dg.AssetSpec(key) for key in catalog_licensed_images.dependency_keys]
        made = dg.materialize(
            [catalog_licensed_images, *specs],
            resources={"platform": platform},
            instance=instance,
            selection=[catalog_licensed_images],
        )
        (event,) = made.get_asset_materialization_events()
        return event.step_materialization_data.materialization

    def told(one: dg.AssetMaterialization) -> list[object]:
        return [
            is_idle(one),
            *(one.metadata[name].value for name in ("dagster/row_count", "left_out_as_stale", "stale")),
        ]

    assert told(night(read_before_days=None)) == [False, 2, 0, "nothing"]
    assert told(night(read_before_days=13)) == [True, 2, 0, "nothing"]
    assert told(night(read_before_days=15)) == [False, 1, 1, "1 single pages (2)"]
    assert told(night(read_before_days=16)) == [True, 1, 1, "1 single pages (2)"]
    assert told(night(read_before_days=None)) == [False, 2, 0, "nothing"]
