"""Schedules. They start stopped, so that a fresh clone never scrapes by itself, unless `pdd up` says otherwise."""

from typing import cast

import dagster as dg

from pd_assets.jobs import nightly, refresh_cleveland, refresh_smithsonian
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.settings import SCRAPE_CRON, Settings, require_contact
from pd_assets.lib.smithsonian.units import chosen_units
from pd_assets.resources import Platform
from pd_assets.running.history import under_way
from pd_assets.running.private import is_valid_cron_schedule


class ScrapeSchedule(dg.ScheduleDefinition):
    """Its time, zone and first state are those of PD_SCRAPE_*, read when Dagster asks for them and not at import.

    Where they are wrong it has the defaults, so that the code location loads, and its ticks fail with the reason.
    """

    @property
    def cron_schedule(self) -> str:
        return scrape_settings().scrape_cron

    @property
    def execution_timezone(self) -> str:
        return scrape_settings().scrape_timezone

    @property
    def default_status(self) -> dg.DefaultScheduleStatus:
        is_on = scrape_settings().scrape_enabled
        return dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED


def scrape_settings() -> Settings:
    """The settings of the environment, or the defaults where they are wrong."""
    try:
        settings = Settings.from_env()
        require_cron(settings)
    except ConfigError:
        return Settings()
    return settings


def require_cron(settings: Settings) -> None:
    """ConfigError where PD_SCRAPE_CRON is a time that never comes."""
    if not is_valid_cron_schedule(settings.scrape_cron):
        raise ConfigError(
            f"PD_SCRAPE_CRON={settings.scrape_cron}: expected minute, hour, day, month and weekday, "
            f"such as {SCRAPE_CRON} for every night at two"
        )


def _nightly_scrape(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    settings = cast(Platform, context.resources.platform).settings()
    require_cron(settings)
    require_contact(settings)
    if earlier := under_way(context.instance, nightly.name):
        return dg.SkipReason(f"run {earlier} of an earlier night is at work: its successor comes with the next tick")
    return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())


nightly_scrape = ScrapeSchedule(
    name="nightly_scrape",
    job_name=nightly.name,
    cron_schedule=SCRAPE_CRON,
    execution_timezone="UTC",
    execution_fn=_nightly_scrape,
    required_resource_keys={"platform"},
    description="Every night, or as PD_SCRAPE_CRON says: refresh the sources, decide, fetch what was accepted, rebuild "
    "the licensed table, export it; each step only where something changed.",
)


@dg.schedule(
    name="weekly_smithsonian",
    job=refresh_smithsonian,
    cron_schedule="0 1 * * 2",
    execution_timezone="UTC",
    description="Every Tuesday, after the archive's weekly export: a run for each unit of PD_SMITHSONIAN_UNITS.",
)
def weekly_smithsonian(
    context: dg.ScheduleEvaluationContext, platform: Platform
) -> list[dg.RunRequest] | dg.SkipReason:
    units = chosen_units(platform.settings().smithsonian_units)
    if not units:
        return dg.SkipReason("no unit is chosen: set PD_SMITHSONIAN_UNITS to unit codes, or to all")
    day = context.scheduled_execution_time.date().isoformat()
    return [dg.RunRequest(run_key=f"{unit} {day}", partition_key=unit) for unit in units]


weekly_cleveland = dg.ScheduleDefinition(
    name="weekly_cleveland",
    job=refresh_cleveland,
    cron_schedule="0 12 * * 3",
    execution_timezone="UTC",
    description="Every Wednesday, some hours after the museum writes its file. Off until somebody switches it on.",
)

schedules = [nightly_scrape, weekly_smithsonian, weekly_cleveland]
