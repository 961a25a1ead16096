"""The dataset as assets: captions, splits, the exported shards, and the manifest that finishes them."""

import dagster as dg
from pydantic import Field

from pd_assets.lib.catalog.schemas import CAPTIONS, SPLITS
from pd_assets.lib.dataset import manifest as manifests
from pd_assets.lib.dataset.captions import build_captions
from pd_assets.lib.dataset.export import export_shards, read_export
from pd_assets.lib.dataset.splits import build_splits
from pd_assets.resources import Platform
from pd_assets.steps import counted, picture, step, table_metadata
from pd_ml.data.shards import COLUMNS

OWNERS = ["team:datasets"]
DATASET = "main"
SHARD_COLUMNS = dg.TableSchema(
    columns=[dg.TableColumn(name=name, type=str(kind), description=says) for name, (kind, says) in COLUMNS.items()]
)


class ExportConfig(dg.Config):
    """How the shards are cut."""

    name: str = Field(DATASET, description="name of the dataset: its folder under PD_HOME/dataset")
    shard_megabytes: int = Field(256, ge=1, description="a shard closes at this many megabytes of pictures")


@dg.asset(
    key=["dataset", "captions"],
    group_name="dataset",
    kinds={"parquet"},
    owners=OWNERS,
    deps=[dg.AssetDep(["catalog", "licensed_images"])],
    metadata=table_metadata(CAPTIONS),
    description="Label fields with the licence of each, and captions made of them under the label policy.",
)
def dataset_captions(platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        counts = build_captions(platform.home(), policy=platform.settings().labels)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(counts.digest),
        metadata={
            "dagster/row_count": counts.pictures,
            "captioned": counts.captioned,
            "captions": counts.captions,
            **done.cost,
        },
    )


@dg.asset(
    key=["dataset", "splits"],
    group_name="dataset",
    kinds={"parquet"},
    owners=OWNERS,
    deps=[dg.AssetDep(["catalog", "licensed_images"])],
    metadata=table_metadata(SPLITS),
    description="Train, validation and test by a stable hash; copies of one another stay together.",
)
def dataset_splits(platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        splits = build_splits(platform.home())
    return dg.MaterializeResult(
        data_version=dg.DataVersion(splits.digest),
        metadata={
            "dagster/row_count": sum(splits.counts.values()),
            "splits": counted("split", splits.counts),
            **done.cost,
        },
    )


@dg.asset(
    key=["dataset", "shards"],
    group_name="dataset",
    kinds={"parquet"},
    owners=OWNERS,
    deps=[
        dg.AssetDep(["catalog", "licensed_images"]),
        dg.AssetDep(["dataset", "captions"]),
        dg.AssetDep(["dataset", "splits"]),
        dg.AssetDep(["images", "files"]),
    ],
    metadata={"dagster/column_schema": SHARD_COLUMNS},
    description="The exported dataset: Parquet shards with encoded images, loadable by `datasets.load_dataset`.",
)
def dataset_shards(platform: Platform, config: ExportConfig) -> dg.MaterializeResult:
    with step() as done:
        home = platform.home()
        export = export_shards(home, name=config.name, shard_bytes=config.shard_megabytes * 1_000_000)
        home.point("dataset", config.name, "exported", export.version)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(export.version),
        metadata={
            "dagster/row_count": sum(info.rows for info in export.shards),
            "shards": len(export.shards),
            "bytes": sum(info.size_bytes for info in export.shards),
            "skipped": dg.MetadataValue.json(list(export.skipped)),
            "folder": dg.MetadataValue.path(str(export.folder)),
            **done.cost,
        },
    )


@dg.asset(
    key=["dataset", "manifest"],
    group_name="dataset",
    kinds={"json"},
    owners=OWNERS,
    deps=[dg.AssetDep(["dataset", "shards"])],
    description="Digests of every shard, counts, licences, card: the dataset's version.",
)
def dataset_manifest(platform: Platform, config: ExportConfig) -> dg.MaterializeResult:
    settings = platform.settings()
    with step() as done:
        home = platform.home()
        export = read_export(home, name=config.name)
        facts = {"profile": settings.rights_profile, "labels": settings.labels, "max_side": settings.max_side}
        finished = manifests.finish(export, facts)
        home.point("dataset", config.name, "latest", finished.version)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(finished.digest),
        metadata={
            "dagster/row_count": sum(finished.counts.values()),
            "version": finished.version,
            "digest": finished.digest,
            "splits": counted("split", dict(finished.counts)),
            "contact_sheet": picture(export.folder / "contact_sheet.jpg"),
            "folder": dg.MetadataValue.path(str(export.folder)),
            **done.cost,
        },
    )


assets = [dataset_captions, dataset_splits, dataset_shards, dataset_manifest]
