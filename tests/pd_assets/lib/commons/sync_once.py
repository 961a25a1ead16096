"""One sync of some categories in a process of its own, to be measured or killed: API, PD_HOME, categories."""

import json
import re
import sys
from pathlib import Path

from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.home import open_home
from pd_assets.lib.http import PoliteSession
from tests.pd_assets.lib import scraping


def main() -> None:
    """Print what the sync asked for, and the most memory that this process ever had, MB."""
    api, home, *categories = sys.argv[1:]
    with PoliteSession("tests", sleep=scraping.no_sleep) as session:
        client = CommonsClient(api, session, thumb_side=scraping.THUMB_SIDE)
        synced = scraping.sync(open_home(Path(home)), client, categories)
    # Not getrusage: its maximum begins with what the process that started this one had.
    high_water = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert high_water is not None
    peak_mb = int(high_water[1]) / 1000
    asked = scraping.asked_in_all(synced)
    sys.stdout.write(json.dumps({"peak_mb": peak_mb, "details_asked": asked}) + "\n")


if __name__ == "__main__":
    main()
