"""The array of decoded pictures: made once, by one process, whole or not at all; without room pictures are streamed."""

import io
import logging
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pd_ml.data import shards
from pd_ml.data.buckets import bucket_batch, bucket_shapes, open_buckets
from pd_ml.data.cache import StreamedPixels
from pd_ml.data.loader import flips, open_split
from pd_ml.data.shards import ShardError
from tests import warm
from tests.conftest import ROOT
from tests.patience import PATIENCE_S
from tests.pd_ml.paintings import write_dataset

OPEN = (
    "import sys; from pathlib import Path; from pd_ml.data.loader import open_split; "
    "found = open_split(Path(sys.argv[1]), 'train', image_size=int(sys.argv[3]), cache=Path(sys.argv[2])); "
    "print(int(found.pixels(range(len(found))).sum()))"
)


KILLED_AT_THE_150TH = (
    "import itertools, os, signal; from pd_ml.data import cache; whole, count = cache.decode_row, itertools.count(1); "
    "cache.decode_row = lambda *row: os.kill(os.getpid(), signal.SIGKILL) if next(count) == 150 else whole(*row)"
)


def start(dataset: Path, cache: Path, image_size: int, program: str = OPEN) -> subprocess.Popen[str]:
    command = [warm.program(), "-c", program, str(dataset), str(cache), str(image_size)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def arrays(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.npy"))


def test_without_room_pictures_are_streamed_with_a_warning_and_are_the_same(
    dataset: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        streamed = open_split(dataset, "train", image_size=16, cache=tmp_path / "a", free=lambda folder: 1000)
    assert "49152 bytes are needed and 1000 are free" in caplog.text and "free some space" in caplog.text
    assert isinstance(streamed.array_NHWC, StreamedPixels) and arrays(tmp_path / "a") == []
    cached = open_split(dataset, "train", image_size=16, cache=tmp_path / "b")
    for indices in ([0], [63, 5, 5, 40], range(64)):
        assert np.array_equal(streamed.pixels(indices), cached.pixels(indices))
    few = cached.captioned().first(10)
    assert np.array_equal(streamed.captioned().first(10).pixels([9, 2]), few.pixels([9, 2]))


def test_a_disk_that_fills_up_while_the_array_is_written_costs_the_array_only(dataset: Path, tmp_path: Path) -> None:
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)); {OPEN}"
    command = [warm.program(), "-c", limited, str(dataset), str(tmp_path), "16"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "cannot be made (File too large)" in done.stderr
    assert [path for path in tmp_path.rglob("*") if "npy" in path.name and path.stat().st_size] == []
    whole = open_split(dataset, "train", image_size=16, cache=tmp_path)
    assert int(done.stdout) == int(whole.pixels(range(64)).sum())


@pytest.mark.parametrize("left", [0, 100, 4000])
def test_a_damaged_array_is_made_anew(dataset: Path, tmp_path: Path, left: int) -> None:
    whole = open_split(dataset, "train", image_size=16, cache=tmp_path).pixels(range(64))
    (path,) = arrays(tmp_path)
    path.write_bytes(path.read_bytes()[:left])
    assert np.array_equal(open_split(dataset, "train", image_size=16, cache=tmp_path).pixels(range(64)), whole)


def test_two_processes_make_one_array(dataset: Path, tmp_path: Path) -> None:
    both = [start(dataset, tmp_path, 64) for _ in range(2)]
    sums = [process.communicate(timeout=PATIENCE_S)[0] for process in both]
    assert sums[0] == sums[1] != ""
    assert len(arrays(tmp_path)) == 1
    assert list(tmp_path.rglob("*.partial-*")) == []


def test_a_killed_builder_leaves_no_array_and_the_next_one_makes_it(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "d", {"train": 300, "validation": 0, "test": 0})
    cache = tmp_path / "cache"
    # Killed at a known picture, so that it is at work however the processes take turns.
    process = start(dataset, cache, 256, f"{KILLED_AT_THE_150TH}; {OPEN}")
    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    assert arrays(cache) == [] and list(cache.rglob("*.npy.partial-*"))
    examples = open_split(dataset, "train", image_size=256, cache=cache)
    assert examples.pixels([299]).shape == (1, 256, 256, 3)
    assert list(cache.rglob("*.partial-*")) == []


def test_a_shard_that_was_altered_is_refused_when_it_is_read(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "d", {"train": 20, "validation": 0, "test": 0})
    open_split(dataset, "train", image_size=16, cache=tmp_path / "cache")
    path = dataset / shards.read_manifest(dataset).shards[0].path
    altered = bytearray(path.read_bytes())
    altered[len(altered) // 2] ^= 1
    path.write_bytes(altered)
    for cache in ("cache", "other"):
        with pytest.raises(ShardError, match=r"train-00000\.parquet has another SHA-256"):
            open_split(dataset, "train", image_size=16, cache=tmp_path / cache)
    with pytest.raises(ShardError, match="another SHA-256"):
        list(shards.read_batches(dataset, "train", ["caption"]))


def test_shards_are_read_through_once_and_again_only_when_touched(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "d", {"train": 20, "validation": 0, "test": 0})
    # The clock of files goes in steps.
    time.sleep(2 * shards.TIME_STEP_NS / 1e9)
    shards.verify_once(dataset, cache=tmp_path / "cache")
    (record,) = (tmp_path / "cache").glob("*-verified.json")
    noted = record.stat().st_mtime_ns
    shards.verify_once(dataset, cache=tmp_path / "cache")
    assert record.stat().st_mtime_ns == noted
    path = dataset / shards.read_manifest(dataset).shards[0].path
    path.touch()
    time.sleep(2 * shards.TIME_STEP_NS / 1e9)
    shards.verify_once(dataset, cache=tmp_path / "cache")
    assert record.stat().st_mtime_ns > noted


def test_more_threads_decode_the_same_pictures(dataset: Path, tmp_path: Path) -> None:
    one, four = [
        open_split(dataset, "train", image_size=32, cache=tmp_path / str(workers), workers=workers)
        for workers in (1, 4)
    ]
    assert np.array_equal(one.pixels(range(64)), four.pixels(range(64)))


def test_flips_are_off_unless_asked_for_and_depend_on_seed_and_step(dataset: Path, tmp_path: Path) -> None:
    examples = open_split(dataset, "train", image_size=16, cache=tmp_path)
    chosen = flips(0, 3, range(64))
    assert 16 < chosen.sum() < 48
    assert np.array_equal(chosen, flips(0, 3, range(64)))
    assert not np.array_equal(chosen, flips(0, 4, range(64)))
    plain, flipped = examples.pixels(range(64)), examples.pixels(range(64), flipped=chosen)
    assert np.array_equal(flipped[~chosen], plain[~chosen])
    assert np.array_equal(flipped[chosen][:, :, ::-1], plain[chosen])


# --- aspect buckets --------------------------------------------------------------------------------------------------


def test_shapes_have_the_area_of_the_square_and_sides_that_can_be_halved() -> None:
    for size in (64, 256, 512):
        shapes = bucket_shapes(size)
        assert (size, size) in shapes and len(shapes) >= 5
        assert all(width % 8 == height % 8 == 0 for width, height in shapes)
        assert all(0.7 * size * size <= width * height <= size * size for width, height in shapes)
        assert {(height, width) for width, height in shapes} == set(shapes)


def test_pictures_of_one_shape_fill_one_bucket(dataset: Path, tmp_path: Path) -> None:
    buckets = open_buckets(dataset, "train", image_size=64, cache=tmp_path)
    assert buckets.shapes == ((64, 64),)
    square = open_split(dataset, "train", image_size=64, cache=tmp_path)
    assert np.array_equal(buckets.examples[0].pixels(range(64)), square.pixels(range(64)))
    assert buckets.captioned().examples[0].captions == square.captions


def test_batches_of_buckets_depend_on_seed_and_step_and_show_every_example() -> None:
    counts = (40, 0, 8, 24)
    steps = [bucket_batch(7, step, 8, counts) for step in range(2 * 9)]
    again = bucket_batch(7, 11, 8, counts)
    assert again[0] == steps[11][0] and np.array_equal(again[1], steps[11][1])
    for epoch in (steps[:9], steps[9:]):
        for bucket, count in enumerate(counts):
            seen = [int(one) for number, indices in epoch if number == bucket for one in indices]
            assert sorted(seen) == list(range(count))


def test_a_bucket_of_too_few_pictures_joins_the_nearest(tmp_path: Path) -> None:
    dataset = mixed_shapes(tmp_path / "d")
    apart = open_buckets(dataset, "train", image_size=32, cache=tmp_path / "cache")
    assert {shape: len(one) for shape, one in zip(apart.shapes, apart.examples, strict=True)} == {
        (32, 32): 20,
        (40, 24): 3,
    }
    assert apart.examples[apart.shapes.index((40, 24))].pixels([0, 1, 2]).shape == (3, 24, 40, 3)
    joined = open_buckets(dataset, "train", image_size=32, cache=tmp_path / "cache", least=4)
    assert [len(one) for one in joined.examples] == [23]


def mixed_shapes(folder: Path) -> Path:
    """20 squares and 3 pictures of 5:3."""
    rows = []
    for number in range(23):
        size = (60, 36) if number >= 20 else (48, 48)
        buffer = io.BytesIO()
        Image.new("RGB", size, (number, 0, 0)).save(buffer, "PNG")
        texts = {"caption": "a", "captions": ["a"], "item_id": f"commons:M{number}"}
        rows.append({"image": buffer.getvalue(), "width": size[0], "height": size[1], **texts})
    infos = tuple(shards.write_shards(rows, folder, "train"))
    counts = {"train": 23, "validation": 0, "test": 0}
    manifest = shards.Manifest(name="m", version="1", digest=shards.digest_of(infos), shards=infos, counts=counts)
    shards.write_manifest(folder, manifest)
    return folder
