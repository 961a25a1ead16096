from pathlib import Path

import numpy as np
from PIL import Image

from pd_ml.evaluation.curve import save_loss_curve
from pd_ml.evaluation.grid import prompt_grid, save_grid
from pd_ml.marks.marking import preview_marks


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)


def test_the_sheet_shows_each_picture_and_text_below_it() -> None:
    pixels = np.full((2, 16, 16, 3), (200, 0, 0), dtype=np.uint8)
    sheet = np.asarray(prompt_grid(pixels, ["a red square", "another"], tile_px=64))
    red = (sheet == (200, 0, 0)).all(-1)
    dark = (sheet < 60).all(-1)
    assert red.sum() == 2 * 64 * 64
    assert dark.sum() > 50
    assert np.nonzero(dark.any(1))[0].min() > np.nonzero(red.any(1))[0].max()


def test_the_file_keeps_its_limit_and_says_where_it_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    prompts = [f"prompt {number}" for number in range(24)]
    save_grid(path, noise(24), prompts, texts={"pd_model_version": "é1"}, marks=preview_marks("unet"))
    assert path.stat().st_size <= 1_000_000
    with Image.open(path) as image:
        assert image.text["pd_model_version"] == "é1"


def test_any_prompt_can_be_written() -> None:
    prompts = ["", "word " * 200, "x" * 1000, "漢字 שלום 🖼️", "line\nbreak"]
    assert prompt_grid(noise(5), prompts, tile_px=64).width > 64


def test_a_loss_curve_is_small_and_the_same_every_time(tmp_path: Path) -> None:
    rows = [{"step": step, "train_loss": 1 / (1 + step)} for step in range(0, 400, 10)] + [
        {"step": 0, "validation_loss": 2}
    ]
    save_loss_curve(tmp_path / "a.png", rows, title="a run")
    save_loss_curve(tmp_path / "b.png", rows, title="a run")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert 3_000 < (tmp_path / "a.png").stat().st_size < 60_000
