"""The toy training as one of several processes: `-m tests.pd_ml.toy_apart FOLDER STOP_AFTER`."""

import sys
from contextlib import suppress
from pathlib import Path

from pd_ml.errors import Suspended
from tests.pd_ml.toy import ToyTask, loop_in, stop_after


def main(folder: Path, stop_after_steps: int) -> None:
    with suppress(Suspended):
        loop_in(folder, ToyTask(dropout=0.0), stop_after(stop_after_steps)).run(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
