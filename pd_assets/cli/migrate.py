"""`pdd migrate`: bring a home that an older version wrote to this version's format."""

import argparse

from pd_assets.lib.home import at_work, open_home
from pd_assets.lib.migrations import migrate
from pd_assets.lib.rights.evidence_log import keep_of_before
from pd_assets.lib.standing import of_the_environment


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    del parser  # it has none


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    del arguments
    with at_work(open_home(of_the_environment().home, any_format=True)) as home:
        for line in migrate(home):
            print(line)
        if rows := keep_of_before(home):
            print(f"rights/evidence: the evidence of {rows} decided items is kept from now on")
