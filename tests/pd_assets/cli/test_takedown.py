"""`pdd takedown` and `pdd trace` as a person uses them."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pd_assets.lib.home import Home, open_home
from tests import warm
from tests.pd_assets.lib.release.planted import catalogue, dataset, model


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = open_home(tmp_path_factory.mktemp("made") / "home")
    catalogue(made, range(12))
    model(made, "unet_text", "seer", dataset(made))
    return made


@pytest.fixture
def home(made_once: Home, tmp_path: Path) -> Home:
    shutil.copytree(made_once.root, tmp_path / "home", symlinks=True)
    return open_home(tmp_path / "home")


def pdd(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [warm.program(), "-m", "pd_assets.cli", *arguments],
        cwd=home.root,
        env={**os.environ, "PD_HOME": str(home.root)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_takedown_lists_the_models_that_saw_it_and_a_trace_tells_of_it_afterwards(home: Home) -> None:
    done = pdd(home, "takedown", "commons:M5", "--reason", "the heirs ask for it", "--purge")
    assert done.returncode == 0, done.stderr
    assert "taken down: commons:M5" in done.stdout
    assert "removed 1 dataset versions" in done.stdout
    assert "models that saw it: 1\n  unet_text seer (latest)" in done.stdout
    told = pdd(home, "trace", "commons:M5").stdout
    for line in (
        "commons:M5  Picture 5",
        "the heirs ask for it; purged",
        "(its folder is gone): commons:M5",
        "unet_text seer",
    ):
        assert line in told
    assert "changes of its verdict: none" in told


@pytest.mark.parametrize(
    "arguments",
    ["commons:M5", "--pattern title:x", "--json", "--list --status T-1", "--list --purge", "--reason x", "--ground law",
     "--status T-1 commons:M5 --reason x", "commons:M5 --reason x --ground nonsense", "--purge --reason x",
     "--undo T-1", "--undo T-1 commons:M5 --reason x", "--undo T-1 --status T-1 --reason x"],
)  # fmt: skip
def test_wrong_usage_is_exit_code_2(home: Home, arguments: str) -> None:
    assert pdd(home, "takedown", *arguments.split()).returncode == 2


NO_TEXT = os.fsdecode(b"caf\xe9")


@pytest.mark.parametrize(
    "arguments",
    [["takedown", NO_TEXT, "--reason", "x"], ["takedown", "commons:M5", "--reason", NO_TEXT], ["trace", NO_TEXT],
     ["takedown", "--pattern", f"title:{NO_TEXT}", "--reason", "x"], ["decide", NO_TEXT],
     ["takedown", "commons:M5", "--reason", "x", "--public-reason", NO_TEXT]],
)  # fmt: skip
def test_what_is_no_text_is_a_named_error_and_nothing_is_noted(home: Home, arguments: list[str]) -> None:
    done = pdd(home, *arguments)
    assert done.returncode == 1
    assert "is no text in UTF-8" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (home.root / "rights" / "takedowns").exists()


@pytest.mark.parametrize("day", ["20261130", "2026-W48-1", "2026-02-30", "9999-12-31", ""])
def test_a_day_of_another_form_or_still_to_come_is_wrong_usage(home: Home, day: str) -> None:
    assert pdd(home, "trace", "commons:M5", "--as-of", day).returncode == 2


def test_a_trace_that_cannot_be_written_is_a_named_error(home: Home, tmp_path: Path) -> None:
    for asked in (["commons:M5"], ["--model", "unet_text"]):
        done = pdd(home, "trace", *asked, "--parquet", str(tmp_path))
        assert done.returncode == 1
        assert f"{tmp_path} cannot be written" in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_parquet_file_in_a_folder_that_is_not_there_is_a_named_error_and_makes_none(
    home: Home, tmp_path: Path
) -> None:
    missing = tmp_path / "nonexistent"
    for asked in (["commons:M5"], ["--model", "unet_text"]):
        done = pdd(home, "trace", *asked, "--parquet", str(missing / "x.parquet"))
        assert done.returncode == 1 and f"{missing} is no folder; expected one that is there" in done.stderr
        assert not missing.exists()


def test_a_trace_of_a_path_that_is_no_file_says_so_too(home: Home) -> None:
    (home.root / "pics").mkdir()
    os.mkfifo(home.root / "pipe")
    told = {
        "pics/x.jpg": "a picture file; there is no file 'pics/x.jpg'",
        "holiday.jpg": "a picture file; there is no file 'holiday.jpg'",
        "pics": "a picture file; 'pics' is a folder, and no picture file",
        "pipe": "a picture file; 'pipe' is no plain file",
    }
    for called, expected in told.items():
        done = pdd(home, "trace", called)
        assert done.returncode == 1 and f"is called {called!r}" in done.stderr and expected in done.stderr
    for called in ("The Night Watch", "File:Night Watch.jpg", "https://archive.test/wiki/File:Night_Watch.jpg"):
        assert "there is no file" not in pdd(home, "trace", called).stderr


def test_a_receipt_is_printed_first_and_answers_for_itself_later(home: Home) -> None:
    done = pdd(home, "takedown", "commons:M5", "--reason", "the heirs ask for it")
    number = done.stdout.splitlines()[0].removeprefix("receipt: ")
    assert number.startswith("T-") and f"pdd takedown --status {number}" in done.stdout
    told = pdd(home, "takedown", "--status", number.lower()).stdout
    assert told.startswith(f"{number}  ") and "cannot be undone: 1\n  unet_text seer (latest): trained on" in told
    answer = json.loads(pdd(home, "takedown", "--status", number, "--json").stdout)
    assert (answer["number"], answer["state"], answer["reason"]) == (number, "waits", "the heirs ask for it")
    assert [one["name"] for one in answer["cannot_be_undone"]] == ["unet_text"]
    assert pdd(home, "takedown", "--list").stdout.startswith(f"{number}  ")
    assert [one["number"] for one in json.loads(pdd(home, "takedown", "--list", "--json").stdout)["takedowns"]] == [
        number
    ]
    assert number in pdd(home, "trace", "commons:M5").stdout
    wrong = pdd(home, "takedown", "--status", number[:-1])
    assert wrong.returncode == 1 and f"near ones are {number}" in wrong.stderr and len(wrong.stderr.splitlines()) == 1


def test_a_list_with_an_unknown_name_is_done_and_ends_with_exit_code_1(home: Home, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("# a letter\ncommons:M5\nThe Night Watch\ncommons:M404\n")
    done = pdd(home, "takedown", "--from", str(tmp_path / "names.txt"), "--reason", "a letter")
    assert done.returncode == 1 and "nothing is called: The Night Watch" in done.stdout
    assert "1 names of the list are unknown (The Night Watch)" in done.stderr
    assert "taken down: commons:M5" in done.stdout and "taken down: commons:M404" in done.stdout
    missing = pdd(home, "takedown", "--from", str(tmp_path / "nothing"), "--reason", "a letter")
    assert missing.returncode == 1 and "cannot be read" in missing.stderr


def test_a_pattern_says_how_many_match(home: Home) -> None:
    done = pdd(home, "takedown", "--pattern", "title:Picture 1?", "--reason", "a letter", "--public-reason")
    assert done.returncode == 0, done.stderr
    assert "pattern title:Picture 1?: 2 items match now; later ones are taken down as well" in done.stdout
    number = done.stdout.splitlines()[0].removeprefix("receipt: ")
    assert json.loads((home.root / f"notices/{number}.json").read_text())["reason"]["text"] == "a letter"


@pytest.mark.parametrize("command", [("trace", "nobody"), ("takedown", "nobody", "--reason", "why")])
def test_what_nobody_knows_is_one_line_and_exit_code_1(home: Home, command: tuple[str, ...]) -> None:
    done = pdd(home, *command)
    assert done.returncode == 1
    assert done.stderr.startswith("pdd: nothing in ") and len(done.stderr.splitlines()) == 1


def test_what_nobody_knows_is_refused_where_nobody_can_be_asked_and_noted_with_yes(home: Home) -> None:
    done = pdd(home, "takedown", "commons:M55", "--reason", "a complaint")
    assert done.returncode == 1 and "nobody here knows commons:M55" in done.stderr
    assert "near it: commons:M5 (Picture 5)" in done.stderr and "--yes" in done.stderr
    assert pdd(home, "takedown", "--list").stdout == "nothing was taken down\n"
    assert pdd(home, "takedown", "commons:M55", "--reason", "a complaint", "--yes").returncode == 0


def test_a_takedown_is_undone_by_its_number_and_once(home: Home) -> None:
    taken = pdd(home, "takedown", "commons:M5", "--reason", "a complaint")
    number = taken.stdout.splitlines()[0].removeprefix("receipt: ")
    undone = pdd(home, "takedown", "--undo", number, "--reason", "the heirs agreed")
    assert undone.returncode == 0, undone.stderr
    assert undone.stdout.startswith(f"undone: {number}, which had taken down commons:M5\n")
    assert "(undone on 20" in pdd(home, "takedown", "--list").stdout
    told = pdd(home, "takedown", "--status", number)
    assert "  undone\n" in told.stdout and "the heirs agreed" in told.stdout
    again = pdd(home, "takedown", "--undo", number, "--reason", "once more")
    assert again.returncode == 1 and f"{number} was undone already" in again.stderr
