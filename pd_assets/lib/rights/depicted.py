"""What a page says against its picture by what it shows: works of others, people, later hands in an old picture.

Whoever gives a photograph away with CC0 gives away no right in the mural, the toy or the face on it
(Commons:Derivative works). What speaks for a picture is in subjects.py, so no list here need be complete: its words
speak against a page that names a plain subject too.
"""

import re
from collections.abc import Iterator, Sequence

from pd_assets.lib.page.file_page import FilePage
from pd_assets.lib.rights.subjects import is_heritage, names_a_place
from pd_assets.lib.rights.surrogate import SCULPTED, SOLID_IN_PROSE

# Works as the archive's categories and English pages call them; then how the words begin in other languages.
WORK_OF_ANOTHER = re.compile(
    r"\b(?:murals?|graffit[io]|artworks?|works? of art|(?:street|public|in) art|art installations?|installations? art|"
    r"paintings?|drawings? of|posters?|billboards?|advertis(?:ements?|ing)|covers? of|book jackets?|"
    r"(?:book|album|record|magazine|comic|game|cd|dvd) covers?|"
    r"screen ?shots?|stills?(?! life)|video games?|tattoos?|lego|toys?|dolls?|plush(?:ies)?|teddy bears?|puppets?|"
    r"figures?|funko|cosplay(?:er)?s?|costumes?|comics?|mangas?|anime|cartoons?|(?:trading|playing) cards?|"
    r"bank ?notes?|coins?|medals?|(?:postage|postal) stamps?|packag(?:e|es|ing)|mosaics?|stained[- ]glass|"
    r"tapestr(?:y|ies)|plaques?|"
    r"skyscrapers?|architects?|architectur\w+|designed by|buildings? by|sculptors?|painters?|replicas?|reproductions?|"
    r"(?:photo(?:graph)?|picture|copy|scan|print)s? of (?:an? |the )?"
    r"(?:painting|drawing|photo(?:graph)?|poster|picture|artwork|print|illustration|cover|page|original)s?|"
    r"eiffel tower (?:at|by) night|pyrami\w+ (?:du )?louvre|louvre pyramid|notre-dame du haut|museums?|exhibitions?|"
    r"galleries|heraldry|coats? of arms|logos?|mascots?|theme park|disney|memorials?|freedom of panorama|"
    r"(?<!natural )(?<!national )(?<!ancient )(?<!heritage )monument(?:s and memorials|s to)?(?! valley| historique)|"
    r"(?:tv|television|film|movie) \w+|fernseh\w*|bildschirm\w*|captura de (?:pantalla|tela)|capture d.écran|schermata|"
    r"wandgemälde|wandbild|murale|fresque|\w*plakate?|affiches?|cartel|carteles|spielzeug|jouets?|juguetes?|giocattol[io]|"
    r"(?!baudenkmal|kulturdenkmal|naturdenkmal|bodendenkmal)\w*denkm[aä]l\w*|mahnmal|pomnik\w*|pom[nň]í[kč]\w*|"
    r"památník\w*|spomenik\w*|plakát\w*)\b|"
    r"памятник|пам.ятник|плакат|афиш|граффити|мурал|игрушк|архитектор|скриншот|壁画|ポスター|海报",
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
    r"\b(?:(?:self[- ])?portraits? (?:of|photo)|portr[aä]t|retrato de|ritratto di|selfies?|head ?shots?|mug ?shots?|"
    rf"(?:an?|the|my|his|her|our|their|some|two|three|four|five|many|young|old|elderly|little) {_PERSON}|"
    rf"(?:photo(?:graph)?|picture|image)s? of (?:me|myself|{_PERSON})|"
    r"politicians?|actors?|actress(?:es)?|singers?|musicians?|rappers?|footballers?|\w+ players?|athletes?|cyclists?|"
    r"swimmers?|wrestlers?|boxers?|participants?|attendees?|spectators?|demonstrators?|protest[eo]rs?|delegates?|"
    r"audiences?|(?:group|team) photos?|celebrit(?:y|ies)|journalists?|professors?|novelists?|comedians?|youtubers?|"
    r"influencers?|fashion models?|presidents?|prime minister|chancellor|senators?|congress(?:man|woman)|mayors?|"
    r"ambassadors?|bishops?|sängerin|sänger|politiker(?:in)?|schauspieler(?:in)?|teilnehmer(?:innen|in)?|"
    r"zuschauer(?:innen|in)?|menschen|kinder|participantes|personas|niñ[oa]s?|personnes|enfants?|persone|bambin[ioae]|"
    r"ludzie|dzieci)\b|люди|дети|мэр\b|певиц",
    re.IGNORECASE,
)
LATER_HAND = re.compile(
    r"(?<!hand[- ])(?<!hand)\bcolou?ri[sz](?:ed|ation|ing)\b|\bkoloriert(?:e|es)? (?:von|mit|version)|"
    r"\bdigitally (?:colou?r|restor|enhanc)|"
    r"\bAI[- ](?:generated|upscaled|enhanced|restored|colou?ri[sz]ed|made|created)|"
    r"\b(?:generated|made|created|upscaled|enhanced|restored|colou?ri[sz]ed) (?:by|with|using) "
    r"(?:an? )?(?:AI|artificial intelligence|neural)|\bdeoldify\b|\bmidjourney\b|"
    r"\bdall[-·•∙⋅]e\b|\b(?-i:DALL ?E ?[23])\b|\b(?:generated|made|created) (?:by|with|using) dall ?e\b|"
    r"\bstable diffusion\b|\bartificial intelligence generated\b|"
    r"\btopaz gigapixel\b|"
    r"\bphotomontages? by\b|\bvectori[sz]ed by\b",
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
        for words in (WORK_OF_ANOTHER, SOLID_IN_PROSE, SCULPTED):
            if found := words.search(part):
                yield found.group(0).strip().lower()
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
