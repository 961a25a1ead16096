"""`python -m pd_assets.lib.gallery ROOT PROFILE [SCRATCH]`: make the index, in a process of its own."""

import sys
from pathlib import Path

from pd_assets.lib.errors import PdError
from pd_assets.lib.gallery.building import build
from pd_assets.lib.home import Home

if __name__ == "__main__":
    root, profile, *scratch = sys.argv[1:]
    try:
        build(Home(root=Path(root), elsewhere=Path(scratch[0]) if scratch else None), profile)
    except PdError as error:
        sys.exit(" ".join(str(error).split()))
