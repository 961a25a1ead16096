"""`pdd rebucket N`: change the number of item buckets of the home; nothing is fetched or decided anew."""

import argparse

from pd_assets.cli.instance import open_instance
from pd_assets.cli.project import project_root
from pd_assets.lib.catalog import buckets
from pd_assets.lib.catalog.rebucket import rebucket
from pd_assets.lib.errors import ConfigError, WorkUnderWay
from pd_assets.lib.home import at_work, open_home
from pd_assets.lib.migrations import require_current
from pd_assets.lib.standing import of_the_environment
from pd_assets.running import dead_runs
from pd_assets.running.history import at_work as runs_at_work


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("number", type=int, metavar="N", help=f"a power of two, {buckets.MOST} at most")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    if not buckets.is_number(arguments.number):
        raise ConfigError(f"{arguments.number}: expected a power of two, such as 16, of {buckets.MOST} at most")
    settings = of_the_environment()
    with open_instance(project_root()) as instance:
        dead_runs.bury(instance)
        if busy := [run.run_id for run in runs_at_work(instance)]:
            raise WorkUnderWay(f"run {busy[0]} is at work: wait for it to end, or end it in the UI, and run again")
    with at_work(open_home(settings.home, any_format=True), alone=True) as home:
        require_current(home)
        print(f"{home.root}: {rebucket(home, arguments.number)}")
    if settings.buckets not in (0, arguments.number):
        print(f"set PD_BUCKETS={arguments.number}, or unset it: it says {settings.buckets}")
    print("reload the definitions in the Dagster UI, or restart `pdd up`: the partitions of the buckets are others")
