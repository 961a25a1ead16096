"""The command line as a whole: every command has help with examples, and what is mistyped is told what is near."""

from pathlib import Path

import pytest

from pd_assets.cli import COMMANDS, build_parser, main
from pd_assets.cli.run import RunFailed
from pd_assets.cli.try_ import _site


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples_of_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        build_parser(command).parse_args([command, "--help"])
    told = capsys.readouterr().out
    assert "\n  pdd " + command in told.partition("examples:" if "examples:" in told else "options:")[2], told


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ("tackedown", "did you mean takedown?"),
        ("sql --jsn", "did you mean --json"),
        ("takedown M1 --reson x", "did you mean --reason"),
        ("run nigtly", "did you mean nightly?"),
        ("try x --limit many", "found 'many', expected a number of pictures from 1 on"),
        ("try x --limit 0", "found '0', expected a number of pictures from 1 on"),
        ("run nightly --tags notjson", "found 'notjson', expected an object of texts"),
        ("run nightly --tags [1]", "found '[1]', expected an object of texts"),
        ("run nightly --here /nonexistent", "'/nonexistent' is no file"),
    ],
)
def test_a_slip_of_the_pen_is_wrong_usage_and_told_what_is_near_or_expected(
    given: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(given.split())
    assert near in capsys.readouterr().err


@pytest.mark.parametrize(
    "said", ["File:Foo.jpg", "https://commons.wikimedia.org/wiki/Category:Foo", "", "Category: ", "A|B", "x" * 256]
)
def test_what_is_no_category_is_named_before_anything_is_asked_or_looked_at(
    said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PD_CONTACT", "no contact")
    assert main(["try", said]) == 1
    told = capsys.readouterr().err
    assert "is no category; expected the name of one" in told and "PD_CONTACT" not in told


def test_pages_that_end_before_they_are_shown_have_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PD_HOME", str(tmp_path / "none"))
    with pytest.raises(RunFailed, match="the pages ended with exit code 1"), _site():
        pass
