"""`python -m pd_assets.commands.ready`: Dagster's storage made ready for the processes of `pdd up`.

Its database is made by one process before several open it: on a fresh one they would damage it. Runs whose process is
gone are marked as failed, and every pool has its limit before the first run.
"""

import sys

from pd_assets.commands import dead_runs
from pd_assets.commands.project import open_instance, project_root
from pd_assets.lib.errors import PdError
from pd_assets.pools import set_limits


def main() -> int:
    """Exit code 1 with one line where the database cannot be used."""
    try:
        with open_instance(project_root()) as instance:
            dead_runs.bury(instance)
            set_limits(instance)
    except PdError as error:
        print(f"pdd: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
