"""`pdd prepare`: Dagster's database made ready by one process, before several open it. `pdd up` does it by itself."""

import argparse
import os

from pd_assets.cli.instance import open_instance
from pd_assets.cli.project import project_root
from pd_assets.lib.home import open_home
from pd_assets.lib.standing import of_the_environment
from pd_assets.running import dead_runs
from pd_assets.running.pools import POOLS, set_limits


def run_prepare() -> None:
    """Check settings and home, and make the tables of the database. ConfigError where one of them cannot be used."""
    root = project_root()
    os.chdir(root)
    home = open_home(of_the_environment().home)
    with open_instance(root) as instance:
        dead_runs.bury(instance)
        set_limits(instance)
    print(f"ready: {home.root}, and Dagster's database with its {len(POOLS)} pools")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    del parser  # it has none


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    del arguments
    run_prepare()
