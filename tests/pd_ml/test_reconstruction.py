import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from pd_ml.data.loader import Pixels, decode_square
from pd_ml.evaluation.reconstruction import fidelity, psnr_db, reduced_and_enlarged, ssim, to_bytes
from tests.pd_ml.paintings import paint


@pytest.fixture(scope="module")
def pictures() -> Pixels:
    return np.stack([decode_square(paint(number).jpeg, 32, name="x") for number in range(12)])


def test_equal_pictures_are_right_in_every_measure(pictures: Pixels) -> None:
    found = fidelity(pictures, pictures)
    assert (found.psnr_db, found.n) == (100.0, 12)
    assert found.ssim == pytest.approx(1, abs=1e-5)
    assert found.high_frequency_ratio == pytest.approx(1)


def test_psnr_is_that_of_a_known_error() -> None:
    grey = torch.full((1, 3, 8, 8), 0.5)
    assert float(psnr_db(grey + 0.1, grey)) == pytest.approx(20, abs=1e-4)
    assert float(psnr_db(grey + 1 / 255, grey)) == pytest.approx(48.13, abs=0.01)


def test_ssim_of_two_flat_pictures_is_their_luminance_term() -> None:
    left, right = torch.full((1, 1, 16, 16), 0.4), torch.full((1, 1, 16, 16), 0.6)
    expected = (2 * 0.4 * 0.6 + 1e-4) / (0.4**2 + 0.6**2 + 1e-4)
    assert float(ssim(left, right)) == pytest.approx(expected, abs=1e-4)


def test_ssim_of_an_inverted_picture_is_negative_and_small_pictures_have_one(pictures: Pixels) -> None:
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    checkers = (torch.arange(16)[:, None] + torch.arange(16)[None]).remainder(2).float()[None, None]
    assert float(ssim(1 - checkers, checkers)) < -0.9
    assert float(ssim(images[..., :6, :6], images[..., :6, :6]).mean()) == pytest.approx(1, abs=1e-5)


def test_blur_has_too_little_fine_detail_and_noise_too_much(pictures: Pixels) -> None:
    blurred = np.stack([np.asarray(Image.fromarray(one).filter(ImageFilter.GaussianBlur(1))) for one in pictures])
    noise = np.random.default_rng(0).normal(0, 12, pictures.shape)
    noisy = np.clip(pictures + noise, 0, 255).astype(np.uint8)
    assert fidelity(blurred, pictures).high_frequency_ratio < 0.3
    assert fidelity(noisy, pictures).high_frequency_ratio > 1.2


def test_what_is_stored_smaller_loses_more_the_smaller_it_is(pictures: Pixels) -> None:
    half, quarter = (fidelity(reduced_and_enlarged(pictures, factor), pictures) for factor in (2, 4))
    assert half.psnr_db > quarter.psnr_db > 15
    assert half.ssim > quarter.ssim


def test_bytes_are_rounded_and_kept_in_range() -> None:
    values = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]).reshape(1, 1, 1, 5).expand(1, 3, 1, 5)
    assert to_bytes(values)[0, 0, :, 0].tolist() == [0, 0, 128, 255, 255]
