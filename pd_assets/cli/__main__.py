"""`python -m pd_assets.cli` is `pdd`."""

import sys

from pd_assets.cli import main

sys.exit(main())
