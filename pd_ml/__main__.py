"""The command line: `python -m pd_ml train|sample|evaluate`. It reads arguments and prints; the work is elsewhere.

Started so, a training is in the clean room; what calls `command_line.main` itself trains in its own process.
"""

import os
import sys

# Nothing in here ever asks the network; the libraries read these when they are imported.
os.environ.update({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"})

from pd_ml.command_line import main
from pd_ml.room.entrance import train_in_room
from pd_ml.training.stopping import end_without_parent

if __name__ == "__main__":
    # It has no checkpoint to write, and may be long before its first batch.
    if sys.argv[1:2] == ["embed"]:
        end_without_parent()
    sys.exit(main(sys.argv[1:], train_in_room))
