"""The readers of evidence of the museums, by the name of their archive, and where in a record a field of it is seen."""

from collections.abc import Callable, Mapping

from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.cleveland import from_work
from pd_assets.lib.rights.smithsonian import from_record

READERS: Mapping[str, Callable[[Mapping[str, object]], Evidence]] = {
    "smithsonian": from_record,
    "cleveland": from_work,
}
SEEN_IN: Mapping[str, Mapping[str, str]] = {
    "smithsonian": {
        **dict.fromkeys(("made", "date_text", "published", "is_posthumous"), "freetext, date"),
        **dict.fromkeys(("artist", "birth_year", "death_year"), "freetext, name"),
        **dict.fromkeys(("looks_flat", "is_solid"), "object type"),
    },
    "cleveland": {
        **dict.fromkeys(("made", "date_text", "is_posthumous"), "creation_date and its latest year"),
        **dict.fromkeys(("artist", "birth_year", "death_year", "makers"), "creators"),
        **dict.fromkeys(("looks_flat", "is_solid"), "type"),
    },
}
