"""The command line: `python -m pd_ml train|sample|evaluate`. It reads arguments and prints; the work is elsewhere."""

import os
import sys

# Nothing in here ever asks the network; the libraries read these when they are imported.
os.environ.update({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"})

from pd_ml.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
