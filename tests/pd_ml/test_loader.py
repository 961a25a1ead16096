import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pd_ml.data.decode import decode_square
from pd_ml.data.loader import batch_indices, caption_choice, first_captions, open_split, require_examples
from pd_ml.errors import DataError
from tests.pd_ml.paintings import write_dataset


def encoded(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def test_pictures_are_decoded_once_and_nothing_is_written_into_the_dataset(dataset: Path, tmp_path: Path) -> None:
    before = sorted(dataset.rglob("*"))
    first = open_split(dataset, "train", image_size=16, cache=tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")}
    second = open_split(dataset, "train", image_size=16, cache=tmp_path)
    assert len(first) == 64
    assert np.array_equal(first.pixels(range(64)), second.pixels(range(64)))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")} == stamps
    assert sorted(dataset.rglob("*")) == before


def test_another_size_has_another_cache(dataset: Path, tmp_path: Path) -> None:
    assert open_split(dataset, "test", image_size=16, cache=tmp_path).pixels([0]).shape == (1, 16, 16, 3)
    assert open_split(dataset, "test", image_size=32, cache=tmp_path).pixels([0]).shape == (1, 32, 32, 3)
    assert len(list(tmp_path.rglob("*.npy"))) == 2


def test_examples_keep_the_captions_of_their_pictures(dataset: Path, tmp_path: Path) -> None:
    examples = open_split(dataset, "validation", image_size=16, cache=tmp_path)
    assert examples.item_ids[0] == "commons:M64"
    assert all(len(captions) == 3 for captions in examples.captions)
    assert first_captions(dataset, "validation") == [several[0] for several in examples.captions]


def test_pictures_without_a_caption_are_left_out(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "d", {"train": 10, "validation": 2, "test": 2}, without_caption=2)
    examples = open_split(dataset, "train", image_size=16, cache=tmp_path / "cache")
    captioned = examples.captioned()
    assert (len(examples), len(captioned), captioned.item_ids[0]) == (10, 8, "commons:M2")
    assert np.array_equal(captioned.pixels([0]), examples.pixels([2]))


def test_a_split_without_pictures_is_empty(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "d", {"train": 4, "validation": 0, "test": 0})
    assert len(open_split(dataset, "validation", image_size=16, cache=tmp_path / "cache")) == 0


def test_too_few_examples_are_named(dataset: Path, tmp_path: Path) -> None:
    examples = open_split(dataset, "test", image_size=16, cache=tmp_path)
    assert require_examples(examples, 16) is examples
    with pytest.raises(DataError, match="16 examples in split test, expected at least a batch of 17"):
        require_examples(examples, 17)


@given(seed=st.integers(0, 2**31), count=st.integers(1, 50), batch=st.integers(1, 60))
@settings(max_examples=60)
def test_every_epoch_shows_every_example_once(seed: int, count: int, batch: int) -> None:
    steps = -(-2 * count // batch)
    stream = np.concatenate([batch_indices(seed, step, batch, count) for step in range(steps)])
    assert sorted(stream[:count]) == list(range(count))
    assert sorted(stream[count : 2 * count]) == list(range(count))


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    late = batch_indices(3, 1000, 8, 64)
    assert np.array_equal(late, batch_indices(3, 1000, 8, 64))
    assert not np.array_equal(late, batch_indices(4, 1000, 8, 64))
    # A number from the first day: another order would change every finished model.
    assert batch_indices(0, 0, 8, 64).tolist() == [44, 16, 6, 7, 45, 13, 46, 35]


def test_captions_take_turns() -> None:
    chosen = {caption_choice(0, step, 5, 3) for step in range(40)}
    assert chosen == {0, 1, 2}


@pytest.mark.parametrize(
    ("size", "mode", "kind"), [((40, 90), "RGB", "JPEG"), ((90, 40), "L", "PNG"), ((16, 16), "RGBA", "PNG")]
)
def test_pictures_of_any_shape_and_mode_become_colour_squares(size: tuple[int, int], mode: str, kind: str) -> None:
    pixels_HWC = decode_square(encoded(Image.new(mode, size, "white"), kind), 16, name="x")
    assert pixels_HWC.shape == (16, 16, 3)
    assert pixels_HWC.min() > 250


def test_the_centre_is_kept() -> None:
    image = Image.new("RGB", (300, 100), "black")
    image.paste("white", (100, 0, 200, 100))
    assert decode_square(encoded(image, "PNG"), 16, name="x").min() > 250


def test_a_truncated_picture_is_named() -> None:
    whole = encoded(Image.effect_noise((64, 64), 90).convert("RGB"), "JPEG")
    with pytest.raises(DataError, match="commons:M7: picture cannot be decoded"):
        decode_square(whole[: len(whole) // 2], 16, name="commons:M7")
    with pytest.raises(DataError, match="cannot be decoded"):
        decode_square(b"no picture", 16, name="x")
