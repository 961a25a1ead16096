"""The toy training as one of several processes: `-m tests.pd_ml.toy_apart FOLDER STOP_AFTER`."""

import sys
from contextlib import suppress
from pathlib import Path

from pd_ml.errors import Suspended
from tests.pd_ml.toy import ToyPictures, loop_in, stop_after


def main(folder: Path, stop_after_steps: int) -> None:
    with suppress(Suspended):
        loop_in(folder, ToyPictures(), stop_after(stop_after_steps)).run(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
