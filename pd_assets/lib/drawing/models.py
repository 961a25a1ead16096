"""The models that draw, those in use first, and those that enlarge, with what people want to know of each."""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.drawing.wish import Wish
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.release.lineage import Model, models
from pd_assets.lib.release.shown import counts_of
from pd_ml.config import DenoiserConfig, SuperResolutionConfig, config_from_json
from pd_ml.errors import PdMlError
from pd_ml.provenance import TRAIN_CONFIG

PROMPTED = frozenset({"unet_text", "transformer", "latent_diffusion"})
ENLARGES = 4
BY_SA = "CC-BY-SA-4.0"
WHAT: dict[str, str] = {
    "unet": "draws pixels, without a prompt",
    "unet_text": "draws pixels from a prompt",
    "transformer": "draws pixels from a prompt, patch by patch",
    "latent_unet": "draws in the space of an autoencoder, without a prompt",
    "latent_diffusion": "draws in the space of an autoencoder, from a prompt",
    "super_resolution": f"enlarges pictures, {ENLARGES} times",
}
# What is read of a folder to tell what it draws.
CONFIGS = (TRAIN_CONFIG, "unet/config.json", "transformer/config.json", "vae/config.json")
_STANDING = {"latest": 0, "candidate": 1, "older": 2}


@dataclass(frozen=True, kw_only=True)
class Drawer:
    """A finished model that draws pictures of `size_px`, or enlarges them (0 then). `pictures`: how many different ones
    it learnt from, None where its record does not say. `problem`: why it cannot be used.
    """

    stage: str
    version: str
    folder: Path
    standing: str
    what: str
    size_px: int
    multiple_px: int
    pictures: int | None
    times_shown: int | None
    dataset_version: str
    steps: int
    guidance: float
    takes_prompts: bool
    licence: str
    digest: str
    problem: str = ""

    @property
    def key(self) -> str:
        return f"{self.stage}/{self.version}"

    @property
    def is_enlarging(self) -> bool:
        return self.stage == "super_resolution"

    @property
    def least_px(self) -> int:
        """The least side: further from what it learnt pictures fall apart (pd_ml/diffusion/order.py)."""
        return -(-self.size_px // (2 * self.multiple_px)) * self.multiple_px

    @property
    def most_px(self) -> int:
        """The greatest."""
        return 2 * self.size_px

    @property
    def named(self) -> str:
        """For a list to choose from."""
        learnt = f", learnt from {self.pictures:,} pictures" if self.pictures is not None else ""
        return f"{self.stage} {self.version[:8]} ({self.standing}): {self.size_px} × {self.size_px} px{learnt}"


def drawers(home: Home, *, free_licence: str) -> list[Drawer]:
    """Every model that draws or enlarges, those in use first; also those that cannot be used, which say why."""
    found = []
    for model in models(home):
        if model.stage in WHAT:
            found.append(_remembered(home, model, free_licence))
    # Those with a prompt first: what people come for.
    return sorted(
        found,
        key=lambda one: (bool(one.problem), _STANDING.get(one.standing, 3), not one.takes_prompts, -one.size_px),
    )


_lock = threading.Lock()
_known: dict[tuple[Path, str], tuple[object, Drawer]] = {}


def _remembered(home: Home, model: Model, free_licence: str) -> Drawer:
    """What was read of a finished folder is kept, while it stands as it did and its configs are those."""
    key = (model.folder, free_licence)
    state = (model.run.seal, model.standing, [_written(model.folder / name) for name in CONFIGS])
    with _lock:
        known = _known.get(key)
    if known is not None and known[0] == state and not known[1].problem:
        return known[1]
    found = _read(home, model, free_licence)
    with _lock:
        _known[key] = (state, found)
    return found


def _written(path: Path) -> tuple[int, int] | None:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size


def _read(home: Home, model: Model, free_licence: str) -> Drawer:
    size_px, multiple_px, steps, guidance, problem = 0, 1, 20, 2.0, model.doubt or ""
    try:
        home.fetched(model.folder)
        config = config_from_json(model.stage, (model.folder / TRAIN_CONFIG).read_text())
        if isinstance(config, DenoiserConfig):
            steps, guidance = config.sampling.sample_steps, config.sampling.guidance_scale
            size_px, multiple_px = _size_px(model.folder, config.multiple)
        elif isinstance(config, SuperResolutionConfig):
            steps = config.sample_steps
    except (OSError, ValueError, KeyError, TypeError, PdMlError) as error:
        problem = problem or f"{model.stage} {model.version} cannot be used: {' '.join(str(error).split())[:300]}"
    return Drawer(
        stage=model.stage,
        version=model.version,
        folder=model.folder,
        standing=model.standing,
        what=WHAT[model.stage],
        size_px=size_px,
        multiple_px=multiple_px,
        pictures=model.run.counts.get("pictures_trained_on"),
        times_shown=model.run.counts.get("images_seen"),
        dataset_version=model.run.dataset_version,
        steps=steps,
        guidance=guidance,
        takes_prompts=model.stage in PROMPTED,
        licence=_licence(home, model, free_licence),
        digest=model.run.digest,
        problem=problem,
    )


def _size_px(folder: Path, multiple: int) -> tuple[int, int]:
    """The side of the pictures that it draws, and what their sides are multiples of."""
    part = "transformer" if (folder / "transformer").is_dir() else "unet"
    side = int(json.loads((folder / part / "config.json").read_text())["sample_size"])
    vae = folder / "vae" / "config.json"
    factor = 2 ** (len(json.loads(vae.read_text())["block_out_channels"]) - 1) if vae.is_file() else 1
    return side * factor, multiple * factor


def _licence(home: Home, model: Model, free: str) -> str:
    """What its weights are under, by its ledger: texts under BY-SA hand their licence on. "" where none proves it."""
    ledgers = [source.ledger for source in model.sources]
    if not ledgers or any(ledger is None for ledger in ledgers):
        return ""
    shown = {
        one.name for ledger in ledgers if ledger for one in counts_of(home, ledger) if one.kind == "caption licence"
    }
    return BY_SA if BY_SA in shown else free


def chosen(found: Sequence[Drawer], called: str) -> Drawer:
    """The model that is called so: `unet_text`, `unet_text/0123`, `latest`, or "" for the first; ConfigError."""
    usable = [one for one in found if not one.problem]
    words = called.replace("/", " ").split()
    there = ", ".join(one.key for one in usable) or "none: make one with `pdd run train_models`"
    if not words or words == ["latest"]:
        meant = [one for one in usable if not one.is_enlarging]
    else:
        meant = [one for one in found if one.stage == words[0]]
        if len(words) > 1 and words[1] not in ("latest", "candidate"):
            meant = [one for one in meant if one.version.startswith(words[1])]
        elif len(words) > 1:
            meant = [one for one in meant if one.standing == words[1]]
    if not meant:
        raise ConfigError(f"no model here is called {called[:80]!r}; there are: {there}")
    if meant[0].problem:
        raise ConfigError(f"{meant[0].problem}; there are: {there}")
    return meant[0]


def of_wish(found: Sequence[Drawer], wish: Wish) -> Drawer:
    """The very model that a wish names; ConfigError where it is gone or cannot be used."""
    meant = [one for one in found if (one.stage, one.version) == (wish.stage, wish.version)]
    if not meant:
        raise ConfigError(f"{wish.stage} {wish.version} is not here any more; choose another model")
    if meant[0].problem:
        raise ConfigError(meant[0].problem)
    return meant[0]
