"""The dataset as assets: captions, splits, the exported shards, and the manifest that finishes them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from pydantic import Field

from pd_assets.assets.needs import needs
from pd_assets.lib.catalog.origins import SHARDS
from pd_assets.lib.catalog.schemas import (
    CAPTIONS,
    CATEGORIES,
    CLUSTERS,
    DECISIONS,
    EVIDENCE,
    FILES,
    LICENSED,
    MEMBERS,
    PAGES,
    SPLITS,
    THINGS,
)
from pd_assets.lib.catalog.tables import count_rows, require, require_sources, watched
from pd_assets.lib.dataset import manifest as manifests
from pd_assets.lib.dataset.captions import build_captions
from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.dataset.exported import INDEX, read_export, waiting
from pd_assets.lib.dataset.label_changes import LabelChanges
from pd_assets.lib.dataset.selection import Selection
from pd_assets.lib.dataset.splits import build_splits
from pd_assets.lib.dataset.things import build_things
from pd_assets.lib.errors import ArchiveError, ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_assets.lib.prior import kept as imported
from pd_assets.lib.release import index, members
from pd_assets.lib.release.lineage import trained_on
from pd_assets.lib.release.pruning import prune, prune_trainings
from pd_assets.lib.release.takedowns import resume
from pd_assets.lib.rights.papers import papers
from pd_assets.lib.settings import EXPORT_FORMATS, Settings, category_name
from pd_assets.resources import Platform
from pd_assets.running.by_bucket import chosen, reports_buckets
from pd_assets.running.history import needed_datasets
from pd_assets.running.pools import WIKIDATA
from pd_assets.running.skip import unless_unchanged
from pd_assets.running.step import asked_of_hosts, column_lineage, counted, picture, step, stored, table_metadata
from pd_ml.data.shards import COLUMNS, MANIFEST, PICTURES
from pd_ml.provenance import MEMBERS as MEMBERS_DIGEST

OWNERS = ["team:datasets"]
DATASET = "main"
NIGHTLY = "nightly"
LISTED = 200
DAY_S = 86_400
SHARD_COLUMNS = dg.TableSchema(
    columns=[dg.TableColumn(name=name, type=str(kind), description=says) for name, (kind, says) in COLUMNS.items()]
)


class DatasetConfig(dg.Config):
    """Which dataset."""

    name: str = Field(
        DATASET, pattern=r"^\w[\w.-]*$", description="name of the dataset: its folder under PD_HOME/dataset"
    )


class ExportConfig(DatasetConfig):
    """What the shards hold and how they are cut. What is left empty is as PD_SHARD_MB and PD_EXPORT_* say."""

    shard_megabytes: int | None = Field(None, ge=1, description="a shard holds at most so many megabytes of pictures")
    include: list[str] | None = Field(None, description="only pictures of these categories and of all below them")
    exclude: list[str] | None = Field(None, description="no pictures of these categories, nor of any below them")
    limit: int | None = Field(None, ge=0, description="so many pictures, drawn at random; 0 for all")
    seed: int = Field(0, description="which pictures are drawn where there is a limit or a cap")
    max_side: int | None = Field(None, ge=0, description="longest side of an exported picture, pixels; 0 as stored")
    minimum_side: int | None = Field(None, ge=0, description="shortest side of an exported picture, pixels")
    per_artist: int | None = Field(None, ge=0, description="most pictures by one artist; 0 for all")
    per_cluster: int | None = Field(None, ge=0, description="most copies of one picture; 0 for all")
    format: str | None = Field(None, description="parquet, or webdataset: Parquet and tars")

    def selection(self, settings: Settings) -> Selection:
        """Which pictures are wanted."""
        include = settings.export_include if self.include is None else map(category_name, self.include)
        exclude = settings.export_exclude if self.exclude is None else map(category_name, self.exclude)
        return Selection(
            include=tuple(include),
            exclude=tuple(exclude),
            limit=_given(self.limit, settings.export_limit),
            seed=self.seed,
            max_side=_given(self.max_side, settings.export_max_side),
            minimum_side=_given(self.minimum_side, settings.export_min_side),
            per_artist=_given(self.per_artist, settings.export_per_artist),
            per_cluster=_given(self.per_cluster, settings.export_per_cluster),
        )

    def wants_tars(self, settings: Settings) -> bool:
        """Whether WebDataset tars are written too; ConfigError for a format that does not exist."""
        chosen = self.format or settings.export_format
        if chosen not in EXPORT_FORMATS:
            raise ConfigError(f"format {chosen!r} is unknown, expected one of {', '.join(EXPORT_FORMATS)}")
        return chosen == "webdataset"


def _files(home: Home, *patterns: str) -> list[Path]:
    """The files of exports that say what they are."""
    return sorted(path for pattern in patterns for path in (home.root / "dataset").glob(pattern))


def _shards_in_use(home: Home) -> list[Path]:
    """The shards and tars of the exports that are current. Those of a home in a bucket may not lie here."""
    if home.copy is not None:
        return []
    folders = [
        f"{path.parent.name}/{home.pointed('dataset', path.parent.name, 'exported')}"
        for path in _files(home, "*/exported")
    ]
    return _files(home, *(f"{folder}/[!.]*.{end}" for folder in folders for end in ("parquet", "tar")))


def _given(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


@dg.asset(
    key=["dataset", "things"],
    group_name="dataset",
    kinds={"parquet"},
    owners=OWNERS,
    deps=needs(LICENSED, PAGES, *ALL_RECORDS),
    pool=WIKIDATA,
    metadata=table_metadata(THINGS),
    description="Names, from Wikidata, of the items that the structured data of licensed pictures say they depict.",
)
def dataset_things(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    """Names are a help, not a need: where nobody answers, those that are known serve, and the next run asks again."""
    settings = platform.settings()
    with step() as done, platform.wikidata(context.run.run_id) as client:
        require(platform.home(), LICENSED)
        try:
            things = build_things(platform.home(), client, language=settings.language)
        except ArchiveError as error:
            context.log.warning("no new names of things: %s", error)
            things = build_things(platform.home(), None, language=settings.language)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(things.digest),
        metadata={
            "dagster/row_count": things.things,
            "named": things.named,
            "asked": things.asked,
            "archive": settings.wikidata_api or "none (PD_WIKIDATA_API)",
            **(asked_of_hosts(client.session.traffic) if client is not None else {}),
            **stored(platform.home(), THINGS),
            **done.cost,
        },
    )


@dg.asset(
    key=["dataset", "captions"],
    group_name="dataset",
    kinds={"parquet"},
    owners=OWNERS,
    deps=needs(LICENSED, THINGS, PAGES, *ALL_RECORDS, CATEGORIES),
    backfill_policy=dg.BackfillPolicy.single_run(),
    metadata=table_metadata(CAPTIONS),
    description="Label fields with the licence of each, and captions made of them under the label policy.",
)
@reports_buckets(CAPTIONS)
@unless_unchanged(
    makes=(CAPTIONS,),
    reads=lambda home: [imported.place(home)],
    settings=lambda settings: [settings.labels, settings.language],
    per_run=("label_changes", "label_examples"),
)
def dataset_captions(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        settings = platform.settings()
        require(platform.home(), LICENSED)
        require_sources(platform.home())
        counts = build_captions(
            platform.home(),
            policy=settings.labels,
            language=settings.language,
            buckets=chosen(context, platform.home()),
        )
    return dg.MaterializeResult(
        data_version=dg.DataVersion(counts.digest),
        metadata={
            "dagster/row_count": counts.pictures,
            "captioned": counts.captioned,
            "unlabelled": counts.pictures - counts.captioned,
            "captions": counts.captions,
            **_label_changes(counts.changes),
            **stored(platform.home(), CAPTIONS),
            **done.cost,
        },
    )


def _label_changes(changes: LabelChanges) -> dict[str, dg.MetadataValue]:
    """What another version of the label reader made of the same pages, by field, with examples."""
    told = {
        "from_version": changes.from_version,
        "to_version": changes.to_version,
        **{kind: dict(getattr(changes, kind)) for kind in ("added", "removed", "altered")},
        "items_changed_at_their_source": changes.edited,
    }
    examples = [vars(example) for example in changes.examples]
    return {"label_changes": dg.MetadataValue.json(told), "label_examples": dg.MetadataValue.json(examples)}


@dg.asset(
    key=["dataset", "splits"],
    group_name="dataset",
    kinds={"parquet"},
    owners=OWNERS,
    deps=needs(LICENSED, CLUSTERS),
    backfill_policy=dg.BackfillPolicy.single_run(),
    metadata=table_metadata(SPLITS),
    description="Train, validation and test by a stable hash; copies of one another stay together.",
)
@reports_buckets(SPLITS)
@unless_unchanged(makes=(SPLITS,))
def dataset_splits(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        require(platform.home(), LICENSED)
        splits = build_splits(platform.home(), buckets=chosen(context, platform.home()))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(splits.digest),
        metadata={
            "dagster/row_count": sum(splits.counts.values()),
            "splits": counted("split", splits.counts),
            **stored(platform.home(), SPLITS),
            **done.cost,
        },
    )


@dg.asset(
    key=["dataset", "shards"],
    group_name="dataset",
    kinds={"parquet"},
    owners=OWNERS,
    deps=needs(LICENSED, CAPTIONS, SPLITS, FILES, CATEGORIES, DECISIONS, EVIDENCE),
    metadata={"dagster/column_schema": SHARD_COLUMNS},
    description="The exported dataset: Parquet shards with encoded images, loadable by `datasets.load_dataset`.",
    output_required=False,
)
def dataset_shards(
    context: dg.AssetExecutionContext, platform: Platform, config: ExportConfig
) -> Iterator[dg.MaterializeResult]:
    """A night without any free picture is no failure; who asks for an export of nothing is told why there is none."""
    with step():
        require(platform.home(), LICENSED)
        is_empty = not count_rows(platform.home(), LICENSED)
    if context.job_name == NIGHTLY and is_empty:
        context.log.warning("no picture is licensed yet: nothing is exported tonight")
    else:
        yield _export(context, platform, config)


@unless_unchanged(
    writes=lambda home: [*_files(home, "*/exported", f"*/*/{INDEX}", f"*/*/{PICTURES}"), *_shards_in_use(home)],
    settings=lambda settings: [value for name, value in vars(settings).items() if name.startswith(("export", "shard"))],
    # Where labels wait the next export takes more of them over, whatever else is new.
    time=lambda home, _: waiting(home),
    per_run=("shards_written", "bytes_written"),
)
def _export(context: dg.AssetExecutionContext, platform: Platform, config: ExportConfig) -> dg.MaterializeResult:
    with step() as done:
        home = platform.home()
        settings = platform.settings()
        require(home, CAPTIONS, SPLITS)
        export = export_shards(
            home,
            name=config.name,
            shard_bytes=_given(config.shard_megabytes, settings.shard_mb) * 1_000_000,
            selection=config.selection(settings),
            webdataset=config.wants_tars(settings),
        )
    return dg.MaterializeResult(
        data_version=dg.DataVersion(export.version),
        metadata={
            "dagster/row_count": sum(info.rows for info in export.shards),
            "shards": len(export.shards),
            "size_bytes": sum(info.size_bytes for info in export.shards),
            "tars": len(export.tars),
            "shards_written": export.written,
            "bytes_written": export.written_bytes,
            "labels_waiting": export.labels_waiting,
            "skipped_count": len(export.skipped),
            "skipped": dg.MetadataValue.json(list(export.skipped[:LISTED])),
            "folder": dg.MetadataValue.path(str(export.folder)),
            **column_lineage(SHARDS),
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
def dataset_manifest(
    context: dg.AssetExecutionContext, platform: Platform, config: DatasetConfig
) -> dg.MaterializeResult:
    """What nothing needs any more grows old also in nights without news: it is removed in each of them."""
    finished = _finish(context, platform, config)
    with step() as done:
        home = platform.home()
        left = resume(home)
        needed = needed_datasets(context.instance, config.name)
        kept_s = platform.settings().keep_datasets_days * DAY_S
        pruned = prune(home, config.name, keep=needed, older_than_s=kept_s)
        pruned_trainings = prune_trainings(home, older_than_s=kept_s)
    removed = {
        "takedowns_left": dg.MetadataValue.json(left),
        "pruned": dg.MetadataValue.json(pruned),
        "pruned_trainings": dg.MetadataValue.json(pruned_trainings),
        "seconds_of_pruning": done.cost["seconds"],
    }
    return finished._replace(metadata={**(finished.metadata or {}), **removed})


@unless_unchanged(
    makes=(MEMBERS,),
    reads=lambda home: _files(home, "*/exported", f"*/*/{INDEX}"),
    writes=lambda home: _files(home, "*/latest", f"*/*/{MANIFEST}", *(f"*/*/{name}" for name in manifests.DESCRIBES)),
    settings=lambda settings: [settings.rights_profile, settings.labels, settings.max_side],
)
def _finish(context: dg.AssetExecutionContext, platform: Platform, config: DatasetConfig) -> dg.MaterializeResult:
    settings = platform.settings()
    with step() as done:
        home = platform.home()
        export = read_export(home, name=config.name)
        facts: dict[str, object] = {
            "profile": settings.rights_profile,
            "labels": settings.labels,
            "max_side": settings.max_side,
        }
        # How things were when the version was finished: what is decided or audited later finishes nothing anew.
        with watched(lambda *_: None):
            facts |= papers(home, profile=settings.rights_profile, today=datetime.now(UTC).date())
        sealed = {MEMBERS_DIGEST: members.record(home, export)}
        finished = manifests.finish(export, {**facts, **sealed})
        home.point("dataset", config.name, "latest", finished.version)
        mended, unknown = members.repair_members(home)
        index.refresh(home)
    for problem in unknown:
        context.log.warning(f"not known which pictures a dataset version held: {problem}")
    return dg.MaterializeResult(
        data_version=dg.DataVersion(finished.digest),
        metadata={
            "dagster/row_count": sum(finished.counts.values()),
            "name": finished.name,
            "version": finished.version,
            "digest": finished.digest,
            "splits": counted("split", dict(finished.counts)),
            "members_mended": dg.MetadataValue.json(mended),
            "members_unknown": dg.MetadataValue.json(unknown[:LISTED]),
            **models_of_dataset(home, finished.version),
            "contact_sheet": picture(export.folder / manifests.SHEET),
            "folder": dg.MetadataValue.path(str(export.folder)),
            **done.cost,
        },
    )


def models_of_dataset(home: Home, version: str) -> dict[str, dg.MetadataValue]:
    """The models that learnt from a version, with their standing, and a link to the asset of each."""
    models = trained_on(home, version)
    stages = sorted({name.split()[0] for name in models})
    links = {f"models/{stage}": dg.MetadataValue.asset(dg.AssetKey(["models", stage])) for stage in stages}
    return {"models": dg.MetadataValue.json(models), **links}


assets = [dataset_things, dataset_captions, dataset_splits, dataset_shards, dataset_manifest]
