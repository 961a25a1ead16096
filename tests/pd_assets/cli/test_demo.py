"""What the demo prints where nobody watches: short, and honest about what was learnt."""

import io
from collections.abc import Mapping

import dagster as dg
import pytest

from pd_assets.cli import demo
from pd_assets.cli.run import Cost, _outcome, _show
from pd_ml.progress import Reporter

KEY = dg.AssetKey(["rights", "decisions"])
DRAWN = {"accuracy": 0.128, "chance": 0.25, "n": 218, "cannot_be_told": 0.61}
REPORT: Mapping[str, object] = {
    "colour_attributes": {"sky": {"generated": {**DRAWN, "accuracy": 0.9}, "real": {"accuracy": 1.0}}},
    "read_attributes": {
        "object": {"generated": DRAWN, "real": {"accuracy": 0.995}, "spoilt_refused": {"noise": 0.97, "blur": 1.0}}
    },
}


def test_the_end_tells_what_drawn_pictures_show_beside_chance_real_and_spoilt_ones() -> None:
    sky, thing = demo.shown(REPORT)
    assert sky == "sky     0.900 of 218 drawn pictures (chance 0.25; real pictures 1.000)"
    assert thing.startswith("object  0.128 of 218 drawn pictures (chance 0.25; real pictures 0.995)")
    assert thing.endswith("cannot be told: 0.610, of spoilt real ones at least 0.97")
    assert demo.shown({})[0].startswith("not known: nothing says what to look for"), "pictures that nobody described"


def test_a_check_that_only_warns_says_that_nothing_stops_and_what_it_found() -> None:
    said = _outcome(evaluated(passed=False, severity=dg.AssetCheckSeverity.WARN))
    assert said == "warns, and nothing stops: two of them"
    assert _outcome(evaluated(passed=False, severity=dg.AssetCheckSeverity.ERROR)) == "FAILED: two of them"


def test_through_a_pipe_an_asset_has_one_line_and_its_costs_are_not_told_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    [result] = [
        event
        for event in dg.materialize([counted], instance=dg.DagsterInstance.ephemeral()).all_events
        if _show(event) is not None
    ]
    assert result.asset_key == dg.AssetKey(["counted"])
    [line] = [line for line in capsys.readouterr().out.splitlines() if "counted" in line]
    assert line == "  counted: 1.5 s, 20 MB at most"
    demo._print_costs([Cost(asset="counted", rows=3, seconds=1.5, peak_mb=20)], 1.5)
    assert "counted" not in capsys.readouterr().out


def test_a_training_is_told_in_few_lines_through_a_pipe() -> None:
    people = io.StringIO()
    reporter = Reporter("clip", events=io.StringIO(), people=people)
    for seen in range(1, 1001):
        reporter.images(seen, 1000, 0.5)
    lines = people.getvalue().splitlines()
    assert len(lines) <= 4 and "1000/1000" in lines[-1]
    assert not reporter.is_watched, "so that an evaluation tells its sixty numbers in its file alone"


@dg.asset
def counted() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"seconds": 1.5, "peak_memory_mb": 20.0})


def evaluated(*, passed: bool, severity: dg.AssetCheckSeverity) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=KEY, check_name="one", passed=passed, metadata={}, severity=severity, description="two of them"
    )
