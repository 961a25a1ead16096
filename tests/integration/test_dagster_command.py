"""`dagster asset materialize` as the README says it, in the project's folder: the line up to the dataset."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pd_assets.lib.home import Home
from pd_assets.sandbox import Archive, SandboxServer
from pd_ml.data.shards import read_manifest
from tests import warm
from tests.conftest import ROOT
from tests.patience import PATIENCE_S

LINE_BUT_PARTITIONS = '+key:"dataset/manifest" and not (key:"commons/pages" or key:"*/records")'


def said_in_the_readme() -> str:
    """The selection of the README's command."""
    found = re.search(
        r'dagster asset materialize -m pd_assets\.definitions --select \\?\s*"([^"]+)"',
        (ROOT / "README.md").read_text(),
    )
    assert found is not None, "the README shows no `dagster asset materialize`"
    return found[1]


def materialize(folder: Path, api: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command with a home in `folder`, which holds the project's own settings of Dagster."""
    for name in ("dagster.yaml", "workspace.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return subprocess.run(
        [warm.program(), "-m", "dagster", "asset", "materialize", "-m", "pd_assets.definitions", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PD_HOME": str(folder / "home"), "PD_COMMONS_API": api},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE_S,
    )


@pytest.mark.extended
@pytest.mark.slow
def test_the_selection_of_the_readme_makes_a_dataset_and_so_does_its_short_form(tmp_path: Path) -> None:
    with SandboxServer(Archive.painted(count=96)) as server:
        done = materialize(tmp_path, server.api_url, "--select", said_in_the_readme())
        assert done.returncode == 0, done.stderr
        made = Home(root=tmp_path / "home").latest("dataset", "main")
        assert made is not None and sum(read_manifest(made).counts.values()) > 50

        again = materialize(tmp_path, server.api_url, "--select", LINE_BUT_PARTITIONS)
        assert again.returncode == 0, again.stderr
        assert Home(root=tmp_path / "home").latest("dataset", "main") == made

        one = materialize(
            tmp_path, server.api_url, "--select", "commons/pages", "--partition", "PD-Art (PD-old-100-expired)"
        )
        assert one.returncode == 0, one.stderr
