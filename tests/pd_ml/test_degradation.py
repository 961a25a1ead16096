import io

import numpy as np
import torch
from PIL import Image

from pd_ml.data.pixels import to_unit
from pd_ml.training.degradation import DRAWS, degraded, reduced
from tests.pd_ml.paintings import paint

CPU = torch.device("cpu")


def pictures(count: int) -> np.ndarray:
    return np.stack([np.asarray(Image.open(io.BytesIO(paint(number).jpeg))) for number in range(count)])


def numbers(**changed: float) -> torch.Tensor:
    """Blur, filter, noise, JPEG and its quality for one picture that is degraded; nothing happens but resizing."""
    names = ("chosen", "blur", "kind", "noise", "jpeg", "quality")
    calm = {"chosen": 0.0, "blur": 0.0, "kind": 0.0, "noise": 0.0, "jpeg": 0.99, "quality": 0.99}
    assert len(names) == DRAWS
    return torch.tensor([[{**calm, **changed}[name] for name in names]])


def test_resizing_alone_is_pillows_bicubic_filter() -> None:
    large = pictures(4)
    ours = ((reduced(to_unit(large, CPU)) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    theirs = np.stack([np.asarray(Image.fromarray(one).resize((16, 16), Image.Resampling.BICUBIC)) for one in large])
    assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1


def test_each_degradation_moves_the_small_picture_and_a_picture_that_is_spared_is_only_resized() -> None:
    large = to_unit(pictures(1), CPU)
    noise = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    plain = reduced(large)
    assert torch.equal(degraded(large, numbers(), noise, share=0.5), plain)
    assert torch.equal(degraded(large, numbers(chosen=0.6, blur=1, noise=1, jpeg=0), noise, share=0.5), plain)
    for change in ({"blur": 0.9}, {"kind": 0.4}, {"kind": 0.9}, {"noise": 0.9}, {"jpeg": 0.0, "quality": 0.0}):
        found = degraded(large, numbers(**change), noise, share=0.5)
        assert 0.002 < float((found - plain).abs().mean()) < 0.3, change
        steps = (found + 1) * 127.5
        assert torch.allclose(steps, steps.round(), atol=1e-3), "a small picture has bytes"


def test_blur_takes_away_detail_and_noise_adds_it() -> None:
    large = to_unit(pictures(1), CPU)
    noise = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))

    def detail(small: torch.Tensor) -> float:
        return float(small.diff(dim=-1).square().mean())

    plain = detail(reduced(large))
    assert detail(degraded(large, numbers(blur=0.99), noise, share=1)) < 0.95 * plain
    assert detail(degraded(large, numbers(noise=0.99), noise, share=1)) > 1.05 * plain
