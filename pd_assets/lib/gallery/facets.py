"""By what the gallery can be narrowed, and how a value of it is called."""

from collections.abc import Callable
from dataclasses import dataclass

from pd_assets.lib.rights.rules import RULES

# In an address, of what is not known.
UNKNOWN = "-"
_BY_RULE = {rule.rule_id: rule.says.replace("`", "") for rule in RULES}
# Of several rules with one reason the first says it.
_BY_REASON = {rule.reason: rule.says.replace("`", "") for rule in reversed(RULES) if rule.reason}
_VERDICTS = {
    "accept": "accepted",
    "quarantine": "waiting",
    "reject": "refused",
    "undecided": "not decided yet",
    "taken_down": "taken down",
}
_ARCHIVES = {"commons": "Wikimedia Commons", "smithsonian": "Smithsonian", "cleveland": "Cleveland Museum of Art"}
_SIZES = {
    "0": "under 512 pixels",
    "512": "512 to 1,023 pixels",
    "1024": "1,024 to 2,047 pixels",
    "2048": "2,048 to 4,095 pixels",
    "4096": "4,096 pixels and more",
}
_SHARPNESS = {"soft": "soft", "fair": "fair", "sharp": "sharp", "very-sharp": "very sharp"}


@dataclass(frozen=True, kw_only=True)
class Facet:
    """One of them. `is_many`: an item may have several values, and all that are chosen are asked for; of others any is
    enough. `is_open`: there are so many values that only the most frequent are listed, and one can type for the others.
    `values` in their order, where it is not that of counts."""

    name: str
    title: str
    called: Callable[[str], str] = str
    is_many: bool = False
    is_open: bool = False
    values: tuple[str, ...] = ()

    def label(self, value: str) -> str:
        """A value in words."""
        return self.called(value) if value else "not known"


def century(value: str) -> str:
    """`19` -> `19th century`."""
    number = int(value)
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending} century"


def reason(value: str) -> str:
    """A reason code in words."""
    return _BY_REASON.get(value, value.replace("_", " "))


def verdict(value: str) -> str:
    """A verdict in a word."""
    return _VERDICTS.get(value, value)


def rule(value: str) -> str:
    """What a rule says."""
    return _BY_RULE.get(value, value)


FACETS: dict[str, Facet] = {
    one.name: one
    for one in (
        Facet(name="verdict", title="Verdict", called=verdict, values=tuple(_VERDICTS)),
        Facet(name="archive", title="Archive", called=lambda value: _ARCHIVES.get(value, value)),
        Facet(name="artist", title="Artist", is_open=True),
        Facet(name="century", title="Century", called=century, values=tuple(f"{one:02}" for one in range(1, 22))),
        Facet(name="medium", title="Medium", is_open=True),
        Facet(name="category", title="Category", is_many=True, is_open=True),
        Facet(name="size", title="Longest side", called=lambda value: _SIZES.get(value, value), values=tuple(_SIZES)),
        Facet(
            name="sharpness",
            title="Sharpness",
            called=lambda value: _SHARPNESS.get(value, value),
            values=tuple(_SHARPNESS),
        ),
        Facet(name="reason", title="Reason against it", called=reason, is_many=True),
        Facet(name="rule", title="Rule"),
    )
}
SORTS = {"pictures": "pictures first", "newest": "newest first", "title": "by title", "size": "largest first"}
# What people would rather see than read is a picture.
DEFAULT_SORT = "pictures"
