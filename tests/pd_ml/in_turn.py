"""Several commands one after the other in this process, or in each of those that a launcher starts.

    python -m tests.pd_ml.in_turn COMMANDS.json

The file holds a list of lists of arguments. A process of its own for each would spend most of its time on imports.
"""

import json
import sys
from pathlib import Path

import pd_ml.__main__  # noqa: F401  # the environment of a training, before anything else is imported
from pd_ml.command_line import main

for arguments in json.loads(Path(sys.argv[1]).read_text()):
    if (code := main(arguments)) != 0:
        sys.exit(code)
