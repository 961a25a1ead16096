"""Synchronise every unit of an index into a home, and print the most memory that took, in megabytes."""

import re
import sys
from pathlib import Path

from pd_assets.lib.home import alone, open_home
from tests.pd_assets.lib.smithsonian.bulk import synchronise

if __name__ == "__main__":
    home = open_home(Path(sys.argv[2]))
    with alone(home.root / "smithsonian", "reads the archive"):
        synchronise(sys.argv[1], home)
    # Not getrusage: its peak includes that of the process that started this one, before it became this one.
    peak_kb = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak_kb is not None
    sys.stdout.write(f"{int(peak_kb[1]) // 1024}\n")
