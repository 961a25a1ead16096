"""What the stored shards say of the archive as a whole: what is otherwise than we know it."""

import json
from collections import Counter

from pd_assets.lib.catalog.schemas import RECORDS
from pd_assets.lib.home import Home
from pd_assets.lib.museums.parts import load_states
from pd_assets.lib.smithsonian.sync import INDEX_NOTE


def strangeness(home: Home) -> dict[str, int]:
    """What was found that we do not know -> how often, the most frequent first; shards that broke off among it."""
    found: Counter[str] = Counter(f"unit in the index: {unit}" for unit in _unknown_units(home))
    for unit, folder in home.partitions(RECORDS.key).items():
        for name, state in load_states(folder).items():
            found.update({f"{unit}: {kind}": times for kind, times in state.reading.drift.items()})
            if not state.is_whole:
                found[f"{unit}: shard {name} is a web page or breaks off"] += 1
    return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))


def _unknown_units(home: Home) -> list[str]:
    """The units of the index, as it was read last, that are none of ours."""
    try:
        found = json.loads((home.root / INDEX_NOTE).read_text())["unknown"]
        return [str(unit) for unit in found]
    except (OSError, ValueError, KeyError, TypeError):
        return []
