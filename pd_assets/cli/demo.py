"""`pdd demo`: the whole line on the sandbox, and what came out in words and pictures; `--latent`: the latent line."""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pd_assets.assets.dataset import DATASET
from pd_assets.cli import sandbox
from pd_assets.cli.open import OPEN_PORT
from pd_assets.cli.project import HOST, project_root
from pd_assets.cli.run import Cost, RunFailed, run_job
from pd_assets.cli.up import UI_PORT
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS
from pd_assets.lib.child import run_pd_ml
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.machine import this_machine
from pd_assets.lib.release.evaluation import read_report
from pd_assets.lib.release.lineage import CANDIDATE, LATEST
from pd_assets.lib.release.reconstruction import read_reconstruction
from pd_assets.lib.settings import Settings
from pd_ml.data.loader import first_captions

# Less than the recipe `debug` asks for. The upscaler's expected picture is clean by then; beyond that it draws grain.
SMALLER: Mapping[str, Sequence[str]] = {
    "models/clip": (),
    "models/transformer": (),
    "models/super_resolution": ("steps=300", "sample_steps=1"),
    "evaluation/report": (),
}
# So that the latent line takes a quarter of an hour on two cores.
LATENT_SMALLER: Mapping[str, Sequence[str]] = {
    "models/vae": ("steps=1000",),
    "models/latent_unet": ("steps=150",),
    "models/latent_diffusion": ("steps=500",),
    **SMALLER,
}
SHEET_PROMPTS = 8
# Who releases the demo's model, where nobody else is named.
OPERATOR = {"PD_PROVIDER": "somebody who tried the demo", "PD_CONTACT": "the person at this machine"}


def run_demo(pictures: Path | None = None) -> None:
    """Run the whole line on the sandbox and print what it made. PdError where a step fails."""
    started = time.monotonic()
    with _sandboxed("pictures that a model drew", pictures) as home:
        costs = run_job("whole_line", _unless_said(SMALLER))
        sheet = draw_enlarged(home, "transformer", "samples")
        bundle = release_it(home, costs)
    _report(home, costs, time.monotonic() - started, sheet, bundle)


def _unless_said(smaller: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """The changes to the recipe `debug`, and two threads in place of its one, for stages that the environment says
    nothing of. More than two wait for one another longer than they work."""
    settings = Settings.from_env()
    if settings.recipe != "debug":
        return {}
    threads = f"threads={min(2, this_machine().cores)}"
    left = {key: changes for key, changes in smaller.items() if not settings.changes_to(_stage(key))}
    return {key: (*changes, threads) for key, changes in left.items()}


def _stage(key: str) -> str:
    """What `PD_TRAIN_SET` calls the stage of an asset."""
    return "evaluate" if key == "evaluation/report" else key.removeprefix("models/")


def release_it(home: Home, costs: list[Cost]) -> str:
    """Have the model released under a key of the demo's own; where its bundle is, or why there is none. What it took is
    added to `costs`.
    """
    key = home.root / "demo" / "release-key.pem"
    if not key.is_file():
        key.parent.mkdir(exist_ok=True)
        _make_key(key)
    for name, value in {**OPERATOR, "PD_SIGNING_KEY": str(key.resolve())}.items():
        os.environ.setdefault(name, value)
    try:
        costs += [cost for cost in run_job("release") if cost.asset == "release/bundle"]
    except RunFailed as error:
        return f"none: {error}"
    version = home.pointed("release", "transformer", LATEST)
    assert version is not None, "the job made it"
    folder = home.root / "release" / "transformer" / version
    return f"{folder}\n              check it with:  {_python()} -P -m pd_ml verify {folder}"


def _python() -> str:
    """The interpreter that has what verifying needs, as short as it can be typed here."""
    python = Path(sys.executable)
    return str(python.relative_to(Path.cwd())) if python.is_relative_to(Path.cwd()) else str(python)


def _program() -> str:
    """How `pdd` is typed here."""
    return str(Path(_python()).with_name("pdd"))


def _make_key(path: Path) -> None:
    """A private key for signatures, readable by its owner alone."""
    made = ec.generate_private_key(ec.SECP256R1())
    text = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)


def run_latent_demo(pictures: Path | None = None) -> None:
    """Run the latent line on the sandbox, in small, draw and enlarge; what a demo has made already is only read.

    PdError where a step fails.
    """
    started = time.monotonic()
    with _sandboxed("pictures that a latent model drew, four times enlarged", pictures) as home:
        costs = run_job("nightly")
        changes = _unless_said(LATENT_SMALLER)
        costs += [cost for cost in run_job("train_latent_models", changes) if not cost.asset.startswith("dataset/")]
    sheet = draw_enlarged(home, "latent_diffusion", "latent")
    _print_costs(costs, time.monotonic() - started)
    print("\nOn held-out pictures and captions:")
    for line in latent_numbers(home):
        print(f"  {line}")
    print(f"\nSamples, four times enlarged:  {sheet}")
    for stage in ("latent_diffusion", "super_resolution"):
        print(f"{f'Report on {stage}:':<31}{_reported(home, stage)}")


@contextmanager
def _sandboxed(end: str, pictures: Path | None) -> Iterator[Home]:
    """The demo's home, with the sandbox as its archive for as long as the block."""
    os.chdir(project_root())
    os.environ.setdefault("PD_RECIPE", "debug")
    home = open_home(Settings.from_env().home)
    print(f"The whole line, offline, in {home.root}: from an archive on loopback to {end}.")
    with sandbox.running(home, pictures) as api:
        os.environ["PD_COMMONS_API"] = api
        print(f"The sandbox archive answers at {api}", flush=True)
        yield home


def draw_enlarged(home: Home, stage: str, name: str) -> Path:
    """A sheet of pictures for captions that were held out from training, by the models that were trained last."""
    model, upscaler = (_trained(home, one) for one in (stage, "super_resolution"))
    dataset = home.latest("dataset", DATASET)
    assert dataset is not None
    prompts = list(dict.fromkeys(first_captions(dataset, "test")))[:SHEET_PROMPTS]
    sheet = home.root / "demo" / f"{name}.png"
    sheet.parent.mkdir(exist_ok=True)
    asked = [part for prompt in prompts for part in ("--prompt", prompt)]
    arguments = ["--model", str(model), "--upscale", str(upscaler), "--out", str(sheet), *asked]
    run_pd_ml(["sample", *arguments], lambda event: None)
    return sheet


def latent_numbers(home: Home) -> list[str]:
    """Of the autoencoder, the latent model and the upscaler, each beside what it is to be compared with."""
    lines = []
    if (vae := read_reconstruction(_trained(home, "vae"))) is not None:
        lines.append(
            f"vae: PSNR {vae.psnr_db:.2f} dB, {vae.gain_db:+.2f} dB over the best trivial way to store as much"
        )
    drawn = read_report(_reported(home, "latent_diffusion"))
    lines += [f"latent_diffusion: {line}" for line in shown(drawn)]
    enlarged: Mapping[str, Any] = read_report(_reported(home, "super_resolution"))
    gain = enlarged["enlargement"]["gain_db"]
    lines.append(f"super_resolution: {gain['value']:+.2f} dB over bicubic (p = {gain['p']:.0e}, {gain['n']} pictures)")
    return lines


def _trained(home: Home, stage: str) -> Path:
    version = home.pointed("models", stage, CANDIDATE)
    assert version is not None
    return home.model(stage, version)


def _reported(home: Home, stage: str) -> Path:
    version = home.pointed("evaluation", "report", stage)
    assert version is not None
    return home.root / "evaluation" / "report" / version


def _print_costs(costs: Sequence[Cost], seconds: float) -> None:
    print(f"\nDone in {seconds:.0f} s.")
    if not sys.stdout.isatty():
        # Each has had its line.
        return
    print()
    print(f"{'asset':<26}{'rows':>8}{'seconds':>10}{'peak MB':>10}")
    for cost in costs:
        print(f"{cost.asset:<26}{'' if cost.rows is None else cost.rows:>8}{cost.seconds:>10.1f}{cost.peak_mb:>10.0f}")


def _report(home: Home, costs: Sequence[Cost], seconds: float, sheet: Path, bundle: str) -> None:
    evaluation = _reported(home, "transformer")
    report = read_report(evaluation)
    _print_costs(costs, seconds)
    print("\nLicence breakdown (profile and rules as in rights/decisions):")
    for line in licence_breakdown(home):
        print(f"  {line}")
    print(
        "\nDo pictures drawn for held-out captions show what these say? Colours by pixels alone; the rest as a network"
    )
    print("reads it that learnt from real pictures, and that may say of an object that it cannot tell:")
    for line in shown(report):
        print(f"  {line}")
    print(f"\nSamples:      {sheet} (drawn at 32 pixels, four times enlarged)")
    print(f"Real, drawn:  {evaluation / 'real_and_drawn.png'}")
    print(f"Loss curve:   {evaluation / 'loss_curve.png'}")
    print(f"Catalogue:    {home.catalog}")
    print(f"Bundle:       {bundle}")
    print(f"\nSee it all:   {_program()} open   (http://{HOST}:{OPEN_PORT}/: the pictures, and a page to draw on)")
    print(f"              make up   (http://{HOST}:{UI_PORT}/, with Dagster's UI below /dagster)")


def licence_breakdown(home: Home) -> list[str]:
    """Verdict, rule and count, the most frequent first, under the configured profile; a line for each verdict where
    nobody watches.
    """
    found = _verdicts(home)
    if sys.stdout.isatty():
        return [f"{verdict:<11}{items:>6}  {rule}" for verdict, items, rule in found]
    rules: dict[str, list[str]] = {}
    total: Counter[str] = Counter()
    for verdict, items, rule in found:
        rules.setdefault(verdict, []).append(f"{rule} {items}")
        total[verdict] += items
    return [f"{verdict:<11}{total[verdict]:>6}  {', '.join(several)}" for verdict, several in rules.items()]


def _verdicts(home: Home) -> list[tuple[str, int, str]]:
    sql = """
        select verdict, rule_id, count(*) as items from decisions where profile = $profile
        group by all order by verdict, items desc, rule_id
    """
    content = tables.query(home, sql, {"decisions": DECISIONS}, {"profile": Settings.from_env().rights_profile})
    return [(str(row["verdict"]), int(str(row["items"])), str(row["rule_id"])) for row in tables.rows(content)]


def shown(report: Mapping[str, Any]) -> list[str]:
    """How much of what captions say is seen in pictures drawn for them."""
    told = [*_accuracies(report, "colour_attributes"), *_accuracies(report, "read_attributes")]
    return told or ["not known: nothing says what to look for in these pictures"]


def _accuracies(report: Mapping[str, Any], measure: str) -> list[str]:
    """Each attribute's accuracy on prompts that the model never saw, beside chance and the real pictures' own."""
    lines = []
    for name, told in report.get(measure, {}).items():
        made, real = told["generated"], told["real"]
        lines.append(
            f"{name:<8}{made['accuracy']:.3f} of {made['n']} drawn pictures (chance {made['chance']:.2f}; real "
            f"pictures {real['accuracy']:.3f}){_not_told(told)}"
        )
    return lines


def _not_told(told: Mapping[str, Any]) -> str:
    """Of an attribute that may be refused: what of the rest was, and of pictures that were spoilt on purpose."""
    spoilt = told.get("spoilt_refused")
    if not spoilt:
        return ""
    refused, least = told["generated"]["cannot_be_told"], min(spoilt.values())
    return f"; cannot be told: {refused:.3f}, of spoilt real ones at least {least:.2f}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="serve this folder instead of drawn paintings")
    parser.add_argument("--latent", action="store_true", help="autoencoder, latent models and upscaler, in small")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    (run_latent_demo if arguments.latent else run_demo)(arguments.pictures)
