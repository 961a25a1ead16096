"""A sensor over the tables: its pace and its first state are those of the settings, and a tick that finds everything as
the last one left it costs a look at the files.
"""

import json
from collections.abc import Callable, Mapping, Sequence

import dagster as dg

from pd_assets.lib.settings import Settings
from pd_assets.resources import Platform
from pd_assets.running.private import UnresolvedAssetJobDefinition
from pd_assets.schedules import scrape_settings

Look = Callable[[dg.SensorEvaluationContext, Platform], dg.SensorResult]


class Watch(dg.SensorDefinition):
    """Its interval is PD_WATCH_EVERY_S, and it starts on where `starts` says so, read when Dagster asks for them and
    not at import. Where the settings are wrong it has the defaults, so that the code location loads.
    """

    def __init__(
        self,
        *,
        name: str,
        evaluation_fn: Look,
        jobs: Sequence[UnresolvedAssetJobDefinition],
        starts: Callable[[Settings], bool],
        description: str,
    ) -> None:
        super().__init__(name, evaluation_fn=evaluation_fn, jobs=jobs, description=description)
        self._look, self._asks_for, self._starts = evaluation_fn, jobs, starts

    def asking_for(self, jobs: Mapping[str, UnresolvedAssetJobDefinition]) -> "Watch":
        """The same for jobs of these names."""
        return Watch(
            name=self.name,
            evaluation_fn=self._look,
            jobs=[jobs[job.name] for job in self._asks_for],
            starts=self._starts,
            description=self.description or "",
        )

    @property
    def minimum_interval_seconds(self) -> int:
        return scrape_settings().watch_every_s

    @property
    def default_status(self) -> dg.DefaultSensorStatus:
        is_on = self._starts(scrape_settings())
        return dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED


def quiet_since(cursor: str | None, state: str) -> str | None:
    """What the last tick said, where it found nothing to do in this very state; None after any change or damage."""
    try:
        found = json.loads(cursor or "")
        return str(found["said"]) if found["state"] == state else None
    except (ValueError, KeyError, TypeError):
        return None


def quiet(state: str, said: str) -> dg.SensorResult:
    """Nothing to do, which stays so until the state is another one."""
    return dg.SensorResult(skip_reason=said, cursor=json.dumps({"state": state, "said": said}))
