"""What the UI tells of a real night: rows and bytes as plots, column lineage, links both ways, and what is unsynced."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from pd_assets.lib.catalog.origins import ORIGINS
from pd_assets.lib.catalog.schemas import TABLES
from tests.pd_assets.line import Line, Night

NIGHT = {
    *(
        "commons/categories",
        "commons/refresh",
        "commons/creators",
        "commons/templates",
        "catalog/items",
        "rights/decisions",
    ),
    *(
        "rights/evidence",
        "rights/changes",
        "rights/takedowns",
        "images/files",
        "catalog/licensed_images",
        "catalog/clusters",
    ),
    *("dataset/things", "dataset/captions", "dataset/splits", "dataset/shards", "dataset/manifest"),
}
MANIFEST_KEY = dg.AssetKey(["dataset", "manifest"])
LICENCE = "{{Cc-by-sa-4.0}}"


@pytest.fixture(scope="module")
def night(first_night: Night, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A line after its first night. What tests add to it, they leave whole."""
    with first_night.copy(tmp_path_factory.mktemp("night")) as line:
        yield line


def latest(line: Line, key: str) -> dg.AssetMaterialization:
    event = line.instance.get_latest_materialization_event(dg.AssetKey(key.split("/")))
    assert event is not None and event.asset_materialization is not None
    return event.asset_materialization


def versions(line: Line) -> dict[str, str]:
    """The data version of every asset of the night."""
    return {key: (latest(line, key).tags or {})["dagster/data_version"] for key in sorted(NIGHT)}


def statuses(line: Line) -> dict[str, StaleStatus]:
    """What the UI says of every asset of the night: fresh, stale (unsynced) or missing."""
    graph = line.defs.get_repository_def().asset_graph
    resolver = CachingStaleStatusResolver(line.instance, graph, LoadingContextForTest(line.instance))
    return {key: resolver.get_status(dg.AssetKey(key.split("/"))) for key in sorted(NIGHT)}


def test_what_a_step_opened_is_what_the_graph_says_that_it_needs(night: Line) -> None:
    graph = night.defs.get_repository_def().asset_graph
    opened = {key: set(told.value) for key in NIGHT if (told := latest(night, key).metadata.get("tables_read"))}
    assert opened["dataset/splits"] == {"catalog/licensed_images", "catalog/clusters"}
    assert opened["rights/decisions"] == {
        *("catalog/items", "commons/categories", "commons/creators", "commons/pages", "commons/templates"),
        *("smithsonian/records", "cleveland/records"),
    }
    for key, tables in opened.items():
        parents = {parent.to_user_string() for parent in graph.get(dg.AssetKey(key.split("/"))).parent_keys}
        assert tables <= parents, key


@pytest.mark.parametrize("key", sorted(NIGHT & set(TABLES) | {"dataset/shards"}))
def test_a_table_tells_its_rows_and_bytes_as_numbers_and_what_its_columns_are_made_of(night: Line, key: str) -> None:
    told = latest(night, key).metadata
    assert isinstance(told["dagster/row_count"].value, int)
    assert isinstance(told["size_bytes"].value, int)
    # Nothing was taken down yet, and the first decision on an item is no change of it.
    if key not in ("rights/takedowns", "rights/changes"):
        assert cast(int, told["size_bytes"].value) > 0
    shown = told.get("dagster/column_lineage")
    assert (shown is not None) == (key in ORIGINS)
    if shown is not None:
        deps = cast(dg.TableColumnLineage, shown.value).deps_by_column
        assert set(deps) == {column for column, origins in ORIGINS[key].items() if origins}


def test_a_partition_of_pages_tells_its_rows_and_bytes(night: Line) -> None:
    records = night.instance.fetch_materializations(dg.AssetKey(["commons", "pages"]), limit=500).records
    told = [record.asset_materialization.metadata for record in records if record.asset_materialization]
    full = [one for one in told if cast(int, one["dagster/row_count"].value) > 0]
    assert full and all(cast(int, one["size_bytes"].value) > 0 for one in full)


def test_the_breakdown_of_licences_and_the_contact_sheet_are_pictures_that_the_ui_shows(night: Line) -> None:
    for key, name in (("rights/decisions", "breakdown"), ("dataset/manifest", "contact_sheet")):
        assert "](data:image/" in str(latest(night, key).metadata[name].value)


@pytest.mark.slow
def test_a_model_links_to_the_dataset_version_that_it_is_made_of_and_the_dataset_to_its_models(night: Line) -> None:
    line = replace(night, platform=night.platform_with(pd_recipe="debug"))
    assert line.run("train_models", ["models/tokenizer"]).success
    model, dataset = latest(line, "models/tokenizer").metadata, latest(line, "dataset/manifest").metadata
    assert model["dataset_version"].value == dataset["version"].value
    assert model["dataset"] == dg.MetadataValue.asset(MANIFEST_KEY)
    (made,) = line.instance.fetch_materializations(MANIFEST_KEY, limit=1).records
    assert model["dataset_made_by"] == dg.MetadataValue.dagster_run(made.run_id)

    (seen,) = line.instance.fetch_observations(MANIFEST_KEY, limit=1).records
    assert seen.asset_observation is not None
    told = seen.asset_observation.metadata
    assert told["models/tokenizer"] == dg.MetadataValue.asset(dg.AssetKey(["models", "tokenizer"]))
    assert str(model["version"].value) in str(told["models"].value)
    assert told["version"].value == dataset["version"].value


def test_what_is_done_again_without_a_change_keeps_its_version_and_a_change_makes_what_follows_unsynced(
    own_night: Line,
) -> None:
    line = own_night
    before = versions(line)
    assert line.run("nightly").success
    assert versions(line) == before
    assert set(statuses(line).values()) == {StaleStatus.FRESH}

    page = line.plain_free_pages()[0]
    line.archive.edit(page.title, page.latest.text.replace("{{PD-Art", LICENCE + "{{PD-Art"))
    assert line.run("refresh_sources").success
    assert {key for key, version in versions(line).items() if version != before[key]} == {"commons/refresh"}
    stale = {key for key, status in statuses(line).items() if status is StaleStatus.STALE}
    read_pages = {"commons/creators", "catalog/items", "rights/decisions", "dataset/captions", "dataset/things"}
    assert stale == read_pages, "Dagster marks what is made of the change directly"

    assert line.run("nightly").success
    after = versions(line)
    assert set(statuses(line).values()) == {StaleStatus.FRESH}
    changed = {key for key in NIGHT if after[key] != before[key]}
    assert changed >= {"catalog/items", "rights/decisions", "catalog/licensed_images", "dataset/manifest"}
    assert "commons/categories" not in changed
