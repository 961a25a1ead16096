"""The daemon of `pdd up` dies: of the one that the tests of this folder share, so this file is the last by its name."""

import pytest

from tests.integration.dagster_ui import DagsterUi, ends_when_dies

pytestmark = [pytest.mark.slow, pytest.mark.extended]


def test_pdd_up_ends_whole_and_with_an_error_when_its_daemon_dies(ui: DagsterUi) -> None:
    ends_when_dies(ui, "dagster._daemon")
