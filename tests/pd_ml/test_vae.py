"""The autoencoder: its arithmetic, its losses, what is exported and reported."""

import io
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from pd_ml.config import AdversarialConfig, VaeConfig, with_overrides
from pd_ml.data.latents import open_latents
from pd_ml.data.loader import open_split
from pd_ml.device import open_machine
from pd_ml.errors import ConfigError, DataError, Suspended
from pd_ml.models.clip import load_clip
from pd_ml.models.clip_distance import ClipDistance
from pd_ml.models.discriminator import (
    Discriminator,
    adaptive_weight,
    discriminator_loss,
    last_slopes,
    realness_for_generator,
)
from pd_ml.models.vae import (
    balance_channels,
    build_vae,
    divergence,
    load_vae,
    moments,
    most_likely,
    reconstructed,
    sampled,
)
from pd_ml.progress import Reporter
from pd_ml.provenance import read_run
from pd_ml.recipes import recipe
from pd_ml.training.gradients import Gradients
from pd_ml.training.stages import train
from pd_ml.training.stopping import Stopping
from pd_ml.training.task import whole
from pd_ml.training.vae_stage import Splits, VaeTask
from pd_ml.training.workshop import Job, identify
from tests import warm
from tests.pd_ml.command import TINY_VAE, run_here, settings
from tests.pd_ml.toy import CONFIG, stop_after

CPU = torch.device("cpu")
TINY = VaeConfig(image_size=16, channels=(8, 8, 16), norm_groups=4)

WITHOUT_US = """
import sys
sys.modules["pd_ml"] = None
import numpy, torch, diffusers
torch.set_num_threads(1)
vae = diffusers.AutoencoderKL.from_pretrained(sys.argv[1])
images = torch.from_numpy(numpy.load(sys.argv[2]))
with torch.no_grad():
    numpy.save(sys.argv[3], vae.decode(vae.encode(images).latent_dist.mode()).sample.numpy())
"""


def pictures(count: int, height: int = 16, width: int = 16) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1


def signal_to_noise(moments_BMhw: Tensor) -> Tensor:
    """Of each channel."""
    mean, log_variance = moments_BMhw.chunk(2, dim=1)
    return mean.std(dim=(0, 2, 3)) / (log_variance / 2).exp().mean(dim=(0, 2, 3))


def task(models: Path, dataset: Path, cache: Path, config: VaeConfig) -> VaeTask:
    train, validation, test = (
        open_split(dataset, split, image_size=16, cache=cache) for split in ("train", "validation", "test")
    )
    config = replace(config, training=replace(config.training, batch_size=8))
    return VaeTask(config, Splits(train=train, validation=validation, test=test), models / "clip", CPU)


@pytest.mark.parametrize(("size", "channels"), [(64, (8, 8, 8, 8)), (64, (8, 8)), (256, (8, 8, 8)), (512, (8,))])
def test_pictures_are_reduced_by_4_below_256_px_and_by_8_from_there(size: int, channels: tuple[int, ...]) -> None:
    expected = 4 if size < 256 else 8
    with pytest.raises(ConfigError, match=f"expected {expected} at image_size {size}"):
        VaeConfig(image_size=size, channels=channels, norm_groups=4)
    assert VaeConfig(image_size=size, channels=(8,) * (3 if size < 256 else 4), norm_groups=4).factor == expected


def test_every_impossible_field_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        VaeConfig(image_size=30, channels=(8, 8, 9), norm_groups=4, kl_reduction="max", reconstruction="l3")
    for words in ("image_size 30 is not a multiple of 4", "9 is not a multiple", "kl_reduction", "reconstruction"):
        assert words in str(caught.value)
    with pytest.raises(ConfigError, match="channels of the discriminator"):
        AdversarialConfig(channels=(12,))


def test_a_picture_whose_size_is_no_multiple_of_the_factor_is_a_named_error() -> None:
    with pytest.raises(DataError, match=r"18x16 px cannot be reduced by 4.*crop it to 16x16 px"):
        moments(build_vae(TINY), pictures(1, height=16, width=18))
    assert moments(build_vae(TINY), pictures(1, height=16, width=20)).shape == (1, 8, 4, 5)


def test_a_fresh_autoencoder_lets_as_much_through_as_it_is_given() -> None:
    torch.manual_seed(0)
    vae = build_vae(TINY)
    spreads: list[float] = []
    for part in (vae.encoder.mid_block, vae.decoder.conv_norm_out):
        part.register_forward_pre_hook(lambda _, given: spreads.append(float(given[0].std())))
    with torch.no_grad():
        vae.encode(torch.randn(16, 3, 16, 16))
        vae.decode(torch.randn(16, 4, 4, 4))
    assert len(spreads) == 2
    assert all(0.65 < spread < 1.5 for spread in spreads), spreads


def test_divergence_is_added_up_or_averaged_over_the_latents_of_a_picture() -> None:
    generator = torch.Generator().manual_seed(0)
    found = torch.randn(5, 8, 4, 4, generator=generator)
    mean, log_variance = found.chunk(2, dim=1)
    by_hand = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
    assert float(divergence(found, "sum")) == pytest.approx(float(by_hand.sum(dim=(1, 2, 3)).mean()), rel=1e-5)
    assert float(divergence(found, "mean")) == pytest.approx(float(by_hand.mean()), rel=1e-5)


def test_latents_are_drawn_with_the_mean_and_spread_that_the_moments_say() -> None:
    moments_BMhw = torch.cat([torch.full((4000, 1, 1, 1), 3.0), torch.full((4000, 1, 1, 1), -2.0)], dim=1)
    drawn = sampled(moments_BMhw, torch.randn(4000, 1, 1, 1, generator=torch.Generator().manual_seed(0)))
    assert float(drawn.mean()) == pytest.approx(3, abs=0.03)
    assert float(drawn.std()) == pytest.approx(float(np.exp(-1)), rel=0.05)


def test_balanced_channels_have_one_spread_and_decode_to_the_same_pictures() -> None:
    torch.manual_seed(0)
    vae = build_vae(TINY).eval()
    with torch.no_grad():
        vae.quant_conv.weight[0] *= 9
        vae.quant_conv.bias[1] += 2
        images = pictures(32)
        before, noise = moments(vae, images), torch.zeros(32, 4, 4, 4)
        decoded = vae.decode(sampled(before, noise)).sample
        balance_channels(vae, most_likely(before))
        after = moments(vae, images)
        assert torch.allclose(vae.decode(sampled(after, noise)).sample, decoded, atol=1e-4)
        spread = most_likely(after).std(dim=(0, 2, 3))
        assert torch.allclose(spread, spread.mean().expand(4), rtol=1e-3)
        assert float(most_likely(after).mean(dim=(0, 2, 3)).abs().max()) < 1e-4
        assert torch.allclose(signal_to_noise(before), signal_to_noise(after), rtol=1e-3)


def test_slices_decode_to_the_same_pictures_and_tiles_keep_a_large_picture_in_small_pieces(latent_models: Path) -> None:
    vae = load_vae(latent_models / "vae")
    with torch.no_grad():
        latents = most_likely(moments(vae, pictures(3)))
        plain = vae.decode(latents).sample
        vae.enable_slicing()
        assert torch.allclose(vae.decode(latents).sample, plain, atol=1e-6)
        vae.disable_slicing()
        seen: list[int] = []
        vae.decoder.register_forward_pre_hook(lambda decoder, given: seen.append(max(given[0].shape[-2:])))
        large = pictures(1, height=32, width=48)
        whole_picture = vae.decode(most_likely(moments(vae, large))).sample
        vae.enable_tiling()
        tiled = vae.decode(most_likely(moments(vae, large))).sample
    assert tiled.shape == whole_picture.shape == (1, 3, 32, 48)
    assert seen[0] == 12 and len(seen) > 4 and max(seen[1:]) == 4
    assert bool(torch.isfinite(tiled).all())


def test_the_critic_learns_from_its_own_loss_only_and_the_pictures_from_its_opinion_only() -> None:
    torch.manual_seed(0)
    critic, made = Discriminator((8, 16)), pictures(2).requires_grad_()
    realness_for_generator(critic, made).backward()
    assert made.grad is not None and float(made.grad.abs().sum()) > 0
    assert all(parameter.grad is None for parameter in critic.parameters())
    made.grad = None
    discriminator_loss(critic, pictures(2), made, r1_weight=1.0).backward()
    assert made.grad is None
    assert all(parameter.grad is not None for parameter in critic.parameters())


def test_the_critic_learns_to_tell_pictures_from_reconstructions_and_r1_keeps_it_flat() -> None:
    slopes = []
    for r1_weight in (0.0, 10.0):
        torch.manual_seed(0)
        critic = Discriminator((8, 16))
        optimizer = torch.optim.Adam(critic.parameters(), lr=0.01)
        real, made = pictures(8), pictures(8) * 0.5
        for _ in range(40):
            optimizer.zero_grad()
            discriminator_loss(critic, real, made, r1_weight=r1_weight).backward()
            optimizer.step()
        assert critic(real).mean().item() > critic(made).mean().item()
        real.requires_grad_()
        (slope,) = torch.autograd.grad(critic(real).mean(), real)
        slopes.append(float(slope.norm()))
    assert slopes[1] < slopes[0]


def test_the_adaptive_weight_makes_both_gradients_equally_long() -> None:
    layer = torch.nn.Parameter(torch.ones(3))
    reconstruction, adversarial = (layer * 4).sum(), (layer * 0.5).sum()
    assert float(adaptive_weight(last_slopes(reconstruction, adversarial, layer))) == pytest.approx(8, rel=1e-3)


@pytest.mark.parametrize(("step", "learns"), [(0, False), (4, False), (5, True), (9, True)])
def test_the_second_phase_begins_at_its_step(
    models: Path, dataset: Path, tmp_path: Path, step: int, learns: bool
) -> None:
    found = task(models, dataset, tmp_path, replace(TINY, adversarial=AdversarialConfig(start_step=5, channels=(8,))))
    found.loss(found.model, found.batch(step, whole(8)), step).backward()
    grads = [parameter.grad for name, parameter in found.model.named_parameters() if name.startswith("critic")]
    assert grads and all(grad is not None for grad in grads)
    assert any(float(grad.abs().sum()) > 0 for grad in grads if grad is not None) == learns


@pytest.mark.parametrize("micro_batch_size", [3, 4])
def test_a_batch_in_parts_weighs_the_critic_like_the_whole(
    models: Path, dataset: Path, tmp_path: Path, micro_batch_size: int
) -> None:
    adversarial = AdversarialConfig(start_step=2, channels=(8,))
    gradients = []
    for size in (0, micro_batch_size):
        found = task(models, dataset, tmp_path, replace(TINY, adversarial=adversarial))
        work = Gradients(found, found.model, open_machine(CONFIG), batch_size=8, micro_batch_size=size)
        work.add(3)
        gradients.append(torch.cat([one.grad.flatten() for one in found.model.parameters() if one.grad is not None]))
    assert torch.allclose(*gradients, rtol=1e-4, atol=1e-5)
    # Each part by itself would weigh it otherwise.
    found.model.zero_grad()
    for part in whole(8).parts(micro_batch_size):
        (found.loss(found.model, found.batch(3, part), 3) * (len(part) / 8)).backward()
    alone = torch.cat([one.grad.flatten() for one in found.model.parameters() if one.grad is not None])
    assert not torch.allclose(alone, gradients[0], rtol=1e-4, atol=1e-5)


def test_our_clip_sees_no_difference_in_equal_pictures_and_teaches_the_second_only(models: Path) -> None:
    distance = ClipDistance(load_clip(models / "clip"), CPU)
    left, right = pictures(2, 32, 32).requires_grad_(), (pictures(2, 32, 32) * 0.3).requires_grad_()
    assert float(distance.between(left, left)) == pytest.approx(0, abs=1e-5)
    distance.between(left, right).backward()
    assert left.grad is None
    assert right.grad is not None and float(right.grad.abs().sum()) > 0


@pytest.mark.parametrize("change", [{"reconstruction": "l1"}, {"kl_weight": 1e-3}, {"clip_weight": 1.0}])
def test_every_part_of_the_loss_counts(
    models: Path, dataset: Path, tmp_path: Path, change: dict[str, str | float]
) -> None:
    losses = []
    for config in (TINY, replace(TINY, **change)):  # type: ignore[arg-type]
        found = task(models, dataset, tmp_path, config)
        losses.append(float(found.loss(found.model, found.batch(0, whole(8)), 0).detach()))
    assert abs(losses[0] - losses[1]) > 1e-4


def test_plain_diffusers_opens_the_folder_and_gives_the_same_pictures(latent_models: Path, tmp_path: Path) -> None:
    images = pictures(1)
    np.save(tmp_path / "in.npy", images.numpy())
    command = [warm.program(), "-c", WITHOUT_US, latent_models / "vae", tmp_path / "in.npy", tmp_path / "out.npy"]
    subprocess.run([str(part) for part in command], cwd=tmp_path, check=True, capture_output=True)
    ours = reconstructed(load_vae(latent_models / "vae"), images).numpy()
    assert np.array_equal(np.load(tmp_path / "out.npy"), ours)


def test_the_scaling_factor_is_measured_on_our_latents(latent_models: Path) -> None:
    config = json.loads((latent_models / "vae" / "config.json").read_text())
    latents = open_latents(latent_models / "latents", "train")
    moments_NMhw = torch.from_numpy(latents.moments(range(len(latents))))
    drawn = sampled(moments_NMhw, torch.randn(64, 4, 4, 4, generator=torch.Generator().manual_seed(0)))
    assert config["scaling_factor"] not in (1.0, 0.18215)
    assert float(drawn.std()) * config["scaling_factor"] == pytest.approx(1, abs=0.05)


def test_the_report_sets_the_autoencoder_beside_trivial_ways_and_names_its_judge(latent_models: Path) -> None:
    report = json.loads((latent_models / "vae" / "reconstruction.json").read_text())
    assert report["n"] == 32
    assert report["measured_by"] == {"clip": read_run(latent_models / "clip").digest}
    for way in ("vae", "bicubic_1/4", "mean_picture"):
        assert {"psnr_db", "ssim", "high_frequency_ratio"} <= set(report[way])
        assert {"generated", "floor_real_vs_real", "p"} <= set(report[way]["mmd"])
        assert report[way]["mmd"]["floor_std"] > 0
    assert report["bicubic_1/4"]["psnr_db"] > report["mean_picture"]["psnr_db"]
    assert (latent_models / "vae" / "samples.png").stat().st_size > 1000
    metrics = read_run(latent_models / "vae").metrics
    assert {"validation_loss", "validation_psnr_db", "validation_ssim"} <= set(metrics)


def test_a_training_with_both_phases_that_was_stopped_ends_in_the_same_weights(
    latent_models: Path, dataset: Path, tmp_path: Path
) -> None:
    job = Job(
        stage="vae",
        config=with_overrides(recipe("vae", "debug"), TINY_VAE[1::2]),
        dataset=dataset,
        inputs={"clip": latent_models / "clip"},
        out=tmp_path / "vae",
        cache=tmp_path,
    )
    reporter = Reporter("vae", events=io.StringIO(), people=io.StringIO())
    with pytest.raises(Suspended, match="stopped at step 7 of 12"):
        train(job, identify(job), reporter, stop_after(7))
    found, undisturbed = train(job, identify(job), reporter, Stopping()), read_run(latent_models / "vae")
    assert (found.version, found.digest) == (undisturbed.version, undisturbed.digest)
    assert found.metrics["validation_loss"] == undisturbed.metrics["validation_loss"]


def test_more_steps_reconstruct_better(models: Path, dataset: Path, tmp_path: Path) -> None:
    base = ["train", "vae", "--recipe", "debug", "--dataset", dataset, "--input", f"clip={models / 'clip'}"]
    more = settings("training.steps=60", "learning_rate=0.003", "adversarial.start_step=null", "ema_decay=0.9")
    assert run_here(*base, "--out", tmp_path / "vae", *TINY_VAE, *more) == 0
    rows = [json.loads(line) for line in (tmp_path / "vae" / "metrics.jsonl").read_text().splitlines()]
    psnr = [row["validation_psnr_db"] for row in rows if "validation_psnr_db" in row]
    assert psnr[-1] > psnr[0] + 3
