"""What a page says against its picture by what it shows: works of others, people, later hands in an old picture.

Whoever gives a photograph away with CC0 gives away no right in the mural, the toy or the face on it
(Commons:Derivative works). What speaks for a picture is in subjects.py, so no list here need be complete: its words
speak against a page that names a plain subject too.
"""

import re
from collections.abc import Iterator, Sequence

from pd_assets.lib.page.file_page import FilePage
from pd_assets.lib.rights.subjects import is_heritage, names_a_place
from pd_assets.lib.rights.surrogate import SCULPTED, SOLID_IN_PROSE, made_flat
from pd_assets.lib.rights.works_abroad import WORKS_ABROAD

# Works by one word, first in English as in the archive's categories, then in other languages; plurals are added.
_WORKS = """
    advertisement architect artwork banknote billboard cartoon coin comic cosplay costume diagram doll
    exhibition graffiti graffito heraldry installation lego logo mascot medal memorial model mosaic mural museum
    packaging painted painter painting plaque puppet replica screenshot sculptor skyscraper tapestry tattoo toy
    affiche bemalte briefmarke cuadro fresque jouet juguete karte kunst kunstwerk mahnmal panneau spielzeug tableau
    timbre plüschtier wandbild wandgemälde wappen
"""
WORK_OF_ANOTHER = re.compile(
    rf"\b(?:(?:{'|'.join(_WORKS.split())})(?:e?n|e?s|x)?|works? of art|(?:street|public|land|in) art|designed by|"
    r"(?:book|album|record|magazine|game) (?:covers?|jackets?)|covers? of|(?:teddy bear|stained[- ]glass)s?|"
    r"(?:photo|photograph|picture|copy|scan)s? of (?:an? |the )?(?:painting|drawing|photo(?:graph)?|picture|print)s?|"
    r"(?:trading|playing|post) ?cards?|(?:postage|postal) stamps?|coats? of arms|theme park|freedom of panorama|"
    r"(?:info|information|notice) ?(?:board|panel|sign)s?|(?:tv|television|film|movie) \w+|architectur\w+|"
    r"\w*figur(?:e?s|en|ines?)?|notre-dame[ -]du[ -]haut|matisse|le corbusier|disney\w*|\w*plak[aá]t\w*|\w*tafeln?|"
    r"(?<!natural )(?<!national )(?<!ancient )(?<!heritage )monument(?:s and memorials|s to)?(?! valley| historique)|"
    r"(?!bau|kultur|natur|boden)\w*denkm[aä]l\w*|pomnik\w*|pom[nň]í[kč]\w*|památník\w*)\b|"
    r"афиш|граффити|игрушк|картин|памятник|пам.ятник|плакат|壁画|海报",
    re.IGNORECASE,
)
# In running text only: a category of somebody's paintings may be the uploader's own.
BY_ANOTHER = re.compile(
    r"\b(?:painting|drawing|print|mural|photo(?:graph)?|picture|work|artwork|installation|illustration)s? by "
    r"(?!me\b|myself\b)|(?-i:(?<!taken )(?<!shot )(?<!photographed )(?<!uploaded )"
    r"\bby (?P<name>(?:(?:[A-Z]\. ?)+|[A-Z]\w+ )[A-Z]\w+))",
    re.IGNORECASE,
)
# Templates that say that what is shown is a work, and where its picture may be used.
OF_PANORAMA = ("fop", "freedom of panorama", "nofop", "no fop")
_PERSON = (
    r"(?:man|men|woman|women|boys?|girls?|child(?:ren)?|bab(?:y|ies)|teenagers?|lady|gentleman|couple|bride|groom|"
    r"daughters?|sons?|wife|husband|mother|father|sisters?|brothers?|friends?|kids?|students?|people|persons?|crowd)"
)
PERSON = re.compile(
    r"\b(?:\w*portr[aä]i?ts?|retrato|ritratto|selfies?|head ?shots?|mug ?shots?|(?:group|team) photos?|"
    rf"(?:an?|the|my|his|her|our|their|some|two|three|four|five|many|young|old|elderly|little) {_PERSON}|"
    rf"(?:photo(?:graph)?|picture|image)s? of (?:me|myself|{_PERSON})|with (?:her|his|their)|"
    r"politicians?|actors?|actress(?:es)?|singers?|musicians?|rappers?|footballers?|\w+ players?|athletes?|cyclists?|"
    r"swimmers?|surfers?|hikers?|participants?|spectators?|demonstrators?|protest[eo]rs?|delegates?|audiences?|"
    r"celebrit(?:y|ies)|journalists?|professors?|novelists?|comedians?|fashion models?|presidents?|prime minister|"
    r"chancellor|senators?|congress(?:man|woman)|mayors?|ambassadors?|bishops?|concerts?|on stage|festivals?|weddings?|"
    r"wom[ae]n|girls?|boys?|couples?|family|families|people|sänger(?:in)?|politiker(?:in)?|menschen|kinder|frau(?:en)?|"
    r"mann|personas|niñ[oa]s?|mujer(?:es)?|enfants?|femmes?|hommes?|bambin[ioae]|donn[ae]|ludzie|dzieci|kobiet[ay])\b|"
    r"люди|дети|женщин|мужчин",
    re.IGNORECASE,
)
LATER_HAND = re.compile(
    r"(?<!hand[- ])(?<!hand)\bcolou?ri[sz](?:ed|ation|ing)\b|\bkoloriert(?:e|es)? (?:von|mit|version)|"
    r"\bdigitally (?:colou?r|restor|enhanc)|"
    r"\bAI[- ](?:generated|upscaled|enhanced|restored|colou?ri[sz]ed|made|created)|"
    r"\b(?:generated|made|created|upscaled|enhanced|restored|colou?ri[sz]ed) (?:by|with|using) "
    r"(?:an? )?(?:AI|artificial intelligence|neural)|\bdeoldify\b|\bmidjourney\b|"
    r"\bdall[-·•∙⋅]e\b|\b(?-i:DALL ?E ?[23])\b|\b(?:generated|made|created) (?:by|with|using) dall ?e\b|"
    r"\bstable diffusion\b|\bartificial intelligence generated\b|\btopaz gigapixel\b|\bphotomontages? by\b|"
    r"\bvectori[sz]ed by\b",
    re.IGNORECASE,
)


def _said(text: FilePage, title: str) -> str:
    """What the page calls its picture, in every language."""
    texts = (said for name in ("title", "description") for said in text.in_every_language(name))
    return "\n".join((title.replace("_", " "), *texts))


def works_of_others(text: FilePage, title: str, categories: Sequence[str], captions: Sequence[str]) -> Iterator[str]:
    """The words in a page's title, description, captions or categories that name something which has an author."""
    said = _said(text, title)
    for by in BY_ANOTHER.finditer("\n".join((said, *captions))):
        if not (by["name"] and names_a_place(by["name"])):
            yield by.group(0).strip().lower()
    for part in (said, *captions, *(name for name in categories if not is_heritage(name))):
        for words in (WORK_OF_ANOTHER, SOLID_IN_PROSE, SCULPTED, WORKS_ABROAD):
            if found := words.search(part):
                yield found.group(0).strip().lower()
    yield from (flat.lower() for part in (said, *captions) if (flat := made_flat(part)))
    yield from (f"template {use.name}" for use in text.templates if use.name.startswith(OF_PANORAMA))


def people(text: FilePage, title: str) -> Iterator[str]:
    """The words in a page's title or description that name a person."""
    if found := PERSON.search(_said(text, title)):
        yield f"words {found.group(0).lower()}"


def later_hands(text: FilePage, title: str, categories: Sequence[str]) -> Iterator[str]:
    """The words that tell of a colouring, enhancement or invention which the original did not have."""
    for part in (title.replace("_", " "), text.prose, *categories):
        if found := LATER_HAND.search(part):
            yield found.group(0).lower()
