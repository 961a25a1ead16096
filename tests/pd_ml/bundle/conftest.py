"""A whole bundle for the tests of its proof, made once."""

import pytest

from tests.pd_ml.bundle.handed_out import HandedOut, hand_out


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> HandedOut:
    """Not to be changed: tests change copies."""
    return hand_out(tmp_path_factory.mktemp("handed_out"))
