"""A home with pictures, a dataset and models in all conditions, and the site over it."""

import io
import json
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from starlette.testclient import TestClient

from pd_assets.lib.home import Home, open_home
from pd_assets.lib.settings import Settings
from pd_assets.web.served import served
from pd_assets.web.site import site
from pd_ml.provenance import RunRecord, write_run
from tests.pd_assets.lib.release import planted

OLD, NEW, DAMAGED, UNDER_WAY = "0" * 16, "1" * 16, "2" * 16, "3" * 16
LOSSES = [
    {"step": step, "train_loss": 2.0 / (1 + step), "validation_loss": 2.2 / (1 + step)} for step in range(0, 60, 5)
]


def over(home: Home) -> TestClient:
    """The site, as a browser of this machine asks it; an error is an answer."""
    settings = Settings.from_env({"PD_HOME": str(home.root)})
    return TestClient(site(served(home, settings)), base_url="http://127.0.0.1", raise_server_exceptions=False)


def furnished(folder: Path) -> Home:
    """Twelve pictures, a dataset, a chain of models of which `unet_text` has four versions: one in use, one that was
    trained last and judged beside it, one whose record is damaged, one under way.
    """
    home = open_home(folder)
    planted.catalogue(home, range(12))
    export = planted.dataset(home)
    tokenizer = planted.model(home, "tokenizer", "a" * 16, export)
    clip = planted.model(home, "clip", "b" * 16, export, inputs={"tokenizer": tokenizer.digest})
    config = {"training": {"steps": 60, "seed": 7}}
    old = planted.model(home, "unet_text", OLD, export, inputs={"clip": clip.digest}, config=config)
    new = planted.model(home, "unet_text", NEW, export, inputs={"clip": clip.digest}, latest=False)
    for version in (OLD, NEW):
        draw_of(home.model("unet_text", version))
    evaluate(home, "e" * 16, old, clip, export.version, colours=0.5, score=0.3)
    evaluate(home, "f" * 16, new, clip, export.version, colours=0.95, score=0.01)
    judged = {
        "candidate": NEW, "dataset_version": export.version, "replaced": OLD, "promoted": False, "weak": [],
        "behind": [f"clip_score is 0.01, behind 0.3 of {OLD}, which is in use"], "numbers": {},
        "judged_at": "2026-11-30T12:00:00+00:00",
    }  # fmt: skip
    promotion = home.root / "evaluation" / "promotion" / f"{NEW}.json"
    promotion.parent.mkdir(parents=True)
    promotion.write_text(json.dumps(judged))
    damaged = home.model("unet_text", DAMAGED)
    damaged.mkdir(parents=True)
    (damaged / "run.json").write_text('{"format_version": 99, "stage": "<script>alert(1)</script>"')
    under_way = home.model("unet_text", f"{UNDER_WAY}.partial")
    (under_way / "export").mkdir(parents=True)
    (under_way / "export" / "train_config.json").write_text(json.dumps(config))
    (under_way / "metrics.jsonl").write_text("\n".join(map(json.dumps, LOSSES[:4])) + '\n{"step": 20, "train_')
    return home


def draw_of(folder: Path) -> None:
    """What a training leaves beside its weights for people."""
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in LOSSES))
    for name in ("previews/step-000000020", "previews/step-000000040", "."):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "samples.png").write_bytes(png())


def evaluate(
    home: Home, name: str, model: RunRecord, clip: RunRecord, dataset: str, *, colours: float, score: float
) -> None:
    """A finished evaluation with few numbers."""
    folder = home.root / "evaluation" / "report" / name
    folder.mkdir(parents=True)
    (folder / "samples.png").write_bytes(png())
    p = 0.4 if score < 0.1 else 0.001
    report: Mapping[str, object] = {
        "model_stage": model.stage,
        "model_version": model.version,
        "n": 200,
        "colour_attributes": {"sky": {"generated": {"accuracy": colours, "n": 200, "p": 0.001, "chance": 0.25}}},
        "clip_score": {"generated": {"value": score, "p": p, "null_mean": 0, "null_std": 0.02}},
        "memorisation": {
            "generated": {"share": 0.0, "copies": 0, "n": 200},
            "held_out_floor": {"share": 0.0},
            "exceeds_floor": False,
        },
    }
    (folder / "report.json").write_text(json.dumps(report))
    inputs = {"dataset": "a digest", model.stage: model.digest, "clip": clip.digest}
    write_run(
        folder,
        RunRecord(stage="evaluate", version=name, config={}, inputs=inputs, dataset_version=dataset, item_count=1),
    )


def png() -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (64, 64), "#4477aa").save(body, "PNG")
    return body.getvalue()


def bundle_of(home: Home, stage: str, version: str, name: str = "c" * 16) -> Path:
    """A folder as a release leaves it, without its proof."""
    folder = home.root / "release" / stage / name
    (folder / "chain").mkdir(parents=True)
    (folder / "release.json").write_text(json.dumps({"stage": stage, "version": version, "released_on": "2026-11-30"}))
    (folder / "run.json").write_bytes((home.model(stage, version) / "run.json").read_bytes())
    (folder / "manifest.json").write_text("{}")
    (folder / "README.md").write_text("---\nlicense: cc0-1.0\n---\n# A model\n")
    (folder / "chain" / "weights.bin").write_bytes(bytes(range(256)) * 10)
    home.point("release", stage, "latest", name)
    return folder
