"""Which faults of a step are tried again: the network's and the memory's, and no other. What a step shows of itself."""

import io
import re
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pd_assets.lib.child import ChildFailed, OutOfMemory
from pd_assets.lib.errors import AccessDenied, ArchiveError, ArchiveResting, ConfigError, FetchFailed
from pd_assets.running.step import LARGEST_PICTURE_BYTES, MOST_RETRIES, Step, picture_in_place, step

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def caused_by(error: Exception) -> ArchiveError:
    """A fault that names a setting, because of another."""
    named = ArchiveError("PD_COMMONS_API cannot be used")
    named.__cause__ = error
    return named


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PD_RETRY_WAIT_S", "0")


def tries(fault: Callable[[], Exception], times: int = 100) -> tuple[int, bool]:
    """How often a step that fails `times` times was tried, and whether its run ended well."""
    made = []

    @dg.asset
    def faulty() -> None:
        with step():
            made.append(1)
            if len(made) <= times:
                raise fault()

    done = dg.materialize([faulty], instance=dg.DagsterInstance.ephemeral(), run_config=QUIET, raise_on_error=False)
    return len(made), done.success


@pytest.mark.parametrize(
    "fault",
    [
        lambda: FetchFailed("HTTP 503"),
        lambda: ArchiveResting("an hour"),
        lambda: caused_by(FetchFailed("refused")),
        lambda: MemoryError(),
        lambda: OutOfMemory("killed by signal 9"),
    ],
)
def test_a_fault_that_passes_is_tried_again_and_not_for_ever(fault: Callable[[], Exception]) -> None:
    assert tries(fault, times=2) == (3, True)
    assert tries(fault) == (1 + MOST_RETRIES, False)


@pytest.mark.parametrize(
    "fault",
    [
        lambda: ConfigError("PD_MAX_SIDE=x"),
        lambda: AccessDenied("HTTP 403"),
        lambda: FetchFailed("HTTP 404", permanent=True),
        lambda: ChildFailed("no captions"),
        lambda: ValueError("a mistake of ours"),
    ],
)
def test_bad_input_is_not_tried_again(fault: Callable[[], Exception]) -> None:
    assert tries(fault, times=1) == (1, False)


def test_a_large_sheet_is_shown_in_all_its_colours_and_leads_to_the_whole_one(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (600, 600, 3), dtype=np.uint8)
    xmp = "<x:xmpmeta xmlns:x='adobe:ns:meta/'>made by a model</x:xmpmeta>"
    told = PngInfo()
    told.add_itxt("XML:com.adobe.xmp", xmp)
    Image.fromarray(pixels).save(tmp_path / "samples.png", pnginfo=told)
    shown = picture_in_place(tmp_path / "samples.png", whole_at="/models/unet_text/1/sheets/samples")
    body = b64decode(re.findall(r"base64,([^)]*)\)", shown)[0])
    assert len(body) <= LARGEST_PICTURE_BYTES < (tmp_path / "samples.png").stat().st_size
    small = Image.open(io.BytesIO(body))
    assert small.mode == "RGB" and len(small.getcolors(1 << 24) or ()) > 256
    assert b"made by a model" in small.info["xmp"] and shown.endswith("](/models/unet_text/1/sheets/samples)")
    assert picture_in_place(tmp_path / "none.png") == ""


def test_what_an_idle_step_cost_is_text_which_no_plot_shows() -> None:
    done = Step(seconds=0.25, peak_bytes=3_000_000)
    assert [one.value for one in done.cost_if(True).values()] == [0.25, 3.0]
    assert [one.value for one in done.cost_if(False).values()] == ["0.25", "3.0"]
