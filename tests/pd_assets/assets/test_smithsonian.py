"""The Smithsonian as an asset: partitions by unit, counts that add up, the warning, and the weekly schedule."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from pd_assets.assets.smithsonian import smithsonian_records
from pd_assets.checks.smithsonian import nothing_unknown
from pd_assets.resources import Platform
from pd_assets.schedules import weekly_smithsonian
from tests.pd_assets.lib.smithsonian.bulk import BulkServer, GeneratedBulk


def run(platform: Platform, unit: str) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [smithsonian_records, nothing_unknown],
        partition_key=unit,
        resources={"platform": platform},
        raise_on_error=False,
    )


def test_a_units_run_reports_counts_that_add_up_and_warns_of_what_is_unknown(tmp_path: Path) -> None:
    bulk = GeneratedBulk.of({"FSG": 30, "MOON": 2})
    bulk.extra["FSG", "07"] = [b"{", b"<html>"]
    with BulkServer(bulk.files()) as server:
        platform = Platform(pd_home=str(tmp_path), pd_smithsonian_index=server.index)
        first, second = run(platform, "FSG"), run(platform, "FSG")
    (event,) = first.get_asset_materialization_events()
    told = {name: value.value for name, value in event.materialization.metadata.items()}
    assert event.partition == "FSG" and told["lines"] == 32
    again = {n: v.value for n, v in second.get_asset_materialization_events()[0].materialization.metadata.items()}
    assert (told["shards_read"], again["shards_read"], again["shards_unchanged"]) == (16, 0, 16)
    assert again["lines"] == told["lines"] and again["records"] == told["records"]
    (check,) = first.get_asset_check_evaluations()
    assert not check.passed and check.severity == dg.AssetCheckSeverity.WARN
    assert "moon" in str(check.metadata["unknown"].value)


def test_a_live_archive_without_a_contact_fails_and_names_the_setting(tmp_path: Path) -> None:
    done = run(Platform(pd_home=str(tmp_path), pd_commons_api="http://127.0.0.1:1/api.php"), "FSG")
    assert not done.success
    assert any(
        "PD_CONTACT" in str(event.step_failure_data.user_failure_data) for event in done.get_step_failure_events()
    )


@pytest.mark.parametrize(("named", "asked"), [("", []), ("fsg; NMAFA", ["FSG", "NMAfA"])])
def test_the_weekly_schedule_asks_for_the_chosen_units_alone(tmp_path: Path, named: str, asked: list[str]) -> None:
    platform = Platform(pd_home=str(tmp_path), pd_smithsonian_units=named)
    with dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 11, 24, 1, tzinfo=UTC), resources={"platform": platform}
    ) as context:
        found = weekly_smithsonian(context)
    requests = found if isinstance(found, list) else []
    assert [request.partition_key for request in requests] == asked
