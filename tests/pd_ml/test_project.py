"""Which version and commit trained a model: of the checkout, of what an image was built with, or unknown."""

import subprocess
from pathlib import Path

import pytest

from pd_ml.project import commit_of, version_of


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=a", "-c", "user.email=a@a.example", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", folder, *settings, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "pd_ml").mkdir()
    (tmp_path / "pd_ml" / "code.py").write_text("x = 1\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "public-domain-diffusion"\nversion = "7.1"\n')
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "all of it")
    return tmp_path


def test_a_checkout_says_its_commit_and_whether_its_files_are_those_of_it(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    assert (version_of(checkout), commit_of(checkout)) == ("7.1", commit)
    (checkout / "notes.txt").write_text("of no matter")
    assert commit_of(checkout) == commit
    (checkout / "pd_ml" / "more.py").write_text("y = 2\n")
    assert commit_of(checkout) == f"{commit}+"
    (checkout / "pd_ml" / "more.py").unlink()
    (checkout / "pd_ml" / "code.py").write_text("x = 2\n")
    assert commit_of(checkout) == f"{commit}+"


def test_a_checkout_is_believed_before_the_environment_and_asked_about_itself(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("PD_COMMIT", "feed")
    # As within a hook of git.
    monkeypatch.setenv("GIT_DIR", str(elsewhere))
    assert commit_of(checkout) != "feed"


def test_an_image_without_a_checkout_says_what_it_was_built_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PD_COMMIT", "feed")
    assert commit_of(tmp_path) == "feed"


def test_what_nobody_can_tell_is_unknown(tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(checkout) == "unknown"
    # A folder of packages within somebody else's checkout is not of that.
    (checkout / "packages").mkdir()
    assert commit_of(checkout / "packages") == "unknown"
