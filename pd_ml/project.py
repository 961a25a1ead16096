"""Which version and commit of this project is at work, for `run.json`. No torch in here."""

import importlib.metadata
import json
import os
import subprocess
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

UNKNOWN = "unknown"
# What an image without a checkout is built with.
COMMIT_VARIABLE = "PD_COMMIT"
# After a commit: the files of the checkout are not those of it.
CHANGED = "+"

_NAME = "public-domain-diffusion"
_ROOT = Path(__file__).resolve().parents[1]
_GIT_TIMEOUT_S = 30


def version_of(root: Path) -> str:
    """That of the checkout which the code is read from, else that of the installed package."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
        if project["name"] == _NAME:
            return str(project["version"])
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError):
        pass
    try:
        return importlib.metadata.version(_NAME)
    except importlib.metadata.PackageNotFoundError:
        return UNKNOWN


@cache
def project() -> Mapping[str, str]:
    """`project` and `commit`: whoever asks at the end of a training is told what was there when it was asked first."""
    return {"project": version_of(_ROOT), "commit": commit_of(_ROOT)}


def commit_of(root: Path) -> str:
    """The commit of a checkout, with `+` where its files differ; else what PD_COMMIT says, or the installer."""
    return _of_checkout(root) or os.environ.get(COMMIT_VARIABLE, "").strip() or _of_installer() or UNKNOWN


def _of_checkout(root: Path) -> str:
    """Empty where there is none, or git cannot tell."""
    # Installed into a folder of somebody else's checkout, it is not of that.
    if not ((root / ".git").exists() and (root / "pyproject.toml").is_file()):
        return ""
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if not commit:
        return ""
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    added = _git(root, "ls-files", "--others", "--exclude-standard", "--", "pd_ml", "pd_assets")
    return commit if changed == added == "" else f"{commit}{CHANGED}"


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints; None where it cannot be asked."""
    asked = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            # Nothing is written, not even the index with fresher times.
            ["git", "--no-optional-locks", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
            env=asked,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _of_installer() -> str:
    """The commit that a package was installed from, where its installer noted one (PEP 610)."""
    try:
        told = importlib.metadata.distribution(_NAME).read_text("direct_url.json")
        return str(json.loads(told or "{}").get("vcs_info", {}).get("commit_id", ""))
    except (importlib.metadata.PackageNotFoundError, ValueError, AttributeError):
        return ""
