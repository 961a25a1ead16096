"""Arguments in, exit code out: 0 done, 1 a named error in one line on stderr, 2 wrong usage, 75 stopped, resumable."""

import argparse
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TypeAlias

from pd_ml.bundle import commands as of_bundles
from pd_ml.config import EvaluateConfig, StageConfig, to_json, with_overrides
from pd_ml.data.shards import ShardError, is_exported
from pd_ml.disk import named_when_full
from pd_ml.errors import ConfigError, PdMlError, PictureError, ProvenanceError, Suspended
from pd_ml.progress import Reporter, quieten
from pd_ml.provenance import holds_version
from pd_ml.recipes import RECIPES, STAGE_INPUTS, STAGES, STAGES_WITHOUT_WEIGHTS, recipe
from pd_ml.room.levels import IN_PROCESS, UNENFORCED
from pd_ml.training.stopping import Stopping
from pd_ml.training.workshop import Identity, Job, identify

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

EXIT_DONE, EXIT_ERROR, EXIT_SUSPENDED = 0, 1, 75

_TRAIN_EXAMPLES = """examples:
  python -m pd_ml train tokenizer --recipe debug --dataset data/dataset/art/v1 --out models/tokenizer
  python -m pd_ml train clip --recipe debug --dataset data/dataset/art/v1 --input tokenizer=models/tokenizer \\
      --out models/clip
  python -m pd_ml train transformer --recipe debug --dataset data/dataset/art/v1 --input clip=models/clip \\
      --out models/transformer --set steps=800
  python -m pd_ml train vae --recipe debug --dataset data/dataset/art/v1 --input clip=models/clip --out models/vae
  python -m pd_ml train latents --recipe debug --dataset data/dataset/art/v1 --input vae=models/vae \\
      --input clip=models/clip --out models/latents
  python -m pd_ml train latent_diffusion --recipe debug --dataset data/dataset/art/v1 \\
      --input latents=models/latents --input vae=models/vae --input clip=models/clip --out models/latent_diffusion
Run the same command again to go on after an interruption."""

_SAMPLE_EXAMPLES = """examples:
  python -m pd_ml sample --model models/transformer --prompt "a red house by a lake" --n 4 --out red-house.png
  python -m pd_ml sample --model models/transformer --prompt "a tree" --prompt "a boat" --guidance 3 --out two.png
  python -m pd_ml sample --model models/unet --n 16 --seed 7 --out sixteen.png
  python -m pd_ml sample --model models/unet --n 4 --upscale models/super_resolution --out large.png
  python -m pd_ml sample --model models/transformer --prompt "a lake" --image sketch.png --strength 0.7 --out lake.png
  python -m pd_ml sample --model models/transformer --prompt "a boat" --image lake.png --mask boat.png --out boat.png
Each picture is written by itself too: sixteen/0000.png and so on."""

_SERVE_EXAMPLES = """examples:
  python -m pd_ml serve <<< '{"id": 1, "do": "draw", "model": "models/transformer", "prompt": "a tree", "out": "drawn"}'
  python -m pd_ml serve <<< '{"id": 2, "do": "upscale", "model": "models/super_resolution", "image": "a.png", \
      "out": "large.png"}'
  python -m pd_ml serve <<< '{"id": 3, "do": "embed", "clip": "models/clip", "texts": ["a tree"], "images": ["a.png"]}'
One request a line, answered in order: progress, then drawn, upscaled, embedded or error. It ends when stdin does.
draw takes negative_prompt, seed, steps, guidance, n, width, height, image, strength, mask, upscaler and clip too."""

_EMBED_EXAMPLES = """examples:
  python -m pd_ml embed --clip models/clip --dataset data/dataset/art/v1 --out vectors
vectors.npy has a row for each picture, items.parquet says which, and told.json how near held-out pictures come to
training pictures. The same CLIP and dataset give the same bytes."""

_EVALUATE_EXAMPLES = """examples:
  python -m pd_ml evaluate --model models/transformer --clip models/clip --dataset data/dataset/art/v1 --out report
  python -m pd_ml evaluate --model models/transformer --clip models/clip --dataset data/dataset/art/v1 --out report \\
      --attributes attributes.json --n 128"""

_UPSCALE_EXAMPLES = """examples:
  python -m pd_ml upscale small.png large.png --model models/super_resolution
  python -m pd_ml upscale small.jpg large.png --model models/super_resolution --steps 1
  python -m pd_ml upscale scan.jpg large.png --model models/super_resolution --noise-level 0.1 --seed 7
--steps 1 gives the expected picture, without any chance; more steps draw one of those that are likely."""

_DETECT_EXAMPLES = """examples:
  python -m pd_ml detect picture.png
  python -m pd_ml detect --anchor operator-root.pem --json one.jpg two.webp
Three answers apart: content credentials, XMP, watermark. That none is found is no proof of a human hand."""

_CONVERT_EXAMPLES = """examples:
  python -m pd_ml convert-tokenizer old-clip models/tokenizer-converted
A preprocessor_config.json that the old folder lacks is written from its config.json."""

_IMPORT_EXAMPLES = """examples:
  python -m pd_ml import output/pd-diffusion models/unet-imported
  python -m pd_ml sample --model models/unet-imported --n 4 --out four.png
  python -m pd_ml train unet --recipe small --dataset data/dataset/art/v1 --init-from models/unet-imported \\
      --out models/unet --set image_size=128
The import prints the --set values with which a training of the same architecture goes on from it."""


_ROOM_EXAMPLES = """examples:
  python -m pd_ml room
A line for one process and one for several: JSON with the level and what was found."""

_FLOP_EXAMPLES = """examples:
  python -m pd_ml flop models/tokenizer/0123 models/clip/4567 models/transformer/89ab
Prints a line of JSON with the FLOP of each model; null where what a model was made of or
started from is not among the folders, or its record does not say how many pictures it was shown."""

# Trains a job that was parsed, in this process or in so many others.
Training: TypeAlias = Callable[[Job, int], None]


def main(arguments: Sequence[str], training: Training | None = None) -> int:
    """Run one command; every PdMlError and every failure of the file system becomes one line and exit code 1.

    `training` is how `train` trains: in this process where nothing else is given.
    """
    parsed = _parser().parse_args(arguments)
    commands: Mapping[str, Callable[[argparse.Namespace], None]] = {
        "train": partial(_train, training=training or train_here),
        "sample": _sample,
        "serve": _serve,
        "embed": _embed,
        "evaluate": _evaluate,
        "upscale": _upscale,
        "detect": _detect,
        "convert-tokenizer": _convert_tokenizer,
        "import": _import,
        "room": _room,
        "flop": _flop,
        **of_bundles.RUN,
    }
    place = next((getattr(parsed, name) for name in ("new", "out", "folder") if name in parsed), ".")
    return told_in_one_line(lambda: commands[parsed.command](parsed), Path(place))


def told_in_one_line(work: Callable[[], None], place: Path) -> int:
    """The exit code of work that writes to `place`; its named errors are told in one line."""
    try:
        with named_when_full(place):
            work()
    except Suspended as error:
        return _complain(error, EXIT_SUSPENDED)
    except (PdMlError, ShardError, OSError, MemoryError) as error:
        return _complain(error, EXIT_ERROR)
    except RuntimeError as error:
        # torch.OutOfMemoryError; its name is enough, and torch stays out of `--help`.
        if type(error).__name__ != "OutOfMemoryError":
            raise
        return _complain(error, EXIT_ERROR)
    return EXIT_DONE


def _train(parsed: argparse.Namespace, training: Training) -> None:
    config = with_overrides(recipe(_known_stage(parsed.stage), parsed.recipe), parsed.set)
    out = Path(parsed.out)
    with _cache_of(parsed, out) as cache:
        job = Job(
            stage=parsed.stage,
            config=config,
            dataset=_dataset(parsed.dataset, cache),
            inputs=_inputs(parsed.input),
            out=out,
            cache=cache,
            init_from=_init_from(parsed),
        )
        if parsed.dry_run:
            _foresee(job)
        else:
            training(job, parsed.processes)


def _dataset(name: str, cache: Path) -> Path:
    """An exported dataset as it is; of another one its pictures, written as one."""
    if is_exported(Path(name)):
        return Path(name)
    from pd_ml.data.foreign import dataset_folder

    return dataset_folder(name, cache)


def _init_from(parsed: argparse.Namespace) -> Path | None:
    if parsed.init_from and parsed.stage in STAGES_WITHOUT_WEIGHTS:
        raise ConfigError(f"--init-from: the stage {parsed.stage} trains no weights; leave it out")
    return Path(parsed.init_from) if parsed.init_from else None


@contextmanager
def _cache_of(parsed: argparse.Namespace, out: Path) -> Iterator[Path]:
    """Where decoded pictures lie; a dry run keeps none."""
    if parsed.dry_run:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    else:
        yield Path(parsed.cache) if parsed.cache else out.parent / ".cache"


def _foresee(job: Job) -> None:
    """Check the job and say what it will cost."""
    quieten()
    from pd_ml.training.estimate import described, estimate, training_of

    identity = identify(job)
    reporter = begun(job, identity)
    found = estimate(job.config, job.inputs)
    if found is not None:
        reporter.event("estimate", **asdict(found))
        for line in described(found, training_of(job.config)):
            reporter.say(line)
    state = "is already complete" if holds_version(job.out, identity.version) else "would be made"
    reporter.say(f"{job.out} {state} (version {identity.version}); nothing was written")


def train_here(job: Job, processes: int = 1, *, level: str = IN_PROCESS) -> None:
    """Train in this process, without a clean room; `level` says why."""
    if processes > 1:
        why = level.removeprefix(UNENFORCED)
        raise ConfigError(f"--processes {processes}: they are started in a clean room ({why}); use accelerate launch")
    quieten()
    from pd_ml.training.stages import train

    identity = identify(job)
    reporter = begun(job, identity)
    stopping = Stopping()
    stopping.listen()
    try:
        record = train(job, identity, reporter, stopping, level=level)
    finally:
        reporter.close()
    reporter.event("done", out=str(job.out), version=record.version, digest=record.digest)


def begun(job: Job, identity: Identity) -> Reporter:
    """Tells what is about to be made; of several processes only the first tells anything."""
    if os.environ.get("RANK", "0") == "0":
        reporter = Reporter(job.stage, events=sys.stdout, people=sys.stderr)
    else:
        reporter = Reporter(job.stage, events=io.StringIO(), people=io.StringIO())
    inputs = dict(identity.input_digests)
    reporter.event("config", version=identity.version, inputs=inputs, config=_plain(job.config))
    if not identity.proven:
        reporter.say("warning: trained on pictures without proof of their rights: marked so, and never released")
    return reporter


def _room(parsed: argparse.Namespace) -> None:
    from pd_ml.room.trial import try_room

    sys.stdout.writelines(f"{line}\n" for line in try_room())


def _flop(parsed: argparse.Namespace) -> None:
    quieten()
    from pd_ml.training.spent import training_flop

    spent = training_flop([Path(folder) for folder in parsed.models])
    Reporter("flop", events=sys.stdout, people=sys.stderr).event("flop", training_flop=dict(spent))


def _sample(parsed: argparse.Namespace) -> None:
    from pd_ml.diffusion.order import Order, checked, require_place

    out = Path(parsed.out)
    require_place(out)
    order = Order(
        model=Path(parsed.model),
        prompts=tuple(_readable(prompt) for prompt in parsed.prompt),
        negative_prompt=_readable(parsed.negative_prompt),
        pictures=parsed.n,
        seed=parsed.seed,
        steps=parsed.steps,
        guidance=parsed.guidance,
        width=parsed.width,
        height=parsed.height,
        image=Path(parsed.image) if parsed.image else None,
        strength=parsed.strength,
        mask=Path(parsed.mask) if parsed.mask else None,
        upscaler=_upscaler(parsed),
        device=parsed.device,
    )
    ready = checked(order)
    # What cannot be drawn was refused by now: torch takes seconds to import.
    from pd_ml.evaluation.sheet import draw_sheet

    quieten()
    reporter = Reporter("sample", events=sys.stdout, people=sys.stderr)
    try:
        version = draw_sheet(ready, out, lambda warning: reporter.say(f"warning: {warning}"), reporter.steps)
    finally:
        reporter.close()
    reporter.event("done", out=parsed.out, model_version=version)


def _embed(parsed: argparse.Namespace) -> None:
    from pd_ml.data.shards import read_manifest
    from pd_ml.provenance import verify_outputs
    from pd_ml.vectors.folder import Subject, is_complete

    clip, dataset, out = Path(parsed.clip), Path(parsed.dataset), Path(parsed.out)
    record, manifest = verify_outputs(clip), read_manifest(dataset)
    if record.stage != "clip":
        raise ProvenanceError(f"{clip}: a {record.stage} model, expected clip; give the folder of a CLIP")
    subject = Subject(
        clip_version=record.version,
        clip_digest=record.digest,
        dataset_version=manifest.version,
        dataset_digest=manifest.digest,
    )
    reporter = Reporter("embed", events=sys.stdout, people=sys.stderr)
    if is_complete(out, subject):
        reporter.say(f"{out} is already complete")
    else:
        from pd_ml.vectors.embed import embed_dataset

        quieten()
        try:
            embed_dataset(clip, dataset, manifest, subject, out, partial(_go_on, reporter, Stopping()))
        finally:
            reporter.close()
    reporter.event("done", out=parsed.out, clip_version=record.version, dataset_version=manifest.version)


def _go_on(reporter: Reporter, stopping: Stopping, done: int, total: int) -> None:
    """Tell how far it is; Suspended where whoever started this is gone."""
    if stopping():
        raise Suspended("stopped; the same command begins anew")
    reporter.pictures(done, total)


def _serve(parsed: argparse.Namespace) -> None:
    from pd_ml.serving.server import serve_stdin

    serve_stdin(parsed.device)


def _evaluate(parsed: argparse.Namespace) -> None:
    overrides = [*parsed.set, *([f"n={parsed.n}"] if parsed.n is not None else [])]
    config = with_overrides(recipe("evaluate", parsed.recipe), overrides)
    assert isinstance(config, EvaluateConfig)
    from pd_ml.evaluation.report import EvaluateJob, evaluate

    quieten()
    out = Path(parsed.out)
    job = EvaluateJob(
        config=config,
        model=Path(parsed.model),
        clip=Path(parsed.clip),
        dataset=Path(parsed.dataset),
        attributes=Path(parsed.attributes) if parsed.attributes else None,
        fid_weights=Path(parsed.fid_weights) if parsed.fid_weights else None,
        out=out,
        cache=Path(parsed.cache) if parsed.cache else out.parent / ".cache",
    )
    reporter = Reporter("evaluate", events=sys.stdout, people=sys.stderr)
    record = evaluate(job, reporter)
    reporter.event("done", out=str(out), version=record.version, digest=record.digest)


def _upscaler(parsed: argparse.Namespace) -> Path | None:
    from pd_ml.diffusion.enlarging import beside

    if parsed.upscale is None:
        return None
    return Path(parsed.upscale) if parsed.upscale else beside(Path(parsed.model))


def _upscale(parsed: argparse.Namespace) -> None:
    from pd_ml.diffusion.enlarging import UpscaleJob, checked_upscaling

    job = UpscaleJob(
        picture=Path(parsed.picture),
        out=Path(parsed.out),
        model=Path(parsed.model),
        steps=parsed.steps,
        noise_level=parsed.noise_level,
        tile_px=parsed.tile,
        seed=parsed.seed,
        device=parsed.device,
    )
    ready = checked_upscaling(job)
    from pd_ml.diffusion.upscale import upscale_file

    quieten()
    upscale_file(ready)
    version = ready.record.version
    Reporter("upscale", events=sys.stdout, people=sys.stderr).event("done", out=parsed.out, model_version=version)


def _detect(parsed: argparse.Namespace) -> None:
    from pd_ml.marks.detection import anchors_of, as_json, detect, told
    from pd_ml.marks.foreign import plain

    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of strangers are in any letters, a terminal's need not be.
        sys.stdout.reconfigure(errors="backslashreplace")
    anchors = anchors_of([Path(anchor) for anchor in parsed.anchor])
    unread: list[str] = []
    for picture in parsed.pictures:
        try:
            found = detect(Path(picture), anchors)
        except PictureError as error:
            unread.append(plain(error, 1000))
            if parsed.json:
                sys.stdout.write(json.dumps({"picture": picture, "fault": str(error)}) + "\n")
            continue
        unread += [plain(found.fault, 1000)] if found.fault else []
        lines = [json.dumps(as_json(found))] if parsed.json else told(found)
        sys.stdout.writelines(f"{line}\n" for line in lines)
    if unread:
        raise PictureError("; ".join(unread))


def _convert_tokenizer(parsed: argparse.Namespace) -> None:
    from pd_ml.models.old_tokenizer import convert_tokenizer

    quieten()
    found = convert_tokenizer(Path(parsed.old), Path(parsed.new))
    reporter = Reporter("convert-tokenizer", events=sys.stdout, people=sys.stderr)
    for assumption in found.assumed:
        reporter.say(f"warning: the old folder does not say, taken as usual: {assumption}")
    if found.missing_bytes:
        reporter.say(f"warning: {found.missing_bytes} of 512 byte symbols are missing: their text reads as unknown")
    reporter.event("done", out=parsed.new, **asdict(found))


def _import(parsed: argparse.Namespace) -> None:
    from pd_ml.models.imported import import_model

    quieten()
    found = import_model(Path(parsed.old), Path(parsed.new))
    record = found.record
    reporter = Reporter("import", events=sys.stdout, people=sys.stderr)
    reporter.say("warning: trained on pictures without proof of their rights: marked so, and never released")
    settings = " ".join(f"--set {setting}" for setting in found.settings)
    reporter.say(f"go on training it with: train {record.stage} --init-from {parsed.new} {settings}")
    reporter.event("done", out=parsed.new, imported_stage=record.stage, version=record.version, digest=record.digest)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pd_ml", description="Train, sample and evaluate. No network.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_train(_command(commands, "train", "train one stage, or go on training it", _TRAIN_EXAMPLES))
    _add_sample(_command(commands, "sample", "draw pictures for prompts", _SAMPLE_EXAMPLES))
    _add_serve(_command(commands, "serve", "draw what JSON lines ask for, models in memory", _SERVE_EXAMPLES))
    _add_embed(_command(commands, "embed", "the pictures of a dataset as vectors of a CLIP", _EMBED_EXAMPLES))
    _add_evaluate(_command(commands, "evaluate", "measure a trained model", _EVALUATE_EXAMPLES))
    _add_upscale(_command(commands, "upscale", "make a picture four times as large", _UPSCALE_EXAMPLES))
    _add_detect(_command(commands, "detect", "say which marks of machine-made pictures a file has", _DETECT_EXAMPLES))
    _add_convert(_command(commands, "convert-tokenizer", "update an old-format CLIP tokenizer", _CONVERT_EXAMPLES))
    _add_import(_command(commands, "import", "read a pixel model of the prior system", _IMPORT_EXAMPLES))
    _command(commands, "room", "try the clean room, and say which level this machine can reach", _ROOM_EXAMPLES)
    _add_flop(_command(commands, "flop", "the arithmetic that finished trainings took", _FLOP_EXAMPLES))
    of_bundles.add_commands(commands)
    return parser


def _command(commands: Commands, name: str, text: str, examples: str) -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    return commands.add_parser(name, help=text, description=text, epilog=examples, formatter_class=layout)


def _add_train(parser: argparse.ArgumentParser) -> None:
    inputs = "; ".join(f"{stage}: {', '.join(names)}" for stage, names in STAGE_INPUTS.items() if names)
    parser.add_argument("stage", metavar="STAGE", help=", ".join(STAGES))
    parser.add_argument("--recipe", required=True, metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument(
        "--dataset", required=True, metavar="DIR", help="a finished dataset; or what `datasets` loads: marked unproven"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="exists only when complete; work is in DIR.partial")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=DIR", help=f"finished model ({inputs})")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="change one config field")
    parser.add_argument("--init-from", metavar="DIR", help="start from the weights of this finished model of the stage")
    parser.add_argument("--cache", metavar="DIR", help="decoded pictures (default: .cache beside --out)")
    parser.add_argument(
        "--processes", type=_positive, default=1, metavar="N", help="processes that share one clean room (default 1)"
    )
    parser.add_argument("--dry-run", action="store_true", help="print config, FLOPs, memory and time; write nothing")


def _add_sample(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, metavar="DIR", help="a finished folder of a U-Net stage")
    parser.add_argument("--prompt", action="append", default=[], metavar="TEXT", help="may be given several times")
    parser.add_argument("--n", type=_positive, default=1, metavar="N", help="pictures for each prompt, or in all")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same pictures (default 0)")
    parser.add_argument("--steps", type=_positive, metavar="N", help="scheduler steps (default: the model's config)")
    parser.add_argument("--guidance", type=float, metavar="SCALE", help="1 is none (default: the model's config)")
    parser.add_argument("--negative-prompt", default="", metavar="TEXT", help="what to steer away from")
    parser.add_argument(
        "--width", type=_positive, metavar="PX", help="of each picture (default: what the model learnt)"
    )
    parser.add_argument("--height", type=_positive, metavar="PX", help="the same")
    parser.add_argument("--image", metavar="FILE", help="start from this picture instead of noise")
    parser.add_argument(
        "--strength", type=float, metavar="X", help="how much of it is drawn anew, 0 to 1 (default 0.6; with --mask 1)"
    )
    parser.add_argument("--mask", metavar="FILE", help="as large as the picture: white is drawn anew, black is kept")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument(
        "--upscale",
        nargs="?",
        const="",
        metavar="DIR",
        help="four times as large by this super_resolution folder (without DIR: the one that lies beside the model)",
    )
    parser.add_argument("--out", required=True, metavar="FILE.png", help="the sheet of pictures")


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")


def _add_embed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clip", required=True, metavar="DIR", help="a finished clip folder")
    parser.add_argument("--dataset", required=True, metavar="DIR", help="a finished dataset folder")
    parser.add_argument("--out", required=True, metavar="DIR", help="exists only when complete")


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, metavar="DIR", help="a finished folder of a U-Net stage")
    parser.add_argument("--clip", required=True, metavar="DIR", help="the finished clip folder that measures")
    parser.add_argument("--dataset", required=True, metavar="DIR", help="a finished dataset folder")
    parser.add_argument("--out", required=True, metavar="DIR", help="exists only when complete")
    parser.add_argument("--recipe", default="debug", metavar="NAME", help=f"{', '.join(RECIPES)} (default debug)")
    parser.add_argument("--attributes", metavar="FILE.json", help="phrases and colours for the colour oracle")
    parser.add_argument("--fid-weights", metavar="FILE.pt", help="measure FID too: your TorchScript feature network")
    parser.add_argument("--n", type=_positive, metavar="N", help="pictures to draw (default: the recipe's)")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="change one config field")
    parser.add_argument("--cache", metavar="DIR", help="decoded pictures (default: .cache beside --out)")


def _add_upscale(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("picture", metavar="IN", help="a picture that Pillow reads; of any size")
    parser.add_argument("out", metavar="OUT.png", help="the enlarged picture")
    parser.add_argument("--model", required=True, metavar="DIR", help="a finished super_resolution folder")
    parser.add_argument("--steps", type=_positive, metavar="N", help="1: the expected picture (default: the config's)")
    parser.add_argument("--noise-level", type=_share, default=0.0, metavar="X", help="0 trusts IN, up to 1 (default 0)")
    parser.add_argument("--tile", type=_tile, default=64, metavar="PX", help="side of IN's part at a time (default 64)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same picture (default 0)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")


def _add_detect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="PNG, JPEG or WebP")
    parser.add_argument(
        "--anchor",
        action="append",
        default=[],
        metavar="FILE.pem",
        help="a root certificate that you trust",
    )
    parser.add_argument("--json", action="store_true", help="a line of JSON for each picture")


def _add_convert(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", metavar="OLD", help="folder with vocab.json and merges.txt, or an old tokenizer.json")
    parser.add_argument("new", metavar="NEW", help="folder to make: tokenizer and preprocessor, same ids")


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", metavar="OLD", help="folder with model_index.json, unet and scheduler (diffusers 0.11)")
    parser.add_argument("new", metavar="NEW", help="folder to make: samples, and trains on with train --init-from NEW")


def _add_flop(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="+", metavar="DIR", help="finished folders of a model and all it was made of")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not more than 0")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and 1")
    return value


def _tile(text: str) -> int:
    value = int(text)
    if value < 8:
        raise argparse.ArgumentTypeError(f"{value} is less than 8 pixels")
    return value


def _known_stage(stage: str) -> str:
    if stage not in STAGES:
        raise ConfigError(f"no stage {stage!r}; there are {', '.join(STAGES)}")
    return stage


def _inputs(given: Sequence[str]) -> Mapping[str, Path]:
    pairs = [text.partition("=") for text in given]
    wrong = [name for name, separator, folder in pairs if not separator or not folder]
    if wrong:
        raise ConfigError(f"--input {', '.join(wrong)} is not NAME=DIR")
    return {name: Path(folder) for name, _, folder in pairs}


def _readable(text: str) -> str:
    """An argument whose bytes are not UTF-8 holds lone surrogates; they become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _plain(config: StageConfig) -> object:
    return json.loads(to_json(config))


def _complain(error: Exception, code: int) -> int:
    line = " ".join(str(error).split())
    sys.stderr.write(f"{type(error).__name__}: {line}\n")
    sys.stdout.write(json.dumps({"event": "error", "error": type(error).__name__, "message": line}) + "\n")
    return code
