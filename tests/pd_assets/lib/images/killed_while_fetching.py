"""Runs fetch_accepted on a prepared home, for a test that kills it: `python -m ... HOME [PICTURES]`.

The journal is told after so many pictures, by default as in a real run.
"""

import sys
from pathlib import Path

from pd_assets.lib.home import Home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.images import fetch
from tests.pd_assets.lib.planting import MAX_SIDE, PROFILE

if __name__ == "__main__":
    if sys.argv[2:]:
        fetch.WRITE_EVERY = int(sys.argv[2])
    with PoliteSession("tests") as session:
        fetch.fetch_accepted(Home(root=Path(sys.argv[1])), session, profile=PROFILE, max_side=MAX_SIDE)
