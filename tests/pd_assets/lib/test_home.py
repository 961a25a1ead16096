"""PD_HOME: what is written there is whole or absent, and no name of a partition leads anywhere else."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home, remove_folder, replacing, write_text
from tests.conftest import ROOT

KEY = "commons/pages"
NAMES = [
    "PD-Art (PD-old-100-expired)",
    "Paintings by J. M. W. Turner",
    "AC/DC",
    "..",
    ".",
    "../../../etc",
    ".hidden",
    "...",
    "%2E%2E",
    "100% public domain",
    "a\\b",
    "CON:*?|<>\"'",
    "Картины художника " + "я" * 110,
    "🎨" * 60,
    "/" * 240,
    "x" * 238 + "/..",
    "x" * 240 + "..",
    "x" * 240 + ".",
    "y" * 255,
    "لوحات فنية",
    "\u202eevil\u202c",
    "line\nbreak\ttab",
    "nul\x00byte",
]


def test_the_contracts_places_are_below_the_root(tmp_path: Path) -> None:
    home = Home(root=tmp_path)
    assert home.table("rights/decisions") == tmp_path / "rights/decisions"
    assert home.images == tmp_path / "images"
    assert home.catalog == tmp_path / "catalog.duckdb"
    assert home.dataset("main", "v1") == tmp_path / "dataset/main/v1"
    assert home.model("unet", "v1") == tmp_path / "models/unet/v1"


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_partition_lies_below_its_table_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    home = open_home(tmp_path / "home")
    folder = home.partition(KEY, name)
    folder.mkdir(parents=True)
    (folder / "part-0.parquet").touch()
    table = home.table(KEY).resolve()
    assert folder.resolve().is_relative_to(table) and folder.resolve() != table
    assert all(len(part.encode()) <= 255 and not part.startswith(".") for part in folder.relative_to(table).parts)
    assert home.partitions(KEY) == {name: folder}


def test_ordinary_names_stay_readable_in_one_folder(tmp_path: Path) -> None:
    folder = Home(root=tmp_path).partition(KEY, "PD-Art (PD-old-100): été, 1890/91")
    assert folder.parent == tmp_path / KEY
    assert folder.name == "PD-Art (PD-old-100)%3A %C3%A9t%C3%A9, 1890%2F91"


@settings(max_examples=60)
@given(names=st.sets(st.text(st.characters(codec="utf-8"), min_size=1, max_size=120), min_size=1, max_size=4))
@example(names={"x" * 240, "x" * 241, "x" * 480, "x" * 481, "x" * 240 + "%_"})
@example(names={"A", "A%_", "A/B", ".", ".."})
def test_partitions_come_back_under_their_names(tmp_path_factory: pytest.TempPathFactory, names: set[str]) -> None:
    home = Home(root=tmp_path_factory.mktemp("home"))
    folders = {name: home.partition(KEY, name) for name in names}
    for folder in folders.values():
        folder.mkdir(parents=True)
    assert home.partitions(KEY) == folders
    assert list(home.partitions(KEY)) == sorted(names)


def test_a_table_that_was_never_written_has_no_partitions(tmp_path: Path) -> None:
    assert Home(root=tmp_path).partitions(KEY) == {}


def test_leftovers_with_a_dot_are_no_partitions(tmp_path: Path) -> None:
    home = Home(root=tmp_path)
    (home.table(KEY) / ".Old.removed").mkdir(parents=True)
    (home.table(KEY) / "notes.txt").touch()
    assert home.partitions(KEY) == {}


# --- opening ---------------------------------------------------------------------------------------------------------


def test_a_missing_home_is_made(tmp_path: Path) -> None:
    home = open_home(tmp_path / "a" / "b")
    assert home.root.is_dir() and list(home.root.iterdir()) == []


def test_a_home_that_cannot_be_written_is_named_with_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigError, match=r"PD_HOME=.* cannot be written .*; set PD_HOME to a folder"):
            open_home(root)


def test_a_home_belongs_to_the_archive_that_filled_it(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    assert [home.archive] == [None]
    home.claim("http://127.0.0.1:1/w/api.php")
    home.claim("http://127.0.0.1:1/w/api.php")
    assert home.archive == "http://127.0.0.1:1/w/api.php"
    with pytest.raises(ConfigError, match=r"holds pictures of http://127\.0\.0\.1:1/w/api\.php.*set PD_HOME"):
        home.claim("https://elsewhere.test/w/api.php")


@pytest.mark.parametrize("text", ["", "{}", "[1]", "nonsense"])
def test_a_damaged_note_of_the_archive_is_a_named_error(tmp_path: Path, text: str) -> None:
    write_text(tmp_path / "commons" / "archive.json", text)
    with pytest.raises(ConfigError, match=r"archive\.json: damaged .*pdd doctor --repair"):
        Home(root=tmp_path).claim("http://127.0.0.1/")


@pytest.mark.parametrize("text", ["", "nonsense", '{"api": "http:+/127.0.0.1/", "check": "0123456789abcdef"}', None])
def test_of_two_notes_of_the_archive_the_whole_one_counts(tmp_path: Path, text: str | None) -> None:
    home = open_home(tmp_path)
    home.claim("http://127.0.0.1/")
    note = tmp_path / "commons" / "archive.json"
    written = note.read_text()
    note.unlink() if text is None else note.write_text(text)
    home.claim("http://127.0.0.1/")
    assert note.read_text() == written


def test_pointers_name_versions(tmp_path: Path) -> None:
    home = Home(root=tmp_path)
    assert home.latest("models", "unet") is None
    home.point("models", "unet", "latest", "v1")
    assert home.pointed("models", "unet", "latest") == "v1"
    assert home.latest("models", "unet") is None
    home.model("unet", "v1").mkdir(parents=True)
    assert home.latest("models", "unet") == home.model("unet", "v1")


# --- writing ---------------------------------------------------------------------------------------------------------


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.txt"
    write_text(target, "old")
    with replacing(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_a_block_that_raises_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "file.txt"
    write_text(target, "old")
    with pytest.raises(error), replacing(target) as partial:
        partial.write_text("half of the n")
        raise error
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_process_that_is_killed_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file.txt"
    write_text(target, "old")
    killed = (
        "import os, signal, sys; from pathlib import Path; from pd_assets.lib.home import replacing\n"
        "with replacing(Path(sys.argv[1])) as partial:\n"
        "    partial.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", killed, str(target)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["file.txt"]


def test_a_full_disk_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no space left"), replacing(tmp_path / "file"):
        raise OSError(28, os.strerror(28))
    assert list(tmp_path.iterdir()) == []


def test_a_long_name_is_written_too(tmp_path: Path) -> None:
    write_text(tmp_path / ("é" * 120 + ".txt"), "text")
    assert (tmp_path / ("é" * 120 + ".txt")).read_text() == "text"


def test_a_folder_is_removed_whole_even_after_an_earlier_attempt(tmp_path: Path) -> None:
    write_text(tmp_path / "v1" / "a" / "b", "text")
    (tmp_path / ".v1.removed").mkdir()
    remove_folder(tmp_path / "v1")
    remove_folder(tmp_path / "v1")
    assert list(tmp_path.iterdir()) == []
