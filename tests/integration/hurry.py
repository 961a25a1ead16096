"""A `pdd up` that is in a hurry: settings for one in which nothing but what is done is waited for.

Not for a test of how processes begin, end and are related: hurried/sitecustomize.py says what is another way there.
"""

import os
from pathlib import Path

from tests import warm
from tests.conftest import ROOT
from tests.integration.dagster_ui import PATIENT

HURRIED = Path(__file__).with_name("hurried")


def settings() -> dict[str, str]:
    """The variables, for `dagster_ui.running` or another start of Dagster's processes."""
    return {
        "PYTHONPATH": f"{HURRIED}{os.pathsep}{ROOT}",
        "TESTS_WARM_PYTHON": warm.program(),
        **PATIENT,
    }
