import math

import pytest
import torch

from pd_ml.diffusion.flow import RectifiedFlow

DATA_STD = 0.5


def exact_velocity(x: torch.Tensor, sigma: float) -> torch.Tensor:
    """E[noise - data | x_sigma = x] for data ~ N(0, DATA_STD^2)."""
    variance = ((1 - sigma) * DATA_STD) ** 2 + sigma**2
    return x * (sigma - (1 - sigma) * DATA_STD**2) / variance


@pytest.mark.parametrize(("steps", "tolerance"), [(10, 0.03), (20, 0.03), (50, 0.03)])
def test_the_sampler_turns_noise_into_the_right_spread_given_the_exact_velocity(steps: int, tolerance: float) -> None:
    scheduler = RectifiedFlow().scheduler()
    scheduler.set_timesteps(steps)
    x = torch.randn(20_000, 1, 1, 1, generator=torch.Generator().manual_seed(0))
    for index, timestep in enumerate(scheduler.timesteps):
        x = scheduler.step(exact_velocity(x, float(scheduler.sigmas[index])), timestep, x).prev_sample
    assert float(x.std()) == pytest.approx(DATA_STD, rel=tolerance)


def test_noise_and_picture_are_the_ends_of_the_line() -> None:
    flow = RectifiedFlow()
    images, noise = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4)
    assert torch.equal(flow.noised(images, noise, torch.zeros(2)), images)
    assert torch.equal(flow.noised(images, noise, torch.ones(2)), noise)
    halfway = flow.noised(images, noise, torch.full((2,), 0.5))
    assert torch.allclose(halfway + 0.5 * flow.target(images, noise, torch.full((2,), 0.5)), noise, atol=1e-6)


def test_noise_levels_are_logit_normal() -> None:
    sigmas = RectifiedFlow().levels((torch.arange(4096) + 0.5) / 4096)
    logits = torch.logit(sigmas)
    assert float(logits.mean()) == pytest.approx(0, abs=0.01)
    assert float(logits.std()) == pytest.approx(1, abs=0.02)
    assert float(sigmas.min()) > 0 and float(sigmas.max()) < 1


def test_a_shift_moves_the_middle_towards_noise() -> None:
    shifted = RectifiedFlow(shift=3.0).levels((torch.arange(4096) + 0.5) / 4096)
    assert float(shifted.median()) == pytest.approx(3 * 0.5 / (1 + 2 * 0.5), abs=0.01)
    assert math.isclose(RectifiedFlow(shift=3.0).scheduler().config.flow_shift, 3.0)
