"""Each objective with the scheduler that ships with it: given exact predictions, and learnt from nothing."""

import pytest
import torch
from diffusers import DDPMPipeline, UNet2DModel
from torch import Tensor

from pd_ml.config import SamplingConfig, UnetConfig
from pd_ml.diffusion.objective import Noised, Objective, denoising_loss, objective_of
from pd_ml.diffusion.sampling import draw_unprompted
from pd_ml.diffusion.variance_preserving import VariancePreserving

OBJECTIVES = ("flow", "picture", "v_prediction", "epsilon")
MEAN, STD = 0.3, 0.25


def objective(name: str, **changes: float) -> Objective:
    return objective_of(UnetConfig(objective=name, **changes))


def exact_prediction(objective: Objective, x: Tensor, level: Tensor) -> Tensor:
    """The prediction with the least squared error for pictures ~ N(MEAN, STD^2): linear in x."""
    ones, none = torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 1)
    alpha, sigma = objective.noised(ones, none, level), objective.noised(none, ones, level)
    picture = MEAN + alpha * STD**2 / (alpha**2 * STD**2 + sigma**2) * (x - alpha * MEAN)
    noise = sigma / (alpha**2 * STD**2 + sigma**2) * (x - alpha * MEAN)
    return objective.target(picture, noise, level)


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize(("steps", "tolerance"), [(20, 0.2), (50, 0.05), (250, 0.02)])
def test_exact_predictions_are_sampled_to_the_right_mean_and_spread(name: str, steps: int, tolerance: float) -> None:
    chosen = objective(name)
    scheduler = chosen.scheduler()
    scheduler.set_timesteps(steps)
    x = torch.randn(20_000, 1, 1, 1, generator=torch.Generator().manual_seed(0))
    for index, timestep in enumerate(scheduler.timesteps):
        level = scheduler.sigmas[index : index + 1] if name in ("flow", "picture") else timestep[None]
        x = scheduler.step(exact_prediction(chosen, x, level), timestep, x).prev_sample
    assert float(x.mean()) == pytest.approx(MEAN, abs=0.01)
    assert float(x.std()) == pytest.approx(STD, rel=tolerance)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_mixing_and_target_determine_the_picture(name: str) -> None:
    chosen, generator = objective(name), torch.Generator().manual_seed(0)
    images, noise = torch.randn(64, 3, 4, 4, generator=generator), torch.randn(64, 3, 4, 4, generator=generator)
    levels = chosen.levels(torch.linspace(0.05, 0.7, 64))
    mixed, target = chosen.noised(images, noise, levels), chosen.target(images, noise, levels)
    scale = levels[:, None, None, None]
    ones = torch.ones_like(images)
    alpha, sigma = chosen.noised(ones, ones * 0, levels), chosen.noised(ones * 0, ones, levels)
    found = {
        "flow": mixed - scale * target,
        "picture": target,
        "v_prediction": alpha * mixed - sigma * target,
        "epsilon": (mixed - sigma * target) / alpha,
    }[name]
    assert torch.allclose(found, images, atol=1e-3)


def test_only_the_prior_systems_noise_prediction_leaves_some_picture_in_the_last_step() -> None:
    last, ones = torch.tensor([0.9999999]), torch.ones(1, 1, 1, 1)
    left = {name: float(objective(name).noised(ones, ones * 0, objective(name).levels(last))) for name in OBJECTIVES}
    assert left["v_prediction"] == 0
    assert left["flow"] < 0.01
    # The linear schedule of 2006.11239: sqrt of the product of 1 - beta.
    assert left["epsilon"] == pytest.approx(0.00635, abs=1e-4)


def test_min_snr_limits_the_easy_steps_and_keeps_the_last_one() -> None:
    chosen = objective("v_prediction", snr_gamma=5.0)
    weights = chosen.weights(torch.tensor([0, 100, 600, 999]))
    assert weights[0] < 0.01 < weights[1] < 1
    assert weights[2] == weights[3] == 1
    assert torch.equal(objective("epsilon").weights(torch.tensor([0, 999])), torch.ones(2))


def test_levels_are_uniform_timesteps() -> None:
    levels = objective("epsilon").levels((torch.arange(4000) + 0.5) / 4000)
    assert torch.equal(levels.bincount(), torch.full((1000,), 4))
    assert int(objective("epsilon").levels(torch.tensor([1.0]))) == 999


def flat_pictures(count: int, generator: torch.Generator, *, dark_share: float) -> Tensor:
    """4 px pictures of one colour: dark with some probability, else bright."""
    dark = torch.rand(count, 1, 1, 1, generator=generator) < dark_share
    level = torch.where(dark, -0.8, 0.4) + 0.05 * torch.randn(count, 1, 1, 1, generator=generator)
    return level.expand(count, 3, 4, 4)


def learnt(objective: Objective, *, steps: int, dark_share: float) -> UNet2DModel:
    """A tiny denoiser that has seen `steps` batches of flat pictures."""
    torch.manual_seed(0)
    unet = UNet2DModel(
        sample_size=4,
        block_out_channels=(24,),
        layers_per_block=1,
        down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",),
        norm_num_groups=8,
        add_attention=False,
    )
    optimizer = torch.optim.AdamW(unet.parameters(), lr=2e-3, fused=True)
    generator = torch.Generator().manual_seed(1)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 2e-3 * min(1, (steps - step) / (steps / 2))
        images = flat_pictures(64, generator, dark_share=dark_share)
        quantiles = (torch.arange(64) + torch.rand(64, generator=generator)) / 64
        noise = torch.randn(images.shape, generator=generator)
        batch = Noised(images_BCHW=images, noise_BCHW=noise, levels_B=objective.levels(quantiles))
        denoising_loss(objective, batch, lambda mixed, times: unet(mixed, times).sample).backward()
        optimizer.step()
        optimizer.zero_grad()
    return unet.eval()


def brightness(objective: Objective, unet: UNet2DModel) -> Tensor:
    """The mean of each of 128 pictures that diffusers' own pipeline draws in 30 steps, from -1 to 1."""
    pipeline = DDPMPipeline(unet=unet, scheduler=objective.scheduler())
    pipeline.set_progress_bar_config(disable=True)
    drawn = draw_unprompted(pipeline, range(128), SamplingConfig(sample_steps=30), seed=0)
    return torch.from_numpy(drawn).float().mean(dim=(1, 2, 3)) / 127.5 - 1


# Noise prediction cannot tell brightness from the noise of its last step: the flaw that the other two do not have.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("flow", 0.12),
        pytest.param("picture", 0.12, marks=pytest.mark.extended),
        pytest.param("v_prediction", 0.12, marks=pytest.mark.extended),
        pytest.param("epsilon", 0.3, marks=pytest.mark.extended),
    ],
)
def test_a_denoiser_learns_two_kinds_of_pictures_and_draws_both_in_their_proportion(
    name: str, tolerance: float
) -> None:
    chosen = objective(name)
    means = brightness(chosen, learnt(chosen, steps=240, dark_share=0.25))
    dark = means < -0.2
    assert float(dark.float().mean()) == pytest.approx(0.25, abs=0.12)
    assert float(means[dark].mean()) == pytest.approx(-0.8, abs=tolerance)
    assert float(means[~dark].mean()) == pytest.approx(0.4, abs=tolerance)


@pytest.mark.extended
@pytest.mark.slow
def test_zero_terminal_snr_draws_pictures_as_dark_as_those_it_learnt_from() -> None:
    chosen = objective("v_prediction")
    means = brightness(chosen, learnt(chosen, steps=120, dark_share=1.0))
    assert float(means.mean()) == pytest.approx(-0.8, abs=0.05)
    assert float(means.std()) < 0.15
    assert isinstance(chosen, VariancePreserving) and chosen.zero_terminal_snr
