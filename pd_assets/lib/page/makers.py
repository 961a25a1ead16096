"""Who made the work, as a file page names them: every role, every box, in place, by Creator page, in words or by item.

A maker is read to what the page itself tells: a name, life dates, an item, or that nobody knows. What it does not tell
stays open; others may know (lib/rights/makers.py). https://commons.wikimedia.org/wiki/Template:Creator
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mwparserfromhell.nodes import Node, Tag, Template, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

from pd_assets.lib.page import boxes, wikitext
from pd_assets.lib.page.boxes import Argument
from pd_assets.lib.page.dates import CIRCA_YEARS, parse_years
from pd_assets.lib.page.field_text import read_field
from pd_assets.lib.page.file_page import FilePage
from pd_assets.lib.page.names import without_separators
from pd_assets.lib.page.personal import OWN_WORK, PERSONAL_LINK, without_personal

# Whoever stands in these shaped what is seen. Editors, translators and publishers did not.
ROLES = {"artist": "artist", "illustrator": "illustrator", "engraver": "engraver"}
# Arguments and information fields of such roles that labels know nothing of.
OTHER_ROLES = {
    **dict.fromkeys(("sculptor", "architect", "photograph by", "fotograf", "photographe", "fotógrafo", "fotografo",
                     "maler", "peintre", "pintor", "pittore", "художник", "фотограф", "作者", "画家", "畫家", "撮影者",
                     "author 2", "artist 2", "attributed to", "copy of", "after", "d'après", "nach", "original artist",
                     "original author", "colourist", "colorist", "lettering", "dessinateur"), "artist"),
    **dict.fromkeys(("illustrated by", "illustrateur", "ilustrador", "illustratore", "illustrationen", "zeichner",
                     "draughtsman", "draftsman", "drawn by", "drawer", "tekenaar"), "illustrator"),
    **dict.fromkeys(("engraved by", "etcher", "etched by", "stecher", "kupferstecher", "graveur", "grabador",
                     "incisore", "lithograph by", "lithographie", "woodcutter", "block cutter", "xylographer", "gravur",
                     "гравёр", "гравер"), "engraver"),
}  # fmt: skip
# What else an argument of such a role is called, by the beginning of a word, in the languages of most pages.
ROLE_LIKE = re.compile(
    r"\b(?:illustra|ilustra|иллюстр|grav(?!e\b|it)|grab(?:ad|ie)|grafik|engrav|etch|\w*ste(?:ch|k)er|инциз|"
    r"incis|kartogra|cartogra|"
    r"картогр|kolor|colou?ri|photogra|fotogra|фото|zeichn|drawn|drawing|dessin|desenh|disegn|dibuj|teken|tegn|teckn|"
    r"rysown|rytec|rytow|kuvitt|taitei|çizer|ressam|kunstn|künstl|художн|lith?ogra|литогр|x[iy]lograf|xylogra|woodcut|"
    r"holzschn|schab|prent|miniatur|illumin|calligra|pinx|sculps|delinea|fecit|inven(?:it|tor\b)|inv\Z|design|entwurf|"
    r"ausführ|bildhau|sculpt|architek|architec|peint|paint|pint|pitt|maler|co-?auth|co-?artist|collabor|contribut|"
    r"(?:second|other|original|further|\w*bild|cover|poster|map|stamp|set|costume|original|charts?) ?"
    r"(?:auth|artist|autor|urheber|creator|design)|(?:auth|aut[eo]r|urheber|künstler|artist|creator|maker|photographer|painter|"
    r"engraver)\w*\W?\d?\Z|"
    r"auteur|after|based on|vorlage|original by|kamera|cinematogr|by\Z|retouch|restor|реставр|scribe)|"
    r"絵|繪|绘|画|畫|插|挿|撮影|摄影|攝影|作者|著者|작가|그린",
    re.IGNORECASE,
)
# Roles of those who shaped nothing that is seen, and what is told of a thing and not of a person.
_OTHER_ROLE = re.compile(
    r"^(?:(?:commission|own|donat|publish|print|collect|upload|sold|bought|given|acquir)\w* by|"
    r"author of (?:the )?text|text author|photo(?:graph)? (?:date|location|number|id)|\w* ?date.*|.*techni.*|"
    r"architectur.*|.* (?:name|number|id|date|place|size|type|style|period|history|process|condition))\Z|"
    r"style|period|location|licen[cs]e|restoration|designation",
    re.IGNORECASE,
)
ITEM = re.compile(r"(?:^|[/:|=\s])(Q[1-9]\d{0,11})(?![\w])")
_YEAR = r"1\d{3}|20\d\d"
_CIRCA = r"(?:c(?:a|irca)?\.?|about|around|um|vers|~)"
_ODD = rf"(?:\s*\((?:{_CIRCA}|\?)\)|\s*\?)?"
_DAY = r"(?:(?:\d{1,2}\.?(?:st|nd|rd|th)?\s+)?[^\W\d]{3,12}\.?\s+(?:\d{1,2},?\s+)?|\d{1,2}[./]\d{1,2}[./])?"
_MONTH = (
    r"jan\w*|feb\w*|fév\w*|mar\w*|mär\w*|a[pvb]r\w*|ma[iyj]\w*|jui\w*|jun\w*|jul\w*|giu\w*|lug\w*|a[uo][gû]\w*|"
    r"ag\w*|sep\w*|set\w*|"
    r"o[ckt]t\w*|out\w*|ott\w*|nov\w*|d[eéi][czs]\w*|gen\w*|ene\w*|янв\w*|фев\w*|мар\w*|апр\w*|ма[йя]|ию\w*|"
    r"авг\w*|сен\w*|окт\w*|ноя\w*|дек\w*"
)
# Born and died, in whatever brackets or none: `(1840–1926)`, `, 1874-1940`, `7 August 1867 – 13 April 1956`.
LIFE = re.compile(
    rf"(?:\bb(?:orn|\.)\s*|\*\s*)?{_DAY}(?:{_CIRCA}\s*)?\b({_YEAR}){_ODD}(?:,?\s*[^\W\d][^\d()\[\]–—;-]{{0,30}})?\s*"
    rf"(?:[-–—‒−―~〜～]|\bto\b|\bbis\b|\bdied\b|[,;]?\s*(?:d\.|†))\s*(?:d(?:ied|\.)\s*|†\s*)?"
    rf"(?:[^\W\d][^\d()\[\]–—;-]{{0,30}},?\s*)?(?:{_CIRCA}\s*)?{_DAY}({_YEAR})\b{_ODD}",
    re.IGNORECASE,
)  # fmt: skip
DIED = re.compile(
    rf"(?:\b(?:died|d\.|death|deceased|gest(?:orben|\.)|mort[eo]?|décédée?|overleden|muri[óò]|fallecid[oa]|falecid[oa]|"
    rf"zm\.|zmarł[ay]?|zemřel[a]?|ум(?:\.|ер(?:ла)?)|död|døde?)|†)\s*:?\s*(?:(?:in|en|am|im|w|v)\s+)?"
    rf"{_DAY}(?:{_CIRCA}\s*)?({_YEAR})\b",
    re.IGNORECASE,
)
BORN = re.compile(
    rf"(?:\b(?:born|b\.|né|née|geb(?:oren|\.)|nat[oa]|nacid[oa]|ur\.|род\.)|\*)\s*:?\s*(?:in\s+)?{_DAY}({_YEAR})\b|"
    rf"[(\[,]\s*({_YEAR})\s*[-–—]\s*(?:present|today|heute|now|\?)?\s*(?:[)\]]|$)",
    re.IGNORECASE,
)
# A word in small letters beside years says of what they are, if not of a life: `(aktiv 1850–1900)`.
_YEARS_OF_SOMETHING = re.compile(
    rf"[(\[,;]\s*(?:in [A-Z]\w+|(?:[^()\[\]\d]*\s)?(?!(?:b|born|geb|geboren|née?|nat[oa]|nacid[oa]|nascid[oa]|"
    rf"nar|ur|род|født|född|"
    rf"syntynyt|sz|szül|d|de|le|c|ca|circa|um|about|around|vers|verso|rond|{_MONTH})\b)[^\W\dA-ZÀ-Þ][^\W\d]*)\.?\s+"
    rf"(?:{_CIRCA}\s*)?(?:{_YEAR})\s*[-–—]\s*(?:{_YEAR})|"
    rf"(?:{_YEAR})\s*[-–—]\s*(?:{_CIRCA}\s*)?(?:{_YEAR})\s+(?!(?:in|à|a|en|at|w|v|te|i|и|в|"
    rf"м)\b)[^\W\dA-ZÀ-Þ][^\W\d]+\s*[)\]]|"
    rf"[(\[]\s*活動"
)
# The one span of years beside a firm's name is that of its business.
FIRM = re.compile(
    r"\b(?:firm[ae]?|brothers|bros|co|company|verlag|gebrüder|frères|fratelli|hermanos|publishing|press|"
    r"studios?|sons)\b|photoglob",
    re.IGNORECASE,
)
_CIRCA_DEATH = re.compile(rf"\?\W*$|[-–—]\s*{_CIRCA}\s*\d{{4}}\W*$", re.IGNORECASE)
# These years are not those of a life, or not of the end of one.
UNSURE = re.compile(
    r"[-–—]\s*\d{4}\s*(?:/|or|oder|ou)\s*\d{2,4}|\b(?:formerly|früher|ehemals|anciennement|et al|and others|"
    r"not)\b|\bu\. ?a\.|"
    r"\b(?:active|act\.|fl|flor|floruit|worked|working|reign(?:ed)?|ruled|after|post|since|or later|tätig|actif|"
    r"activ[oa]|attivo|werkzaam|dynasty|period|century|centuries)\b|>",
    re.IGNORECASE,
)
# What is made after these words is by a further hand, whom the page does not name.
AFTER = re.compile(
    r"(?i:\b(?:after|copy|copies|copyist|copied|follower|imitator|manner|style|circle|school|forger|forgery|pastiche|"
    r"reproduction|nach|d'après|d’après|naar|según|secondo|według|workshop|studio|atelier|werkstatt|bottega|taller|"
    r"cop(?:ie|ia|ii|iste|ista)|kop(?:ie|ia|i|ist)|nachahmer|nachfolger|umkreis|schüler(?:in)?|schule|fälsch\w+|"
    r"suiveur|"
    r"entourage|élève|école|cercle|manière|cerchia|seguace|scuola|allievo|imitat\w+|seguidor|c[íi]rculo|escuela|escola|"
    r"discípulo|navolger|omgeving|leerling|naśladowca:?|uczeń|warsztat|szkoła|krąg|копия|школа|круг|мастерская|"
    r"последователь|подражатель|ученик|pupil|student|apprentice|based on|inspired by|efter|podle|wg|son|wife|daughter|"
    r"brother|sister|widow|heirs?|family|descendant|assistant|伝))\W*"
    r"\s+(?=[^\W\d_a-z]|(?:of|by|an?|the|von|des|de|di|da|van|с|i|la|le|du)\b)|(?i:d'après|d’après)|^\W*(?i:da|"
    r"dopo|по)\s"
)
# A copy, whoever of: its maker is a further hand too.
COPIED = re.compile(
    r"\b(?:copy|copies|copie|copia|kopie|kopia|replica|replik|forgery|fake|reproduction|facsimile|faksimile|"
    r"pastiche|копия)\b|"
    r"模写|摹|仿|(?-i:\bAI\b)|, (?:nach|after)\W*$|\b(?:school|follower|circle|pupil|workshop)s?\b\W*$",
    re.IGNORECASE,
)
NOBODY = re.compile(
    r"^\W*(?:(?:an? )?(?:unknown|anonym(?:ous)?|unidentified|unattributed|not (?:known|identified|attributed)|"
    r"unbekannt(?:er?)?|anonyme|inconnu(?:e|s)?|desconocid[oa]s?|desconhecid[oa]s?|an[óôò]nim[oa]s?|ignot[oa]|"
    r"sconosciut[oa]|onbekend|anoniem|okänd|ukendt|ukjent|tuntematon|ismeretlen|neznám[ýá]|nieznany|anonim(?:owy)?|"
    r"неизвест\w+|невідом\w+|аноним\w*|анонім\w*|непознат\w*|άγνωστος|bilinmiyor|不詳|不明|佚名|無名氏|작자 미상|미상|"
    r"مجهول|غير معروف|לא ידוע|अज्ञात)"
    r"(?:\W+(?:author|artist|photographer|painter|maker|engraver|creator|person|master|illustrator|cartographer|"
    r"künstler(?:in)?|maler|fotograf(?:in)?|autor(?:in)?|photographe|artiste|auteur|peintre|artista|autore?|pintor|"
    r"fot[óo]grafo|kunstenaar|maker|konstnär|kunstner|автор|художник|фотограф|unattributed|unknown|anonymous|or))*"
    r"\W*)+$",
    re.IGNORECASE,
)
# Bodies that keep or order works: nobody whose death could be asked for, and no maker beside a person.
BODY = re.compile(
    r"\b(?:museum|musée|museo|museu|archives?|archief|archivo|arquivo|library|bibliothek|bibliothèque|biblioteca|"
    r"collections?|foundation|institut(?:e|ion)?|university|universit\w+|department|bureau|ministry|ministère|"
    r"office|agency|administration|government|academy|society|trust|navy|army|air force|corps|commission|"
    r"gallery|committee|court|council|survey|service|congress|senate|nasa|fema|noaa)\b|"
    r"\w*archiv\b|музей|архів|архив|бібліотек|библиотек|图书馆|圖書館|博物[馆館]",
    re.IGNORECASE,
)
NOT_A_NAME = re.compile(
    r"^\W*(?:own(?: work)?|self|me|myself|(?:the )?uploader|see (?:above|below|source|description|title)|author|"
    r"original uploader.*|various|n/?a|none|not (?:given|stated|applicable)|[-–—?.]*)\W*$",
    re.IGNORECASE,
)
_PROFESSION = re.compile(
    r"^(?:[^\W\d_]+\W+){0,2}(?:painter|artist|photographer|engraver|illustrator|printmaker|sculptor|draughtsman|"
    r"draftsman|etcher|lithographer|designer|maler(?:in)?|künstler(?:in)?|fotograf(?:in)?|peintre|graveur|"
    r"pintor|pittore|"
    r"художник|jr|sr)$",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|（[^（）]*）")
# In brackets beside "unknown" a name in full is a guess at the maker; two words of a region are none.
_FULL_NAME = re.compile(
    r"(?<!\w)(?!(?:The|An?)\b|(?:South|North|East|West|Central|Upper|Lower)\w*\b)[^\W\d_a-z][\w.'’-]* [A-ZÀ-Þ]\w+"
)
_PUBLISHED = re.compile(r"[,;]?\s*\b(?:published|printed|publisher|printer)\b[^;\n]*", re.IGNORECASE)
_WORK_BY = re.compile(
    r"^\W*(?:photo(?:graph(?:ed)?|s)?|picture|painting|painted|drawing|drawn|engraving|engraved|etching|print|"
    r"work|made|"
    r"illustrat(?:ion|ed)) by\s+",
    re.IGNORECASE,
)
_ENDS_A_NAME = " ; "
_NAME = r"[^\W\d_a-z][\w'’.-]*"
_PARTICLES = (
    r"(?:v[ao]n|de[rnlms]?|della?|di|da|dal|du|des|dos|das|la|le|el|al|af|av|zu[rm]?|ten?|ter|bin|ibn|of|the|auf|in|op|"
    r"st|san|sant|het|t|l|d|called|dit|gen|genannt|detto|dei|degli|lo|jr|sr)"
)
# Two names in full with a word or sign between them that is no part of a name are two people, in whatever language.
_PART_IN_BRACKETS = re.compile(
    rf"^.(?:[^\W\d]+ ){{0,2}}(?:(?:by|von|par|di|de|af|av|door|przez)|[^\W\d]+:) ({_NAME} {_NAME})"
)
_SEVERAL = re.compile(
    r"[;&/+\n、，；＆•·×@|]|\s[–—-]\s|\s(?:and|with|und|et|y|och|og|и|та|after|nach|d['’]après|by|or|oder|sowie|mit|"
    r"avec|plus|ve|és|del\.|sc\.|sculps\w*\.?|fec(?:it|\.)|pinx(?:it|\.)|inv\.),?\s"
)
_BETWEEN_NAMES = re.compile(rf"({_NAME} {_NAME}),? (?!{_PARTICLES}\b)[^\W\d_A-ZÀ-Þ]\w{{0,6}} (?={_NAME} {_NAME})")
_TITLE = r"(?:First|Second|Third|Duke|Earl|Baron|Count|Viscount|Lord|Sir|Marquis|Duc|Comte|Herzog|Graf)\b"
_COMMA_BETWEEN_NAMES = re.compile(rf"({_NAME} {_NAME}) *, (?!{_TITLE})(?={_NAME} {_NAME})")
MOST_TEXT = 1_000
# The name of a maker of whom only that is known that the one who is named is not all.
FURTHER = "whoever made it"


@dataclass(frozen=True, kw_only=True)
class NamedMaker:
    """One maker, or what a field says in words: `creator_page` is the normal name of a Creator page, `item` a Q-id.

    `born` and `died` are the latest years that the page tells. `is_unknown`: the page says that nobody knows;
    `is_body`: only a museum, an archive or an office is named.
    """

    name: str
    role: str
    place: str
    creator_page: str | None = None
    item: str | None = None
    born: int | None = None
    died: int | None = None
    is_unknown: bool = False
    is_body: bool = False


def makers_named(page: FilePage) -> Iterator[NamedMaker]:
    """Everybody whom the boxes of a page name in a role that makes works, in the page's order."""
    for argument in page.arguments:
        role = role_of(argument)
        if role is not None:
            yield from _in_value(argument.value, role, f"{argument.box}.{argument.name}")


def role_of(argument: Argument) -> str | None:
    """The role that an argument stands for; None where it names no maker."""
    name = argument.name.removeprefix(boxes.OTHER)
    if argument.field in boxes.FIELDS or argument.field in boxes.BESIDE or argument.may_be_later:
        return ROLES.get(argument.field)
    is_like = (ROLE_LIKE.search(name) or ROLE_LIKE.search(_plain(name))) and not _OTHER_ROLE.search(name)
    return OTHER_ROLES.get(name) or ("artist" if is_like else None)


def _plain(name: str) -> str:
    """A name without accents."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))


# Who is named in running text for a part in the work, and that it is a copy.
_PART = (
    r"(?:(?:photo|litho)?gra(?:ph|v)\w*|engrav\w+|etch\w+|illustrat\w+|ilustra\w+|drawn|drawings?|painted|paintings?|"
    r"woodcuts?|design(?:ed)?|map|carved|cut|colou?red|copy|copied|work|photo|foto\w*|aufnahme|stich|gestochen|"
    r"gezeichnet|"
    r"gemalt|zeichnung\w*|kupferstich\w*|holzschnitt\w*|lithogra[fp]hi\w*|kopie|reproduction|dessin\w*|gravé\w*|"
    r"gravure|"
    r"peint\w*|copie|incis\w+|disegn\w+|grabad\w+|dibuj\w+|prent|tekening|rycina|rysunek|kresba|replica|"
    r"reproducci[oó]n)"
)
_BY = r"(?:by|von|par|di|da|de|del|door|av|af|przez|od|por)"
_WHO = (
    r"(?P<who>(?-i:(?!The\b|His\b|Her\b|An?\b|My\b)(?:[A-ZÀ-Þ][\w'’-]*\.? (?:(?:van|von|de|der|den|di|da|le|"
    r"la) )*){1,3}"
    r"[A-ZÀ-Þ][\w'’-]+))"
)
IN_PROSE = re.compile(
    rf"\b{_PART},? (?:and \w+ )?{_BY} {_WHO}|\b(?:photo\w*|foto\w*|illustration|zeichnung|gravure|"
    rf"stich): ?{_WHO.replace('who', 'credit')}",
    re.IGNORECASE,
)
_COPY_IN_PROSE = re.compile(
    r"\b(?:modern|later|recent|contemporary|(?:19|20|21)(?:th|st)[- ]century)e?n? (?:copy|copies|replicas?|"
    r"reproductions?|"
    r"facsimiles?|reprints?|restrikes?|kopie|nachbildung|nachdruck)\b|\b(?:copie|copia|reproducción|"
    r"réplica) modern[aeo]\b|"
    r"\bkopie des (?:19|20|21)\b|\brestrikes?\b|\breplica of the (?:19|20)",
    re.IGNORECASE,
)
_OF_COPIES = re.compile(
    r"(?:category:)?(?:(?:modern|later) )?(?:copies|replicas|reproductions|forgeries|facsimiles|pastiches)\b(?! in\b)",
    re.IGNORECASE,
)


def in_prose(page: FilePage, categories: Iterable[str]) -> Iterator[NamedMaker]:
    """Makers whom titles, descriptions and notes name beside their part in the work, and those of copies."""
    for field in ("title", "description", "notes"):
        for said in page.in_every_language(field):
            for found in IN_PROSE.finditer(said):
                shown = found["who"] or found["credit"]
                told = next(
                    in_words(
                        [said[found.start("who") if found["who"] else found.start("credit") :][:MOST_TEXT]],
                        "artist",
                        field,
                    ),
                    None,
                )
                died = told.died if told is not None and told.name.startswith(shown) else None
                if not BODY.search(shown):
                    yield NamedMaker(name=shown, role="artist", place=field, died=died)
            if _COPY_IN_PROSE.search(said):
                yield NamedMaker(name=f"{FURTHER} (a copy)", role="artist", place=field)
    for category in categories:
        if _OF_COPIES.match(category.replace("_", " ")):
            yield NamedMaker(name=f"{FURTHER} (a copy)", role="artist", place=f"category {category}")


def _in_value(value: Wikicode, role: str, place: str) -> Iterator[NamedMaker]:
    """Creators by their templates, and what is left in words."""
    rest = []
    for node in value.nodes:
        look = _by_template if isinstance(node, Template) else _inside
        found = list(look(node, role, place))
        yield from found
        if not found:
            rest.append(node)
    lines = [_line(node) for node in rest]
    yield from in_words(read_field(Wikicode(lines)).texts.values(), role, place)


def _line(node: Node) -> Node:
    """A node with its ends of lines as ends of names."""
    if isinstance(node, Tag) and str(node.tag).strip().lower() == "br":
        return Text(_ENDS_A_NAME)
    if isinstance(node, Wikilink) and not PERSONAL_LINK.search(str(node.title)):
        return Text(f"{node.text or str(node.title).split(':')[-1].replace('_', ' ')}{_ENDS_A_NAME}")
    return Text(str(node.value).replace("\n", _ENDS_A_NAME)) if isinstance(node, Text) else node


def _inside(node: object, role: str, place: str) -> Iterator[NamedMaker]:
    """Creators within lists and other tags, and items that a link leads to."""
    if isinstance(node, Tag) and node.contents is not None:
        if any(_is_creator(one) for one in node.contents.filter_templates(recursive=False)):
            yield from _in_value(node.contents, role, place)
    elif isinstance(node, Wikilink) and (found := ITEM.search(str(node.title))) and "d:" in str(node.title).lower():
        shown = without_separators(str(node.text or found.group(1)))
        yield NamedMaker(name=shown, role=role, place=place, item=found.group(1))


def _is_creator(template: Template) -> bool:
    name = wikitext.template_name(template)
    return name == "creator" or name.startswith("creator:") or name == "q"


def _by_template(template: object, role: str, place: str) -> Iterator[NamedMaker]:
    assert isinstance(template, Template)
    name = wikitext.template_name(template)
    if name.startswith("creator:"):
        shown = str(template.name).split(":", 1)[1].strip().replace("_", " ")
        yield NamedMaker(name=shown, role=role, place=place, creator_page=name)
        if template.has(1) and AFTER.search(f"{template.get(1).value} of X"):
            yield NamedMaker(name=f"{FURTHER} ({template.get(1).value})", role=role, place=place)
    elif name == "creator":
        yield _described(template, role, place)
    elif found := next(filter(None, (ITEM.fullmatch(str(one.value).strip()) for one in template.params)), None):
        yield NamedMaker(name=found.group(1), role=role, place=place, item=found.group(1))
    elif wikitext.LANGUAGES.intersection((name,)) and template.has(1):
        inner = template.get(1).value
        if any(_is_creator(one) for one in inner.filter_templates()):
            yield from _in_value(inner, role, place)


def _described(template: Template, role: str, place: str) -> NamedMaker:
    """A creator in place: {{Creator|Name=…|Deathdate=…|Wikidata=Q…}}."""
    given = {wikitext.normal_name(str(one.name)): str(one.value.strip_code()).strip() for one in template.params}
    died, born = (parse_years(given.get(key, "")) for key in ("deathdate", "birthdate"))
    item = ITEM.search(given.get("wikidata", "") or given.get("1", ""))
    return NamedMaker(
        name=without_separators(given.get("name") or given.get("1", "")),
        role=role,
        place=place,
        item=item.group(1) if item else None,
        born=born.last if born else None,
        died=died.last if died else None,
    )


def in_words(texts: Iterable[str], role: str, place: str) -> Iterator[NamedMaker]:
    """The makers that a field names in words, of which the same may stand in several languages."""
    read = [found for text in dict.fromkeys(texts) if (found := list(_of_text(text, role, place)))]
    whole = [makers for makers in read if all(maker.died or maker.is_unknown or maker.is_body for maker in makers)]
    latest = max((maker.died for makers in read for maker in makers if maker.died), default=None)
    for maker in (whole or read or [[]])[0]:
        if latest is not None and maker.died is not None and maker.died < latest:
            maker = NamedMaker(name=maker.name, role=role, place=place, born=maker.born, died=latest)
        yield maker
    for makers in read:
        yield from (maker for maker in makers if _is_another(maker, (whole or read)[0]))


def _is_another(maker: NamedMaker, chosen: list[NamedMaker]) -> bool:
    """Whether one language names somebody whom the chosen one does not: in one script a name is not translated."""
    names, known = (
        set(re.findall(r"[A-Za-zÀ-ɏ]{3,}", _plain(name).lower()))
        for name in (maker.name, " ".join(one.name for one in chosen))
    )
    is_open = not (maker.died or maker.is_unknown or maker.is_body or any(one.is_unknown for one in chosen))
    return is_open and bool(names and known) and not names & known


def _of_text(text: str, role: str, place: str) -> Iterator[NamedMaker]:
    said = without_personal(text)
    if said is None or NOT_A_NAME.match(said) or OWN_WORK.search(said):
        return
    said = _WORK_BY.sub("", _PUBLISHED.sub(" ", said[:MOST_TEXT]))
    if NOBODY.match(_BRACKETS.sub(" ", said)):
        is_named = any(_FULL_NAME.search(inside) for inside in _BRACKETS.findall(said))
        yield NamedMaker(name=without_separators(said), role=role, place=place, is_unknown=not is_named)
        return
    lives, rest = _lives(said)
    names = _names(rest)
    names += [found.group(1) for inside in _BRACKETS.findall(said) if (found := _PART_IN_BRACKETS.search(inside))]
    died = max((end for _, end in lives if end is not None), default=None)
    born = max((start for start, _ in lives if start is not None), default=None)
    known = sum(end is not None for _, end in lives)
    bodies = [name for name in names if BODY.search(name)]
    unknown = [name for name in names if NOBODY.match(name)]
    people = [name for name in names if name not in bodies and name not in unknown]
    shown = without_separators(_BRACKETS.sub(" ", said))
    if not people and not lives:
        is_unknown = bool(unknown) and not bodies and not re.search(r"\bQ\d", said)
        yield NamedMaker(name=shown, role=role, place=place, is_body=bool(bodies), is_unknown=is_unknown)
        return
    if not lives and len(people) > 1:
        yield from (NamedMaker(name=name, role=role, place=place) for name in people)
        people = []
    is_sure = (
        not (FIRM.search(said) and len(lives) < 2)
        and not UNSURE.search(AFTER.sub(" ", said))
        and not _YEARS_OF_SOMETHING.search(said)
    )
    is_told = died is not None and known >= len(people) and is_sure
    if people or lives:
        yield NamedMaker(name=shown, role=role, place=place, born=born, died=died if is_told else None)
    for name in unknown:
        yield NamedMaker(name=name, role=role, place=place, is_unknown=True)
    further = AFTER.search(said)
    before = said[: further.start()].strip() if further else said
    is_hidden = further and not (re.search(r"[^\W\d_a-z]\w", before) or NOBODY.match(before))
    if is_hidden or COPIED.search(said):
        yield NamedMaker(name=f"{FURTHER} ({shown})", role=role, place=place)


def _lives(said: str) -> tuple[list[tuple[int | None, int | None]], str]:
    """(born, died) of everybody whose years are told, and the text without them."""
    lives: list[tuple[int | None, int | None]] = []
    for found in LIFE.finditer(said):
        born, died = int(found.group(1)), int(found.group(2))
        latest = died + CIRCA_YEARS if _CIRCA_DEATH.search(found.group(0)) else died
        lives.append((born, latest) if 0 < died - born < 120 else (None, None))
    rest = LIFE.sub(_ENDS_A_NAME, said)
    lives += [(None, int(found.group(1))) for found in DIED.finditer(rest)]
    rest = DIED.sub(_ENDS_A_NAME, rest)
    lives += [(int(found.group(1) or found.group(2)), None) for found in BORN.finditer(rest)]
    return lives, BORN.sub(_ENDS_A_NAME, rest)


def _names(rest: str) -> list[str]:
    """The names in a text without life dates: `Hine, Lewis Wickes` is one, `Grün, A. & Blau, B.` are two, and so are
    `A. Grün (1850–1900), B. Blau`."""
    bare = _BRACKETS.sub(lambda found: _ENDS_A_NAME if _ENDS_A_NAME in found.group(0) else " ", rest)
    bare = _BETWEEN_NAMES.sub(rf"\1{_ENDS_A_NAME}", _COMMA_BETWEEN_NAMES.sub(rf"\1{_ENDS_A_NAME}", bare))
    names = []
    for part in _SEVERAL.split(bare):
        words = " ".join(re.sub(r"[\d?*†]", " ", part).split()).strip(" ,.:()[]-–—")
        if re.search(r"[^\W\d_]{2}|[^\x00-\x7f]", words) and (NOBODY.match(words) or not _PROFESSION.match(words)):
            names.append(words)
    return names
