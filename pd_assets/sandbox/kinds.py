"""The kinds of file pages that the painted archive holds: how each is licensed, and what is true about it.

`free` kinds are clear under the strictest reading. The others are the traps that Commons has; each is told apart by
evidence that stands on its page. Some free pages are traps of another sort (odd titles, cut-off files).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from pd_assets.sandbox.painting import Painting
from pd_assets.sandbox.records import Truth
from pd_assets.sandbox.scenes import Scene

PUBLIC_DOMAIN_ITEM, DEDICATED_ITEM, COPYRIGHTED_ITEM = "Q19652", "Q88088423", "Q50423863"
LICENCE_ITEMS = {"Cc-zero": "Q6938433", "Cc-by-sa-4.0": "Q18199165", "Cc-by-4.0": "Q20007257"}


@dataclass(frozen=True, kw_only=True)
class Artist:
    """A painter who never lived; the dates decide what their works can be tagged with."""

    name: str
    born: int
    died: int | None


OLD_MASTERS = (
    Artist(name="Anna Vester", born=1801, died=1872),
    Artist(name="Jan Holmgaard", born=1820, died=1889),
    Artist(name="Lucía Marenco", born=1788, died=1851),
    Artist(name="Thomas Ackerley", born=1835, died=1902),
    Artist(name="Élise Carrondel", born=1812, died=1880),
    Artist(name="Pietro Sandrelli", born=1760, died=1831),
    Artist(name="Ida Lindqvarn", born=1840, died=1911),
    Artist(name="Wilhelm Bruckhagen", born=1829, died=1898),
    Artist(name="Maria Teodorescha", born=1806, died=1869),
    Artist(name="Hendrik Zuyderbeek", born=1795, died=1864),
    Artist(name="Sigrid Aasnes", born=1845, died=1919),
    Artist(name="Josef Krumlovský", born=1818, died=1884),
)
CLASSICAL = (
    Artist(name="Cornelis van Dammeren", born=1611, died=1668),
    Artist(name="Pietro Sandrelli", born=1760, died=1831),
    Artist(name="Lucía Marenco", born=1788, died=1851),
)
MODERN = (
    Artist(name="Karl Immerwald", born=1868, died=1941),
    Artist(name="Rosa Petitjean", born=1872, died=1949),
)


@dataclass(frozen=True, kw_only=True)
class Work:
    """One picture to be described on a page."""

    number: int
    scene: Scene
    artist: Artist
    year: int
    caption: str
    kind: "Kind"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of page: `share` of the archive in 2,600ths, licence wikitext, and how the page is written.

    `artists`/`years` bound who painted it and when; `own` pages are their uploader's own work. `statement` is the
    copyright status its structured data gives. `spoil` changes the file itself.
    """

    name: str
    share: int
    free: bool
    tags: Callable[[random.Random], str]
    artists: tuple[Artist, ...] = OLD_MASTERS
    years: tuple[int, int] = (1600, 1930)
    own: bool = False
    museum: bool = False
    dated: str | None = None
    statement: str | None = None
    spoil: Callable[[Painting], Painting] = lambda painting: painting

    @property
    def is_photograph(self) -> bool:
        """Of a landscape, by its uploader, and not of anybody's painting."""
        return self.own and self.free

    def truth(self, scene: Scene) -> Truth:
        plain = self.free and self.name in ("pd_old_100_expired", "pd_old_100", "cc0_own", "cc0_museum")
        return Truth(free=self.free, trap="" if plain else self.name, scene=scene)


def _tag(*texts: str) -> Callable[[random.Random], str]:
    return lambda rng: rng.choice(texts)


_EXPIRED = "{{PD-Art|PD-old-100-expired}}"
_OLD = "{{PD-Art|PD-old-100}}"


def _as_png(painting: Painting) -> Painting:
    return replace(painting, format="PNG")


KINDS: tuple[Kind, ...] = (
    Kind(name="pd_old_100_expired", share=1458, free=True, tags=_tag(_EXPIRED), statement=PUBLIC_DOMAIN_ITEM),
    Kind(name="pd_old_100", share=330, free=True, tags=_tag(_OLD), statement=PUBLIC_DOMAIN_ITEM),
    Kind(
        name="cc0_own",
        share=110,
        free=True,
        tags=_tag("{{self|cc-zero}}", "{{Cc-zero}}"),
        own=True,
        statement=DEDICATED_ITEM,
    ),
    Kind(
        name="cc0_museum",
        share=120,
        free=True,
        tags=_tag("{{Cc-zero}}"),
        artists=CLASSICAL,
        years=(1600, 1840),
        museum=True,
        statement=DEDICATED_ITEM,
    ),
    Kind(name="png", share=40, free=True, tags=_tag(_EXPIRED), spoil=_as_png),
    Kind(name="duplicate", share=6, free=True, tags=_tag(_EXPIRED)),
    Kind(name="truncated", share=8, free=True, tags=_tag(_EXPIRED), spoil=lambda painting: replace(painting, cut=True)),
    Kind(name="cc_by_sa", share=70, free=False, tags=_tag("{{self|cc-by-sa-4.0}}", "{{Cc-by-sa-4.0}}"), own=True),
    Kind(
        name="licensed_pd_art",
        share=35,
        free=False,
        tags=_tag("{{Licensed-PD-Art|PD-old-100-expired|cc-by-sa-4.0}}"),
        statement=PUBLIC_DOMAIN_ITEM,
    ),
    Kind(
        name="pd_and_cc_by_sa",
        share=40,
        free=False,
        tags=_tag(_EXPIRED + "\n{{Cc-by-sa-4.0}}", _EXPIRED + "\n{{self|cc-by-sa-4.0|GFDL}}"),
        statement=PUBLIC_DOMAIN_ITEM,
    ),
    Kind(name="cc_by", share=35, free=False, tags=_tag("{{Cc-by-4.0}}"), own=True, statement=COPYRIGHTED_ITEM),
    Kind(name="gfdl", share=25, free=False, tags=_tag("{{GFDL}}"), own=True),
    Kind(name="no_licence", share=45, free=False, tags=_tag("", "{{No license|month=May|year=2024}}")),
    Kind(
        name="unknown_licence", share=30, free=False, tags=_tag("{{Sandbox Museum terms of use}}", "{{PD-Freedonia}}")
    ),
    Kind(
        name="pd_old_70",
        share=70,
        free=False,
        tags=_tag("{{PD-Art|PD-old-70-expired}}", "{{PD-Art|PD-old-70}}"),
        artists=MODERN,
    ),
    Kind(name="country_only", share=30, free=False, tags=_tag("{{PD-Italy}}"), artists=MODERN),
    Kind(
        name="deletion_request",
        share=35,
        free=False,
        tags=_tag(_EXPIRED + "\n{{Delete|reason=Doubtful source|subpage=File}}"),
    ),
    Kind(name="dated_1955", share=25, free=False, tags=_tag(_OLD), dated="1955"),
    Kind(name="non_commercial", share=20, free=False, tags=_tag("{{Cc-by-nc-sa-4.0}}"), own=True),
    Kind(
        name="personality",
        share=20,
        free=False,
        tags=_tag("{{Cc-zero}}\n{{Personality rights}}"),
        own=True,
        statement=DEDICATED_ITEM,
    ),
    Kind(name="restricted_twin", share=16, free=False, tags=_tag(_EXPIRED)),
    Kind(name="sdc_conflict", share=16, free=False, tags=_tag(_EXPIRED), statement=COPYRIGHTED_ITEM),
    Kind(name="svg", share=8, free=False, tags=_tag(_EXPIRED), spoil=lambda painting: replace(painting, format="SVG")),
    Kind(name="pdf", share=8, free=False, tags=_tag(_EXPIRED), spoil=lambda painting: replace(painting, format="PDF")),
)
TWINS = ("duplicate", "restricted_twin")


def kind_named(name: str) -> Kind:
    """A kind by its name; KeyError where there is none."""
    return {kind.name: kind for kind in KINDS}[name]


def shares(count: int) -> dict[str, int]:
    """How many pages of each kind an archive of `count` files holds: by largest remainder, at least one of each
    where there is room."""
    total = sum(kind.share for kind in KINDS)
    exact = {kind.name: count * kind.share / total for kind in KINDS}
    floor = 1 if count >= 4 * len(KINDS) else 0
    given = {name: max(int(value), floor) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: int(exact[name]) - exact[name])
    for name in by_remainder[: max(0, count - sum(given.values()))]:
        given[name] += 1
    given["pd_old_100_expired"] += count - sum(given.values())
    return given
