"""The command line as a whole: every command has help with examples, and what is mistyped is told what is near."""

import pytest

from pd_assets.cli import COMMANDS, build_parser, main


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
    ],
)
def test_a_slip_of_the_pen_is_wrong_usage_and_told_what_is_near(
    given: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(given.split())
    assert near in capsys.readouterr().err
