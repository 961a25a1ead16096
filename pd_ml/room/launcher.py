"""Started as `python -I -S launcher.py`: what it imports is the standard library's and in this folder."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))

from pd_ml.room.launch import main

if __name__ == "__main__":
    sys.exit(main())
