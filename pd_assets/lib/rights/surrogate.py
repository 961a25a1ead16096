"""Whether a page is about something flat or something solid: the words of its fields and categories.

A faithful photograph of a flat work adds no right of its own; one of a sculpture does
(Commons:When to use the PD-Art tag).
"""

import re
from collections.abc import Sequence

from pd_assets.lib.page.file_page import FilePage

SOLID = re.compile(
    r"\b(?:sculptures?|statues?|statuettes?|busts?|(?:bas-)?reliefs?|monuments?|memorials?|fountains?|buildings?|"
    r"architecture|churches|castles|coins?|medals?|medallions?|ceramics?|pottery|vases?|amphora[es]?|porcelain|"
    r"furniture|jewell?ery|sarcophag(?:us|i)|masks?|totems?|bronzes?|marble|figurines?|figures? in the round|"
    r"earthenware|stoneware|terracotta|ivory|limestone|glassware|armou?r|helmets?|tombs?|tombstones?|gravestones?|"
    r"reliquar(?:y|ies)|costumes?|dresses|musical instruments?|clocks?|plaques?)\b",
    re.IGNORECASE,
)
# In running text only words that name the thing itself; a painting may well speak of buildings.
SOLID_IN_PROSE = re.compile(
    r"\b(?:sculptures?|statues?|statuettes?|figurines?|bust of|bronze|marble|monument to|memorial to|fountain)\b",
    re.IGNORECASE,
)
FLAT = re.compile(
    r"\b(?:paintings?|painted|canvas|panel|oils?|tempera|gouache|pastels?|wat(?:er)?colou?rs?|drawings?|sketch(?:es)?|"
    r"prints?|etchings?|engravings?|woodcuts?|woodblock|lithographs?|chromolithographs?|mezzotints?|aquatints?|drypoint|"
    r"illustrations?|posters?|postcards?|maps?|manuscripts?|miniatures?|illuminations?|frescos?|frescoes|murals?|"
    r"ink|chalk|charcoal|pencil|graphite|paper|parchment|vellum|portraits? paintings?|still li(?:fe|ves)|landscapes?|"
    r"watercolours?|altarpieces?|icons?|tapestr(?:y|ies)|scrolls?|photographs?(?! of)|albumen|"
    r"daguerreotypes?|negatives?|in (?:art|paintings?)|books?|newspapers?|gemälde|ölgemälde|öl auf|peinture|huile|"
    r"pittura|pintura)\b",
    re.IGNORECASE,
)

# A frame that is in the picture is carved, and lit by somebody.
FRAMED = re.compile(
    r"\bframed\b(?! by\b)|\b(?:in|with) (?:its|the|an?) (?:[\w-]+ ){0,3}frame\b(?! of\b)|"
    r"\bgerahmt\b|\bavec (?:son )?cadre\b|\bcon (?:su )?marco\b|\bcon cornice\b",
    re.IGNORECASE,
)


def _nature(text: FilePage) -> str:
    return " ".join((*text.all_of("medium"), *text.all_of("object_type")))


def looks_flat(text: FilePage, categories: Sequence[str]) -> bool:
    """A painting, print, page or photograph, as its medium, type, title, description or categories say."""
    words = (_nature(text), *text.all_of("title"), *text.all_of("description"), *categories)
    return any(FLAT.search(part) for part in words)


def is_solid(text: FilePage, categories: Sequence[str]) -> bool:
    """Something that a photograph shows with light and angle of its own: by its medium, categories, or description."""
    nature, kind = _nature(text), " ".join(text.all_of("object_type"))
    said = " ".join((*text.all_of("title"), *text.all_of("description")))
    if any(FRAMED.search(part) for part in (nature, said, *categories)):
        return True
    if FLAT.search(nature):
        return bool(SOLID.search(kind)) and not FLAT.search(kind)
    if SOLID.search(nature) or any(SOLID.search(name) and not FLAT.search(name) for name in categories):
        return True
    return bool(SOLID_IN_PROSE.search(said)) and not looks_flat(text, categories)
