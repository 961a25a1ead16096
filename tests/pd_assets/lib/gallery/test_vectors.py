"""What looks alike, by vectors of our CLIP."""

import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pd_assets.lib.child import LOWEST_PRIORITY, ChildFailed, run_pd_ml
from pd_assets.lib.errors import PdError
from pd_assets.lib.gallery.vectors import Maker, Started, Vectors, is_missing, load_vectors
from pd_assets.lib.home import Home, open_home
from tests.patience import until
from tests.pd_assets.lib.gallery.planted import vectors_of


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path)


@settings(max_examples=30)
@given(seed=st.integers(0, 1_000), count=st.integers(1, 5_000), k=st.integers(1, 50))
def test_the_nearest_are_those_of_comparing_with_every_picture(seed: int, count: int, k: int) -> None:
    random = np.random.default_rng(seed)
    found = random.standard_normal((count, 16))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    stored = found.astype(np.float16)
    # What is too small for a normal float16 counts too.
    stored[0, 0] = np.float16(3e-7)
    splits = np.array(["train", "test"])[random.integers(0, 2, count)]
    vectors = Vectors(stored, pa.array([str(at) for at in range(count)]), splits, {})
    asked = random.standard_normal(16)
    for split in ("train", None):
        told = vectors.nearest(asked, k, split=split)
        cosines = stored.astype(np.float64) @ (asked / np.linalg.norm(asked))
        here = np.flatnonzero(splits == split) if split else np.arange(count)
        expected = np.sort(1 - cosines[here])[:k]
        assert len(told) == min(k, len(here))
        np.testing.assert_allclose([distance for _, distance in told], np.maximum(expected, 0), atol=1e-5)
        np.testing.assert_allclose([1 - cosines[int(name)] for name, _ in told], expected, atol=1e-5)


def test_a_picture_is_nearest_to_itself_and_held_out_ones_are_left_out_where_asked(home: Home) -> None:
    vectors_of(home, list(range(10)))
    found = load_vectors(home)
    assert found is not None
    vector = found.of("commons:M4")
    assert vector is not None and found.of("commons:M99") is None
    assert found.nearest(vector, 3, split=None)[0][0] == "commons:M4"
    nearest = found.nearest(vector, 20)
    assert {name for name, _ in nearest[:2]} == {"commons:M3", "commons:M5"} and len(nearest) == 8
    assert found.held_out["count"] == 1 and found.clip_version == "c1"


@pytest.mark.parametrize("vector", [[1.0] * 7, [0.0] * 8, [float("nan")] * 8, [float("inf")] * 8])
def test_a_vector_of_another_model_is_refused(home: Home, vector: list[float]) -> None:
    vectors_of(home, [1, 2])
    found = load_vectors(home)
    assert found is not None
    with pytest.raises(PdError, match="expected one of 8"):
        found.nearest(vector, 1)


def test_without_a_clip_a_dataset_or_a_finished_folder_there_are_none(home: Home) -> None:
    assert load_vectors(home) is None and not is_missing(home)
    folder = vectors_of(home, [1, 2])
    assert not is_missing(home)
    (folder / "told.json").unlink()
    assert load_vectors(home) is None and is_missing(home)


def test_vectors_of_another_dataset_that_is_still_here_serve_meanwhile_and_not_after_a_purge(home: Home) -> None:
    vectors_of(home, [1, 2])
    home.dataset("main", "d2").mkdir()
    home.point("dataset", "main", "latest", "d2")
    found = load_vectors(home)
    assert found is not None and found.told["dataset_version"] == "d1" and is_missing(home)
    home.dataset("main", "d1").rmdir()
    assert load_vectors(home) is None


def test_of_a_dataset_that_is_asked_for_no_other_serves_and_it_is_said_why_there_are_none(home: Home) -> None:
    said = Maker(home).why_none("d1")
    assert said == "No CLIP is here that could tell."
    vectors_of(home, [1, 2])
    home.dataset("main", "d2").mkdir()
    home.point("dataset", "main", "latest", "d2")
    found = load_vectors(home, dataset_version="d1")
    assert found is not None and found.told["dataset_version"] == "d1"
    assert load_vectors(home, dataset_version="d2") is None and load_vectors(home, dataset_version="2") is None
    tried: list[Home] = []
    maker = Maker(home, making=lambda home, started: tried.append(home))
    assert "learnt from dataset d0, and the dataset here is d2" in maker.why_none("d0") and not tried
    maker.why_none("d2")
    until(lambda: not maker.is_making)
    assert tried == [home] and "could not be made" in maker.why_none("d2")
    (home.root / "dataset" / "main" / "latest").unlink()
    assert "no dataset is here now" in maker.why_none("d1"), "as after a purge: nothing is being made"


@pytest.mark.parametrize("name", ["vectors.npy", "items.parquet", "told.json"])
def test_a_damaged_folder_is_removed_so_that_it_is_made_anew(home: Home, name: str) -> None:
    folder = vectors_of(home, [1, 2])
    (folder / name).write_bytes((folder / name).read_bytes()[:-9])
    assert load_vectors(home) is None
    assert is_missing(home)


def test_they_are_made_once_and_a_failure_is_told_and_not_tried_again_and_again(home: Home) -> None:
    folder = vectors_of(home, [1, 2])
    (folder / "told.json").unlink()
    tried: list[Home] = []

    def fails(home: Home, started: Started) -> None:
        tried.append(home)
        raise ChildFailed("pd_ml embed failed: no weights")

    maker = Maker(home, making=fails)
    maker.begin()
    until(lambda: maker.problem)
    maker.begin()
    assert maker.problem == "pd_ml embed failed: no weights" and len(tried) == 1
    vectors_of(home, [1, 2], clip="c2")
    maker.begin()
    assert len(tried) == 1


def reading(home: Home, started: Started) -> None:
    """A child that says how far it is, for ever."""
    script = (
        "import os, sys, time, pathlib\n"
        "print('1 of 100', file=sys.stderr, flush=True)\n"
        "pathlib.Path(sys.argv[1]).write_text(f'{os.getpid()} {os.getpriority(os.PRIO_PROCESS, 0)}')\n"
        "time.sleep(600)"
    )
    run_pd_ml(
        [str(home.root / "child")], lambda event: None, in_background=started,
        command=lambda: (sys.executable, "-c", script),
    )  # fmt: skip


def test_the_child_has_the_lowest_priority_says_nothing_here_and_ends_with_its_maker(
    home: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    (vectors_of(home, [1, 2]) / "told.json").unlink()
    maker = Maker(home, making=reading)
    maker.begin()
    until(lambda: len((home.root / "child").read_text().split()) == 2 if (home.root / "child").is_file() else False)
    pid, priority = map(int, (home.root / "child").read_text().split())
    assert priority == LOWEST_PRIORITY
    maker.close()
    assert not maker.is_making and maker.problem == ""
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert capfd.readouterr() == ("", "")
    maker.begin()
    assert not maker.is_making, "a site that ends begins nothing"


def test_a_child_in_the_background_that_fails_says_its_last_words() -> None:
    fails = (sys.executable, "-c", "import sys; print('a bar', file=sys.stderr); sys.exit('no memory left')")
    with pytest.raises(ChildFailed, match=r"failed \(exit 1\); no memory left"):
        run_pd_ml(["embed"], lambda event: None, in_background=lambda process: None, command=lambda: fails)
