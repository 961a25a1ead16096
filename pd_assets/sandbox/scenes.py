"""What a painted picture shows: sky, ground, object, side and season, their colours, and the captions that name them.

The vocabulary is closed, so that a model trained on these pictures can be checked with colours alone: every caption
holds exactly one sky phrase and one ground phrase, and no colour word belongs to both. No drawing in here.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

Colour = tuple[int, int, int]

SKY: Mapping[str, Colour] = {
    "blue": (86, 148, 226),
    "golden": (242, 190, 76),
    "pink": (234, 148, 184),
    "grey": (124, 130, 140),
}
GROUND: Mapping[str, Colour] = {
    "green": (88, 148, 62),
    "brown": (124, 80, 46),
    "white": (226, 230, 232),
    "violet": (138, 90, 166),
}
OBJECTS = ("tree", "house", "mountain", "boat")
SIDES = ("left", "right")
SEASONS = ("spring", "summer", "autumn", "winter")

CAPTIONS = (
    "A painting of a {object} on the {side}, {ground} ground under a {sky} sky, in {season}",
    "A {object} on the {side} in {season}, with {ground} ground and a {sky} sky",
    "Oil painting of a {object} on the {side}, {season}: a {sky} sky over {ground} ground",
    "{Season} landscape with a {object} on the {side}; the {sky} sky meets {ground} ground",
)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The five attributes of one picture; `seed` decides everything else about it (place, size, hue, texture)."""

    sky: str
    ground: str
    object: str
    side: str
    season: str
    seed: int

    def caption(self, template: int) -> str:
        """A truthful sentence that names all five attributes; `template` picks the wording."""
        words = {name: str(getattr(self, name)) for name in ("sky", "ground", "object", "side", "season")}
        return CAPTIONS[template % len(CAPTIONS)].format(**words, Season=self.season.capitalize())


def scene(rng: random.Random) -> Scene:
    """A scene whose attributes are drawn evenly and independently."""
    return Scene(
        sky=rng.choice(tuple(SKY)),
        ground=rng.choice(tuple(GROUND)),
        object=rng.choice(OBJECTS),
        side=rng.choice(SIDES),
        season=rng.choice(SEASONS),
        seed=rng.randrange(2**32),
    )


def attributes() -> dict[str, object]:
    """How captions name what a picture shows, and where a colour is seen in it, for checking generated pictures."""
    return {
        "attributes": {
            "sky": {"region": "top", "values": _values(SKY, "sky")},
            "ground": {"region": "bottom", "values": _values(GROUND, "ground")},
        },
        "read": {
            "object": {"strict": True, "values": {name: {"phrase": name} for name in OBJECTS}},
            "side": {"strict": False, "values": {name: {"phrase": f"on the {name}"} for name in SIDES}},
            "season": {"strict": False, "values": {name: {"phrase": name} for name in SEASONS}},
        },
    }


def _values(palette: Mapping[str, Colour], noun: str) -> dict[str, object]:
    return {name: {"phrase": f"{name} {noun}", "rgb": list(colour)} for name, colour in palette.items()}
