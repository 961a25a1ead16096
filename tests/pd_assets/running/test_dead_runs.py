"""Only a run whose process has ended is marked as failed; tests/integration/test_interruption.py kills some."""

from pathlib import Path

import dagster as dg

from pd_assets.running import dead_runs


def test_a_run_whose_process_lives_is_left_alone(tmp_path: Path) -> None:
    @dg.asset
    def waits() -> None:
        assert dead_runs.bury(instance) == []

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        assert dg.materialize([waits], instance=instance).success
