"""Papers are written and bundles verified where nothing but the folder `pd_ml` and four packages are at hand."""

import shutil
import subprocess
import sys
from pathlib import Path

import pd_ml
from pd_ml.bundle import layout
from tests.pd_ml.bundle import made
from tests.pd_ml.bundle.handed_out import HandedOut

# All that the project needs but pyarrow, numpy, cryptography and pillow; and no connection.
_APART = """
import sys
ABSENT = {
    "pd_assets", "dagster", "duckdb", "torch", "requests", "c2pa", "diffusers", "transformers", "accelerate",
    "datasets", "tokenizers", "safetensors", "scipy", "psutil", "tqdm", "yaml", "jinja2",
    "huggingface_hub", "model_signing", "tests", "matplotlib", "pandas",
}
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None
sys.meta_path.insert(0, Absent())
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind"):
        raise AssertionError(event)
sys.addaudithook(watch)
from pd_ml.command_line import main
sys.exit(main(sys.argv[1:]))
"""


def apart(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command by a copy of `pd_ml` alone, somewhere else."""
    package = tmp_path / "alone" / "pd_ml"
    if not package.is_dir():
        shutil.copytree(Path(pd_ml.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {"PYTHONPATH": str(package.parent), "OMP_NUM_THREADS": "1", "PATH": "", "LC_ALL": "C"}
    command = [sys.executable, "-c", _APART, *arguments]
    return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)


def test_a_bundle_is_verified_with_nothing_but_the_package(whole: HandedOut, tmp_path: Path) -> None:
    done = apart(tmp_path, "verify", str(whole.folder), "--public-key", str(whole.public))
    assert done.returncode == 0, done.stderr
    assert "signed by the given key" in done.stdout
    folder = whole.copy(tmp_path / "bundle")
    (folder / layout.CARD).write_text("Another card.\n")
    done = apart(tmp_path, "verify", str(folder))
    assert done.returncode == 1
    assert "README.md: altered" in done.stderr


def test_papers_are_written_with_nothing_but_the_package_and_are_the_same(whole: HandedOut, tmp_path: Path) -> None:
    folder = made.bundle(tmp_path / "bundle")
    done = apart(tmp_path, "papers", str(folder))
    assert done.returncode == 0, done.stderr
    for name in layout.PAPERS:
        assert (folder / name).read_bytes() == (whole.folder / name).read_bytes(), name


def test_half_the_facts_give_no_papers_and_a_named_error(tmp_path: Path) -> None:
    folder = made.bundle(tmp_path / "bundle")
    shutil.rmtree(folder / layout.CHAIN)
    done = apart(tmp_path, "papers", str(folder))
    assert done.returncode == 1
    assert done.stderr.startswith("BundleError: ") and "half a bundle" in done.stderr
    assert not (folder / layout.MANIFEST).exists()
