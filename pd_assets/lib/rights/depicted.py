"""What a page says that its picture shows: works of others, people, and later hands in an old picture.

Whoever gives a photograph away with CC0 gives away no right in the mural, the toy or the face on it
(Commons:Derivative works). The words lean to the safe side: they quarantine, so that a person looks.
"""

import re
from collections.abc import Iterator, Sequence

from pd_assets.lib.page.file_page import FilePage
from pd_assets.lib.rights.surrogate import SOLID_IN_PROSE

WORK_OF_ANOTHER = re.compile(
    r"\b(?:murals?|graffit[io]|street art|artworks?|works? of art|public art|art installations?|posters?|billboards?|"
    r"advertis(?:ements?|ing)|(?:book|album|cd|dvd|vinyl|record|magazine|comic|game|front|back) covers?|"
    r"covers? of (?:an? |the )?(?:book|album|novel|magazine|record|comic|single)|book jackets?|screen ?shots?|"
    r"film stills?|video games?|tattoos?|lego|toys?|dolls?|barbie|plush(?:ies)?|teddy bears?|puppets?|"
    r"action figures?|funko|cosplay(?:er)?s?|comics?|mangas?|anime|cartoons?|trading cards?|playing cards|"
    r"bank ?notes?|(?:postage|postal) stamps?|packag(?:e|es|ing)|board games?|mosaics?|stained[- ]glass|"
    r"tapestr(?:y|ies)|skyscrapers?|architects?|architectural|architecture|designed by|buildings? by|sculptors?|"
    r"(?:photo(?:graph)?|picture|copy|scan|reproduction|replica|print)s? of (?:an? |the )?"
    r"(?:painting|drawing|photo(?:graph)?|poster|picture|artwork|print|illustration|cover|page|original)s?|"
    r"eiffel tower (?:at|by) night|louvre pyramid|pyramide du louvre|atomium|burj (?:khalifa|al[- ]arab)|"
    r"little mermaid|centre pompidou|grande arche|la défense|tour montparnasse|fondation louis vuitton|"
    r"viaduc de millau|millau viaduct|opéra bastille|villa savoye|notre-dame du haut|stade de france|"
    r"hallgr[ií]mskirkja|(?:tv|television) (?:screens?|stills?|shows?|series|programmes?|broadcasts?)|"
    r"movie (?:stills?|posters?)|"
    r"logos?|mascots?|theme park|disney|pok[eé]mon|star wars|marvel|"
    r"wandgemälde|wandbild|\w*plakate?|\w*denkm[aä]l(?:er)?|\w*skulptur(?:en)?|statuen?|kunstwerke?|spielzeug|puppen?|"
    r"buchumschlag|briefmarken?|architekt(?:in|ur)?|fernseh\w*|bildschirm(?:foto|aufnahme)|standbild|"
    r"capture d.écran|captura de (?:pantalla|tela)|schermata|"
    r"affiches?|[œo]e?uvres? d.art|peinture murale|fresque murale|couvertures? de|jouets?|poup[ée]es?|architecte|"
    r"timbres?[- ]poste|"
    r"carteles?|esculturas?|estatuas?|obras? de arte|juguetes?|arquitect[oa]|portada de|"
    r"scultur[ae]|statu[ae]|opera d.arte|giocattol[io]|copertina|architetto|murales)\b|"
    r"памятник|скульптур|плакат|граффити|мурал|игрушк|марка\b|обложк|архитектор|скриншот",
    re.IGNORECASE,
)
# In running text only: a category of somebody's paintings may be the uploader's own.
BY_ANOTHER = re.compile(
    r"\b(?:painting|drawing|print|mural|photo(?:graph)?|picture|work|artwork|installation|illustration)s? by "
    r"(?!me\b|myself\b)|(?-i:(?<!taken )(?<!shot )(?<!photographed )(?<!uploaded )"
    r"\bby (?:(?:[A-Z]\. ?)+|[A-Z]\w+ )[A-Z]\w+)",
    re.IGNORECASE,
)
_PERSON = (
    r"(?:man|men|woman|women|boys?|girls?|child(?:ren)?|bab(?:y|ies)|teenagers?|lady|gentleman|couple|bride|groom|"
    r"daughters?|sons?|wife|husband|mother|father|sisters?|brothers?|friends?|kids?|students?|people|persons?|crowd)"
)
PERSON = re.compile(
    r"\b(?:(?:self[- ])?portraits? (?:of|photo)|portr[aä]t|retrato de|ritratto di|selfies?|head ?shots?|mug ?shots?|"
    rf"(?:an?|the|my|his|her|our|their|some|two|three|four|five|many|young|old|elderly|little) {_PERSON}|"
    rf"(?:photo(?:graph)?|picture|image)s? of (?:me|myself|{_PERSON})|"
    r"politicians?|actors?|actress(?:es)?|singers?|musicians?|rappers?|footballers?|(?:football|basketball|baseball|"
    r"tennis|hockey|cricket|rugby|soccer|chess) players?|athletes?|cyclists?|swimmers?|wrestlers?|boxers?|"
    r"participants?|attendees?|spectators?|demonstrators?|protest[eo]rs?|delegates?|audiences?|(?:group|team) photos?|"
    r"teilnehmer(?:innen|in)?|zuschauer(?:innen|in)?|menschen|kinder|participantes|asistentes|personas|niñ[oa]s?|"
    r"personnes|enfants?|persone|bambin[ioae]|ludzie|dzieci|"
    r"celebrit(?:y|ies)|journalists?|professors?|novelists?|comedians?|youtubers?|influencers?|fashion models?|"
    r"presidents?|prime minister|chancellor|senators?|congress(?:man|woman)|mayors?|ambassadors?|bishops?|"
    r"sängerin|sänger|politiker(?:in)?|schauspieler(?:in)?|fu[sß]+ballspieler(?:in)?|"
    r"chanteu(?:r|se)|acteur|actrice|homme politique|femme politique|cantante|político|política|futbolista|"
    r"attore|attrice|calciatore)\b",
    re.IGNORECASE,
)
LATER_HAND = re.compile(
    r"(?<!hand[- ])(?<!hand)\bcolou?ri[sz](?:ed|ation|ing)\b|\bkoloriert(?:e|es)? (?:von|mit|version)|"
    r"\bdigitally (?:colou?r|restor|enhanc)|"
    r"\bAI[- ](?:generated|upscaled|enhanced|restored|colou?ri[sz]ed|made|created)|"
    r"\b(?:generated|made|created|upscaled|enhanced|restored|colou?ri[sz]ed) (?:by|with|using) "
    r"(?:an? )?(?:AI|artificial intelligence|neural)|\bdeoldify\b|\bmidjourney\b|"
    r"\bdall[-· ]?e\b|\bstable diffusion\b|\bartificial intelligence generated\b|\btopaz gigapixel\b|"
    r"\bphotomontages? by\b|\bvectori[sz]ed by\b",
    re.IGNORECASE,
)


def _said(text: FilePage, title: str) -> str:
    return "\n".join((title.replace("_", " "), *text.all_of("title"), *text.all_of("description")))


def works_of_others(text: FilePage, title: str, categories: Sequence[str]) -> Iterator[str]:
    """The words in a page's title, description or categories that name something which has an author."""
    said = "\n".join((*text.all_of("title"), *text.all_of("description")))
    if found := BY_ANOTHER.search(said):
        yield found.group(0).strip().lower()
    for part in (_said(text, title), *categories):
        for words in (WORK_OF_ANOTHER, SOLID_IN_PROSE):
            if found := words.search(part):
                yield found.group(0).strip().lower()


def people(text: FilePage, title: str) -> Iterator[str]:
    """The words in a page's title or description that name a person."""
    if found := PERSON.search(_said(text, title)):
        yield f"words {found.group(0).lower()}"


def later_hands(text: FilePage, title: str, categories: Sequence[str]) -> Iterator[str]:
    """The words that tell of a colouring, enhancement or invention which the original did not have."""
    for part in (title.replace("_", " "), text.prose, *categories):
        if found := LATER_HAND.search(part):
            yield found.group(0).lower()
