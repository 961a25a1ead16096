"""`pdd demo`: the whole line on the sandbox, and what came out in words and pictures."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pd_assets.commands import sandbox
from pd_assets.commands.project import project_root
from pd_assets.commands.run import Cost, run_job
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.settings import Settings


def run_demo(pictures: Path | None = None) -> None:
    """Run the whole line on the sandbox and print what it made. PdError where a step fails."""
    os.chdir(project_root())
    os.environ.setdefault("PD_RECIPE", "debug")
    home = open_home(Settings.from_env().home)
    started = time.monotonic()
    print(f"The whole line, offline, in {home.root}: from an archive on loopback to pictures that a model drew.")
    with sandbox.running(home, pictures) as api:
        os.environ["PD_COMMONS_API"] = api
        print(f"The sandbox archive answers at {api}", flush=True)
        costs = run_job("whole_line")
    _report(home, costs, time.monotonic() - started)


def _report(home: Home, costs: list[Cost], seconds: float) -> None:
    evaluation = home.latest("evaluation", "report")
    assert evaluation is not None
    report = json.loads((evaluation / "report.json").read_text())
    print(f"\nDone in {seconds:.0f} s.\n")
    print(f"{'asset':<26}{'rows':>8}{'seconds':>10}{'peak MB':>10}")
    for cost in costs:
        print(f"{cost.asset:<26}{'' if cost.rows is None else cost.rows:>8}{cost.seconds:>10.1f}{cost.peak_mb:>10.0f}")
    print("\nLicence breakdown (profile and rules as in rights/decisions):")
    for line in licence_breakdown(home):
        print(f"  {line}")
    print("\nHeld-out attribute accuracy, told by colour alone, no model judging:")
    for line in _accuracies(report):
        print(f"  {line}")
    print(f"\nSample grid:  {evaluation / 'samples.png'}")
    print(f"Loss curve:   {evaluation / 'loss_curve.png'}")
    print(f"Catalogue:    {home.catalog}")
    print("\nOpen it all in the Dagster UI with:  make up")


def licence_breakdown(home: Home) -> list[str]:
    """Verdict, rule and count, the most frequent first, under the configured profile."""
    sql = """
        select verdict, rule_id, count(*) as items from decisions where profile = $profile
        group by all order by verdict, items desc, rule_id
    """
    content = tables.query(home, sql, {"decisions": DECISIONS}, {"profile": Settings.from_env().rights_profile})
    return [f"{row['verdict']:<11}{row['items']:>6}  {row['rule_id']}" for row in tables.rows(content)]


def _accuracies(report: Mapping[str, Any]) -> list[str]:
    """Each attribute's accuracy on prompts that the model never saw, beside chance and the real pictures' own."""
    lines = []
    for name, told in report.get("colour_attributes", {}).items():
        made, real = told["generated"], told["real"]
        lines.append(
            f"{name:<8}{made['accuracy']:.3f} of {made['n']} generated pictures (chance {made['chance']:.2f}, "
            f"p = {made['p']:.0e}; real pictures {real['accuracy']:.3f})"
        )
    return lines or ["no attributes are known for these pictures, so none were told"]
