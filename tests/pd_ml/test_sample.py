"""`python -m pd_ml sample`: the sheet, the pictures by themselves, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pd_ml.provenance import read_run
from tests.pd_ml.command import run_apart, run_here


def pictures(sheet: Path) -> list[bytes]:
    """The pixels of each picture beside the sheet."""
    return [np.asarray(Image.open(path)).tobytes() for path in sorted(sheet.with_suffix("").iterdir())]


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize(("stage", "more"), [("unet", []), ("unet_text", ["--prompt", "a tree"])])
def test_a_picture_is_the_same_however_many_are_asked_for(
    models: Path, tmp_path: Path, stage: str, more: list[str]
) -> None:
    base = ["sample", "--model", models / stage, *more, "--seed", "3", "--steps", "3"]
    for n in (1, 2, 5):
        assert run_here(*base, "--n", n, "--out", tmp_path / f"{n}.png") == 0
    five = pictures(tmp_path / "5.png")
    assert len(set(five)) == 5
    assert pictures(tmp_path / "1.png") == five[:1]
    assert pictures(tmp_path / "2.png") == five[:2]
    assert run_here(*base[:-4], "--seed", "4", "--steps", "3", "--out", tmp_path / "other.png") == 0
    assert pictures(tmp_path / "other.png") != five[:1]


def test_progress_is_a_few_lines_where_there_is_no_terminal(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["sample", "--model", models / "unet", "--steps", "30", "--n", "2"]
    assert run_here(*base, "--out", tmp_path / "two.png") == 0
    said = capsys.readouterr()
    events = [json.loads(line) for line in said.out.splitlines()]
    steps = [(event["step"], event["steps"], event["picture"]) for event in events if event["event"] == "progress"]
    assert len(steps) == 10 and 1 <= len(said.err.splitlines()) <= 10
    assert (steps[0], steps[-1], events[-1]["event"]) == ((6, 60, 1), (60, 60, 2), "done")


def test_a_picture_does_not_depend_on_the_other_prompts(models: Path, tmp_path: Path) -> None:
    base = ["sample", "--model", models / "unet_text", "--steps", "3", "--n", "2"]
    assert run_here(*base, "--prompt", "a tree", "--prompt", "a boat", "--out", tmp_path / "both.png") == 0
    assert run_here(*base, "--prompt", "a boat", "--out", tmp_path / "boat.png") == 0
    assert pictures(tmp_path / "both.png")[2:] == pictures(tmp_path / "boat.png")


def test_another_process_draws_the_same_picture(models: Path, tmp_path: Path) -> None:
    base = ["sample", "--model", models / "unet", "--n", "2", "--steps", "4"]
    assert run_here(*base, "--out", tmp_path / "here.png") == 0
    assert run_apart(*base, "--out", tmp_path / "there.png").returncode == 0
    assert pictures(tmp_path / "here.png") == pictures(tmp_path / "there.png")


def test_every_file_names_model_prompt_and_settings(models: Path, tmp_path: Path) -> None:
    base = ["sample", "--model", models / "unet_text", "--prompt", "a tree", "--prompt", "a boat", "--n", "2"]
    more = ["--seed", "3", "--steps", "3", "--guidance", "2.5", "--negative-prompt", "a house"]
    assert run_here(*base, *more, "--out", tmp_path / "sheet.png") == 0
    record = read_run(models / "unet_text")
    files = sorted((tmp_path / "sheet").iterdir())
    assert [path.name for path in files] == ["0000.png", "0001.png", "0002.png", "0003.png"]
    for path, prompt, place in zip(files, ("a tree", "a tree", "a boat", "a boat"), "0101", strict=True):
        with Image.open(path) as image:
            assert image.size == (16, 16)
            assert (image.text["pd_prompt"], image.text["pd_place"]) == (prompt, place)
            assert image.text["pd_model"] == "unet_text unet_text"
            assert image.text["pd_model_digest"] == record.digest
            assert image.text["pd_sampling"] == "seed 3, 3 steps, guidance 2.5, negative prompt 'a house'"
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.text["pd_prompts"] == "a tree\na boat"
        assert image.text["pd_model_version"] == record.version


@pytest.mark.parametrize(
    ("more", "named"),
    [(["--prompt", "a tree"], "--prompt"), (["--guidance", "2"], "--guidance"), (["--negative-prompt", "x"], "--neg")],
)
def test_a_prompt_for_a_model_that_takes_none_is_one_named_line(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], named: str
) -> None:
    assert run_here("sample", "--model", models / "unet", *more, "--out", tmp_path / "x.png") == 1
    message = one_line(capsys)
    assert message.startswith("PromptError") and f"a unet model takes no prompt; leave out {named}" in message
    assert not list(tmp_path.iterdir())


def test_a_text_model_without_a_prompt_and_a_folder_that_draws_nothing_are_named(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_here("sample", "--model", models / "unet_text", "--out", tmp_path / "x.png") == 1
    assert "give --prompt TEXT" in one_line(capsys)
    assert run_here("sample", "--model", models / "clip", "--out", tmp_path / "x.png") == 1
    assert "a clip model draws no pictures" in one_line(capsys)
    assert run_here("sample", "--model", tmp_path, "--out", tmp_path / "x.png") == 1
    assert "no run.json" in one_line(capsys)
    assert run_here("sample", "--model", models / "unet", "--out", tmp_path / "x.jpg") == 1
    assert "expected a name that ends in .png" in one_line(capsys)


def test_the_same_command_writes_the_same_sheet_but_for_when_it_was_signed(models: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert run_here("sample", "--model", models / "unet", "--n", "3", "--out", tmp_path / f"{name}.png") == 0
    first, again = (Image.open(tmp_path / f"{name}.png") for name in ("a", "b"))
    assert np.array_equal(np.asarray(first), np.asarray(again)) and first.info == again.info
