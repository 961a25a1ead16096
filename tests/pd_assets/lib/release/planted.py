"""A home with finished datasets and models that name them, as a training leaves them, without the training."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, ITEMS, MODEL_LEDGER
from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.dataset.exported import Export, pictures_of
from pd_assets.lib.dataset.manifest import finish
from pd_assets.lib.home import Home
from pd_assets.lib.release import members
from pd_assets.lib.release.lineage import CANDIDATE, LATEST
from pd_ml.data.shards import MANIFEST, parse_manifest
from pd_ml.provenance import HELD, LEDGER, MEASURED_WITH, MEMBERS, TRAINED_ON, RunRecord, sealed_members, write_run
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
    ledger: bool = True,
    measured: Iterable[str] = (),
) -> RunRecord:
    """A finished model that was trained on a dataset; `inputs` are digests of the models that it was made of.

    Each picture of the train split was shown to it three times; it was `measured` with some items.
    """
    manifest = export.folder / MANIFEST
    folder = home.model(stage, version)
    folder.mkdir(parents=True)
    (folder / "weights").write_text(f"{stage} {version}")
    if ledger:
        write_ledger(folder, stage, version, export, measured=measured)
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


def evaluation(home: Home, name: str, of: RunRecord, export: Export, *, measured: Iterable[str]) -> Path:
    """A finished evaluation that read some items of a dataset to measure a model; its folder."""
    folder = home.root / "evaluation" / "report" / name
    write_ledger(folder, of.stage, of.version, export, measured=measured, times=0)
    inputs = {"dataset": "a digest", of.stage: of.digest}
    record = RunRecord(
        stage="evaluate", version=name, config={}, inputs=inputs, dataset_version=export.version, item_count=1
    )
    write_run(folder, record)
    return folder


def write_ledger(
    folder: Path, stage: str, version: str, export: Export, *, measured: Iterable[str] = (), times: int = 3
) -> None:
    """The ledger of a model that was shown the train split `times` times."""
    split_of = {info.path: info.split for info in export.shards}
    looked_at = set(measured)
    rows = []
    for batch in pictures_of(export.folder):
        for row in batch.to_pylist():
            split, item = split_of[row["shard"]], row["item_id"]
            relation = TRAINED_ON if split == "train" and times else MEASURED_WITH if item in looked_at else HELD
            rows.append(
                {
                    "stage": stage,
                    "version": version,
                    "item_id": item,
                    "sha256": row["exported_sha256"] or row["stored_sha256"],
                    "stored_sha256": row["stored_sha256"],
                    "split": split,
                    "relation": relation,
                    "times_shown": times if relation == TRAINED_ON else 0,
                    "captions": [],
                    **{name: row.get(name) for name in ("page_url", "revid", "rule_id", "evidence_digest")},
                }
            )
    rows.sort(key=lambda row: str(row["item_id"]))
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=MODEL_LEDGER.schema), folder / LEDGER)
