"""The category tree below the two default roots, with the knots that Commons' own tree has.

Roots > "PD-Art works by artist" > "Paintings by …" > "Studies by …" > "Studies of boats by …": four levels. Two
categories contain each other, one contains itself, one is empty, several have two parents, and a root is found again
below its own grandchild.
"""

from collections.abc import Mapping, Sequence

from pd_assets.sandbox.licences import HIDDEN_CATEGORIES

ROOT_EXPIRED = "PD-Art (PD-old-100-expired)"
ROOT_OLD = "PD-Art (PD-old-100)"
BY_ARTIST = "PD-Art works by artist"
BY_HAND = "Paintings placed by hand"
EMPTY = "Paintings awaiting upload"
SERIES = "Series of paintings"
LANDSCAPES = "Landscapes of the sandbox"
SKETCHBOOKS, SKETCHBOOK_LEAVES = "Sketchbooks", "Sketchbook leaves"
MUSEUM = "Paintings in the Sandbox Museum"
HIDDEN = "__HIDDENCAT__"


def paintings_by(artist: str) -> str:
    return f"Paintings by {artist}"


def studies_by(artist: str) -> str:
    return f"Studies by {artist}"


def boat_studies_by(artist: str) -> str:
    return f"Studies of boats by {artist}"


def category_texts(artists: Sequence[str]) -> Mapping[str, str]:
    """Category name -> wikitext of its page. The first artists also have the two deeper levels."""
    texts = {name: HIDDEN for name in HIDDEN_CATEGORIES}
    texts |= {
        ROOT_EXPIRED: HIDDEN + _in("PD Art"),
        ROOT_OLD: HIDDEN + _in("PD Art"),
        "PD Art": HIDDEN + _in("Public domain"),
        "Public domain": "Works in the public domain.",
        BY_ARTIST: _in(ROOT_EXPIRED, ROOT_OLD),
        BY_HAND: _in(ROOT_EXPIRED, ROOT_OLD),
        EMPTY: _in(ROOT_EXPIRED),
        LANDSCAPES: _in(ROOT_EXPIRED, ROOT_OLD),
        SERIES: _in(BY_ARTIST, SERIES),
        SKETCHBOOKS: _in(BY_ARTIST, SKETCHBOOK_LEAVES),
        SKETCHBOOK_LEAVES: _in(SKETCHBOOKS),
        MUSEUM: "The collection of the Sandbox Museum.",
    }
    for artist in artists:
        texts[paintings_by(artist)] = _in(BY_ARTIST)
    for artist in artists[:3]:
        texts[studies_by(artist)] = _in(paintings_by(artist))
        texts[boat_studies_by(artist)] = _in(studies_by(artist))
    if artists:
        texts[paintings_by(artists[0])] = _in(BY_ARTIST, SERIES)
        texts[ROOT_OLD] += _in(studies_by(artists[0]))
    return texts


def _in(*parents: str) -> str:
    return "".join(f"\n[[Category:{parent}]]" for parent in parents)
