"""The transformer beside the U-Net on the sandbox's paintings at 32 px: what pictures for unchosen prompts show.

    python -m tests.bench.denoisers --work FOLDER [--extra 'NAME: FIELD=VALUE FIELD=VALUE']...

Trains a tokenizer and a CLIP once, then the transformer with three seeds, the U-Net for about as many CPU-seconds, and
a control whose captions were dealt out at random. Each is judged on the captions of the test split, for which no choice
was made, and draws as its own recipe says. Prints a table; exits 1 with the targets missed. What is done is not done
again. An extra is a row of the transformer, or of the U-Net where its name begins with `unet_text`; one that changes
`sampling` alone draws with the transformer of seed 0.

CPU-seconds are counted twice: `CPU-s` is what the process had spent at its last step by its own metrics (imports,
pictures decoded, all steps, validation, checkpoints), `all` what the command spent with everything that it started
(launcher, clean room, preview, export).
"""

import argparse
import json
import resource
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pd_assets.sandbox.scenes import attributes
from pd_ml.data import shards
from pd_ml.data.loader import open_split
from pd_ml.evaluation.metrics import binomial_p
from pd_ml.evaluation.report import REAL_AND_DRAWN, REPORT
from pd_ml.metrics_log import append_metrics, read_metrics
from pd_ml.provenance import METRICS, TRAIN_CONFIG
from tests.bench.latent import run, trained, write_dataset

COUNTS = {"train": 1830, "validation": 128, "test": 256}
SEEDS = (0, 1, 2)
# 0.56 CPU-seconds a step at 32 px, of which the transformer takes 0.15.
UNET = ("image_size=32", "objective=flow", "training.steps=320")
CONTROL = ("training.seed=0", "training.steps=400")
AT_LEAST = {"object": 0.95, "side": 0.98, "season": 0.8, "sky": 0.98, "ground": 0.98}
MOST_SEAM, MOST_CPU_S = 1.4, 200
# Chance is 0.25.
CONTROL_MOST, CONTROL_LEAST_P = 0.3, 0.01
JUDGED = ("n=256", "permutations=200", "audit=16", "grid=64")
HEADER = (
    f"{'name':<24}{'seed':>5}{'steps':>6}{'CPU-s':>7}{'all':>6}  {'object':>7}{'untold':>7}{'side':>7}{'season':>7}"
    f"{'sky':>7}{'ground':>7}  {'seam':>5} / real   MMD / floor"
)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where everything lies. `judged` is `dataset` without its validation split, so that prompts come from test."""

    work: Path
    dataset: Path
    judged: Path
    clip: Path


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model and what `evaluate` reports of it; `cpu_s` and `all_cpu_s` as the module says."""

    name: str
    seed: int
    steps: int
    cpu_s: float
    all_cpu_s: float
    report: Mapping[str, Any]

    def reading(self, attribute: str) -> Mapping[str, Any]:
        """What was read of the drawn pictures, by the colour oracle or the reader."""
        found: Mapping[str, Any] = {**self.report["colour_attributes"], **self.report["read_attributes"]}[attribute]
        generated: Mapping[str, Any] = found["generated"]
        return generated

    def line(self) -> str:
        read = {name: self.reading(name)["accuracy"] for name in AT_LEAST}
        # Only what is made of patches has seams.
        seam = self.report.get("seam")
        seams = f"{seam['generated']:5.2f} / {seam['real']:.2f}" if seam else f"{'-':>5}       "
        mmd = self.report["mmd"]
        return (
            f"{self.name:<24}{self.seed:>5}{self.steps:>6}{self.cpu_s:>7.0f}{self.all_cpu_s:>6.0f}  "
            f"{read['object']:>7.3f}{self.reading('object')['cannot_be_told']:>7.3f}"
            + "".join(f"{read[name]:>7.3f}" for name in ("side", "season", "sky", "ground"))
            + f"  {seams}   {mmd['generated']:.4f} / {mmd['floor_real_vs_real']:.4f}"
        )

    def shortfalls(self) -> Iterator[str]:
        """The targets that are missed."""
        for name, least in AT_LEAST.items():
            reached = self.reading(name)["accuracy"]
            if reached < least:
                yield f"{self.name}: {name} {reached:.3f}, expected at least {least}"
        if self.report["seam"]["generated"] > MOST_SEAM:
            yield f"{self.name}: seam {self.report['seam']['generated']:.3f}, expected at most {MOST_SEAM}"
        if self.cpu_s > MOST_CPU_S:
            yield f"{self.name}: {self.cpu_s:.0f} CPU-seconds, expected at most {MOST_CPU_S}"


def bench(work: Path) -> Bench:
    """The dataset, and the tokenizer and CLIP of it."""
    dataset = write_dataset(work / "dataset", COUNTS)
    tokenizer = trained(work, "tokenizer", dataset, {})
    clip = trained(work, "clip", dataset, {"tokenizer": tokenizer})
    (work / "attributes.json").write_text(json.dumps(attributes()))
    return Bench(work=work, dataset=dataset, judged=_without_validation(dataset, work / "judged"), clip=clip)


def _without_validation(dataset: Path, folder: Path) -> Path:
    """The same shards but for those of validation: `evaluate` draws its prompts from validation and test alike."""
    folder.mkdir(exist_ok=True)
    kept = tuple(info for info in shards.read_manifest(dataset).shards if info.split != "validation")
    for info in kept:
        (folder / info.path).write_bytes((dataset / info.path).read_bytes())
    digest = shards.digest_of(kept)
    counts = {**COUNTS, "validation": 0}
    shards.write_manifest(
        folder, shards.Manifest(name="sandbox", version=digest[:16], digest=digest, shards=kept, counts=counts)
    )
    return folder


def row(
    at: Bench, stage: str, name: str, changes: Sequence[str], *, drawn: Sequence[str] = (), dataset: Path | None = None
) -> Row:
    """`stage` trained as `name`, if it is not yet, and judged; `drawn` are changes of how it draws.

    The model of seed 0 is judged where nothing else is changed.
    """
    model = _trained(at, stage, name if changes else f"{stage}-0", changes or ("training.seed=0",), dataset)
    config: Mapping[str, Any] = json.loads((model / TRAIN_CONFIG).read_text())
    sampling_changes = [f"sampling.{field}={value}" for field, value in config["sampling"].items()] + list(drawn)
    given = [part for change in (*JUDGED, *sampling_changes) for part in ("--set", change)]
    out = at.work / f"{name}-report"
    asked = ["--model", str(model), "--clip", str(at.clip), "--dataset", str(at.judged), "--out", str(out)]
    run("evaluate", "--recipe", "debug", *asked, "--attributes", str(at.work / "attributes.json"), *given)
    return Row(
        name=name,
        seed=config["training"]["seed"],
        steps=config["training"]["steps"],
        cpu_s=_at_last_step(model),
        all_cpu_s=sum(spent["cpu_s"] for spent in read_metrics(_spent(at, model.name))),
        report=json.loads((out / REPORT).read_text()),
    )


def _trained(at: Bench, stage: str, name: str, changes: Sequence[str], dataset: Path | None) -> Path:
    """The finished model; what its process spent is noted, also where it ends before it is finished."""
    is_done, before_s = (at.work / name / METRICS).is_file(), _children_cpu_s()
    try:
        return trained(at.work, stage, dataset or at.dataset, {"clip": at.clip}, name, changes)
    finally:
        if not is_done:
            append_metrics(_spent(at, name), {"cpu_s": round(_children_cpu_s() - before_s, 1)})


def _spent(at: Bench, name: str) -> Path:
    return at.work / f"{name}.cpu_s.jsonl"


def _children_cpu_s() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _at_last_step(model: Path) -> float:
    """By the model's metrics; each process that went on with it counts from nothing."""
    read_s = [line["process_cpu_s"] for line in read_metrics(model / METRICS) if "process_cpu_s" in line]
    ends = [now_s for now_s, next_s in zip(read_s, [*read_s[1:], 0.0], strict=True) if next_s < now_s]
    return sum(ends)


def extra(at: Bench, text: str) -> Row:
    """A row of an experiment."""
    name, _, fields = text.partition(":")
    drawn = [change for change in fields.split() if change.startswith("sampling.")]
    changes = [change for change in fields.split() if change not in drawn]
    stage = "unet_text" if name.startswith("unet_text") else "transformer"
    if stage == "unet_text":
        changes = [*UNET, *changes]
    return row(at, stage, name.strip(), changes, drawn=drawn)


def control_lines(control: Row) -> Iterator[str]:
    """The control, strictly and leniently: of all pictures, and of those of which the reader can tell."""
    read = control.reading("object")
    told = read["n"] - round(read["cannot_be_told"] * read["n"])
    yield f"{control.name}: object strictly {read['accuracy']:.3f} of {read['n']}, p {read['p']:.3f}"
    if told:
        lenient_p = binomial_p(read["hits"], told, read["chance"])
        yield (
            f"{control.name}: object leniently {read['hits'] / told:.3f} of the {told} that can be told, "
            f"p {lenient_p:.3f}; chance {read['chance']}"
        )


def control_shortfalls(control: Row) -> Iterator[str]:
    """Whether a training without a meaning of captions does better than guessing."""
    read = control.reading("object")
    if read["accuracy"] > CONTROL_MOST or read["p"] < CONTROL_LEAST_P:
        yield (
            f"{control.name}: object {read['accuracy']:.3f}, p {read['p']:.4f}, expected chance: at most "
            f"{CONTROL_MOST} and p at least {CONTROL_LEAST_P}"
        )


def prompts_line(at: Bench) -> str:
    """How many of the prompts are new to the training, word for word."""
    splits = {
        name: open_split(at.judged, name, image_size=32, cache=at.work / ".cache").captions
        for name in ("train", "test")
    }
    seen = {caption for several in splits["train"] for caption in several}
    asked = [several[0] for several in splits["test"]]
    return f"{len(asked)} prompts of the test split; {sum(one in seen for one in asked)} are training captions too"


def main() -> None:
    """Print the table; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for data and models, kept between runs")
    parser.add_argument("--extra", action="append", default=[], help="an experiment: 'NAME: FIELD=VALUE FIELD=VALUE'")
    parsed = parser.parse_args()
    at = bench(parsed.work)
    print(f"{prompts_line(at)}\n{HEADER}", flush=True)
    missed: list[str] = []
    for seed in SEEDS:
        found = row(at, "transformer", f"transformer-{seed}", (f"training.seed={seed}",))
        print(found.line(), flush=True)
        missed += found.shortfalls()
    print(row(at, "unet_text", "unet_text-flow", UNET).line(), flush=True)
    for text in parsed.extra:
        print(extra(at, text).line(), flush=True)
    shuffled = write_dataset(at.work / "shuffled", COUNTS, shuffled_captions=True)
    control = row(at, "transformer", "shuffled-captions", CONTROL, dataset=shuffled)
    print(control.line(), *control_lines(control), sep="\n")
    missed += control_shortfalls(control)
    print(f"real pictures above those drawn for their captions: {at.work}/NAME-report/{REAL_AND_DRAWN}")
    print(*(f"MISSED {one}" for one in missed), sep="\n")
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
