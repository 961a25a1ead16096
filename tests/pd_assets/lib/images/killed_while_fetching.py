"""Runs fetch_accepted on a prepared home, for a test that kills it: `python -m ... HOME`."""

import sys
from pathlib import Path

from pd_assets.lib.home import Home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.images.fetch import fetch_accepted
from tests.pd_assets.lib.planting import MAX_SIDE, PROFILE

if __name__ == "__main__":
    with PoliteSession("tests") as session:
        fetch_accepted(Home(root=Path(sys.argv[1])), session, profile=PROFILE, max_side=MAX_SIDE)
