"""Which pictures in the store an older decoder may have made otherwise: those are fetched again, once.

A stored picture cannot be made anew from itself, and most would come out the same. So a digest over the code decides
nothing here: whoever changes what the decoder makes of whole files raises GENERATION and says which files may differ.
"""

import json
import logging
from datetime import datetime

from pd_assets.lib.home import Home, write_text

# 2: greys of more than 8 bits, grey profiles, gAMA and tRNS of PNG; TIFFs whose first page is a thumbnail.
GENERATION = 2

log = logging.getLogger(__name__)


def began(home: Home, now: datetime) -> datetime:
    """When this generation of the decoder first fetched into this home: now, where no run says so yet."""
    path = home.images / "decoder.json"
    try:
        told = json.loads(path.read_text())
        if told["generation"] == GENERATION:
            return datetime.fromisoformat(told["began"])
    except FileNotFoundError:
        pass
    except (ValueError, KeyError, TypeError) as error:
        log.warning("%s: damaged (%s), made anew: pictures that may be older are fetched again", path, error)
    write_text(path, json.dumps({"generation": GENERATION, "began": now.isoformat()}) + "\n")
    return now
