"""Synchronise every unit of an index into a home, and print the most memory that took, in megabytes."""

import resource
import sys
from pathlib import Path

from pd_assets.lib.home import alone, open_home
from tests.pd_assets.lib.smithsonian.bulk import synchronise

if __name__ == "__main__":
    home = open_home(Path(sys.argv[2]))
    with alone(home.root / "smithsonian", "reads the archive"):
        synchronise(sys.argv[1], home)
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}\n")
