"""A home with finished datasets and models that name them, as a training leaves them, without the training."""

from collections.abc import Iterable, Mapping, Sequence

from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, ITEMS
from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.dataset.exported import Export
from pd_assets.lib.dataset.manifest import finish
from pd_assets.lib.home import Home
from pd_assets.lib.release import members
from pd_assets.lib.release.lineage import CANDIDATE, LATEST
from pd_ml.data.shards import MANIFEST, parse_manifest
from pd_ml.provenance import MEMBERS, RunRecord, sealed_members, write_run
from tests.pd_assets.lib.dataset.exporting import fill, store
from tests.pd_assets.lib.planting import decision, item, plant


def catalogue(home: Home, numbers: Sequence[int], *, copies: Iterable[tuple[int, int]] = ()) -> None:
    """Live, accepted items with pictures, each alone in its cluster but for `copies` (copy, of)."""
    fill(home, numbers)
    of = dict(copies)
    plant(home, ITEMS, [item(number) for number in numbers])
    plant(home, DECISIONS, [decision(number) for number in numbers])
    plant(
        home,
        CLUSTERS,
        [
            {
                "item_id": f"commons:M{number}",
                "cluster": f"commons:M{of.get(number, number)}",
                "place": int(number in of),
                "sha256": store(home, number),
                "sha1": f"{number:040x}",
            }
            for number in numbers
        ],
    )


def dataset(home: Home, *, name: str = "main") -> Export:
    """Export what is licensed, finish it, and make it the latest."""
    export = export_shards(home, name=name)
    finish(export, {MEMBERS: members.record(home, export)})
    home.point("dataset", name, "latest", export.version)
    return export


def model(
    home: Home,
    stage: str,
    version: str,
    export: Export,
    *,
    inputs: Mapping[str, str] | None = None,
    latest: bool = True,
    proven: bool = True,
    config: Mapping[str, object] | None = None,
) -> RunRecord:
    """A finished model that was trained on a dataset; `inputs` are digests of the models that it was made of."""
    manifest = export.folder / MANIFEST
    folder = home.model(stage, version)
    folder.mkdir(parents=True)
    (folder / "weights").write_text(f"{stage} {version}")
    record = RunRecord(
        stage=stage,
        version=version,
        config=config or {},
        inputs={"dataset": "a digest", **(inputs or {})},
        dataset_version=export.version,
        item_count=1,
        proven=proven,
        members=sealed_members(parse_manifest(manifest)) if manifest.is_file() else "",
    )
    home.point("models", stage, CANDIDATE, version)
    if latest:
        home.point("models", stage, LATEST, version)
    return write_run(folder, record)
