"""Which faults of a step are tried again: the network's and the memory's, and no other."""

from collections.abc import Callable

import dagster as dg
import pytest

from pd_assets.lib.child import ChildFailed, OutOfMemory
from pd_assets.lib.errors import AccessDenied, ArchiveError, ArchiveResting, ConfigError, FetchFailed
from pd_assets.running.step import MOST_RETRIES, step

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
