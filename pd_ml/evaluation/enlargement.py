"""What an upscaler makes of held-out pictures that were made small, beside what bicubic enlargement makes of them.

Shapes: N pictures, H height, W width, C channels (h, w: of the small pictures).
"""

import math
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from pd_ml.config import SuperResolutionConfig, config_from_json
from pd_ml.diffusion.enlarging import STAGE
from pd_ml.diffusion.upscale import enlarge, load_upscaler
from pd_ml.diffusion.upscale_pipeline import FACTOR
from pd_ml.evaluation.clip_space import ClipSpace
from pd_ml.evaluation.distribution import median_distance
from pd_ml.evaluation.grid import save_grid
from pd_ml.evaluation.paired import Estimate, estimate, pair_terms
from pd_ml.evaluation.reconstruction import fidelity, psnr_db, unit
from pd_ml.marks.marking import Marks
from pd_ml.provenance import TRAIN_CONFIG
from pd_ml.seeding import seed_of

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Enlargements:
    """The same pictures: as they were, bicubic, the model's expected (one step) and drawn ones."""

    real_NHWC: Pixels
    bicubic_NHWC: Pixels
    expected_NHWC: Pixels
    drawn_NHWC: Pixels


def crop_size_px(model: Path) -> tuple[int, int]:
    """The size that pictures are decoded at and that of their crops, as the upscaler was trained."""
    config = config_from_json(STAGE, (model / TRAIN_CONFIG).read_text())
    assert isinstance(config, SuperResolutionConfig)
    return config.image_size, config.crop_size


def enlargements(model: Path, real_NHWC: Pixels, device: torch.device, *, steps: int, seed: int) -> Enlargements:
    """Make pictures four times smaller by Pillow's bicubic filter and enlarge them again in each way."""
    pipeline, _ = load_upscaler(model, device)
    side = real_NHWC.shape[1]
    small_NhwC = resized(real_NHWC, side // FACTOR)
    return Enlargements(
        real_NHWC=real_NHWC,
        bicubic_NHWC=resized(small_NhwC, side),
        expected_NHWC=enlarge(pipeline, small_NhwC, steps=1, seed=seed),
        drawn_NHWC=enlarge(pipeline, small_NhwC, steps=steps, seed=seed),
    )


def measured(made: Enlargements, clip: ClipSpace, *, seed: int) -> dict[str, object]:
    """Fidelity and distance of each way, the gain in PSNR, and how much nearer than bicubic the drawn pictures are."""
    ways = {"expected": made.expected_NHWC, "drawn": made.drawn_NHWC, "bicubic": made.bicubic_NHWC}
    real_ND = clip.images(made.real_NHWC)
    width = median_distance(real_ND)
    terms = {name: pair_terms(clip.images(way), real_ND, width=width) for name, way in ways.items()}
    of_pairs = partial(estimate, seed=seed_of(seed, "pairs"))
    return {
        **{name: asdict(fidelity(way, made.real_NHWC)) for name, way in ways.items()},
        "gain_db": asdict(gain(made)),
        "paired_mmd": {name: asdict(of_pairs(term_NN)) for name, term_NN in terms.items()},
        "mmd_gain": asdict(of_pairs(terms["bicubic"] - terms["drawn"])),
        "mmd_kernel_width": width,
        "measured_by": clip.measured_by,
    }


def gain(made: Enlargements) -> Estimate:
    """PSNR of the expected picture over that of the bicubic one, picture by picture."""
    ours_N, theirs_N = (
        psnr_db(unit(way_NHWC), unit(made.real_NHWC)) for way_NHWC in (made.expected_NHWC, made.bicubic_NHWC)
    )
    gains_N = (ours_N - theirs_N).double()
    value, error = float(gains_N.mean()), float(gains_N.std() / math.sqrt(len(gains_N)))
    p = 0.5 * math.erfc(value / max(error, 1e-12) / math.sqrt(2))
    return Estimate(value=value, standard_error=error, p=p, n=len(gains_N))


def save_side_by_side(path: Path, made: Enlargements, count: int, marks: Marks) -> None:
    """Rows: bicubic, expected, drawn, original."""
    ways = {
        "bicubic": made.bicubic_NHWC,
        "expected": made.expected_NHWC,
        "drawn": made.drawn_NHWC,
        "original": made.real_NHWC,
    }
    shown = min(count, len(made.real_NHWC))
    names = [name for name in ways for _ in range(shown)]
    pixels_NHWC = np.concatenate([way[:shown] for way in ways.values()])
    save_grid(path, pixels_NHWC, names, texts={}, marks=marks.of_mixed(), columns=shown)


def resized(pixels_NHWC: Pixels, side: int) -> Pixels:
    """By Pillow's bicubic filter."""
    size = (side, side)
    return np.stack([np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BICUBIC)) for one in pixels_NHWC])
