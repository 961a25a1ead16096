"""What a photograph positively shows: something that nobody made, or made so long ago that nobody can own it.

Whoever gives a photograph away gives no right in what is on it, so an own work is accepted by its subject and not by
the absence of bad words. The archive's categories are in English by its policy, and a category's head noun says what
it is of: `Lakes of Bavaria in winter` is of lakes. What is said by none of these ways waits.
Source: Commons:Derivative works, Commons:Own work, Commons:Categories.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pd_assets.lib.page.file_page import FilePage
from pd_assets.lib.page.statements import DEPICTS, Statement
from pd_assets.lib.rights.knowledge import Entity, EntityKind, Questions
from pd_assets.lib.rights.tags import meaning_of_category

# What was built by this year is free as a building whoever was its architect.
BUILT_BY = 1850

_LAND = """
    lake pond lagoon river stream brook waterfall sea ocean bay gulf fjord coast shore beach dune cliff cape peninsula
    island islet mountain hill peak volcano glacier valley gorge canyon cave desert moor bog mire marsh swamp wetland
    meadow field heath forest wood grove orchard vineyard landscape nature countryside rock mineral quartz fossil
    ammonite soil snow ice frost fog cloud cumulonimbus sky sunset sunrise dusk rainbow lightning storm moon autumn
    winter spring lane path trail
"""
_LIVING = """
    animal wildlife fauna mammal bird fish insect butterfly moth beetle bee fly spider snail frog lizard snake turtle
    dog cat horse donkey cow cattle sheep lamb goat pig chicken duck goose swan gull pigeon eagle owl stork heron fox
    deer wolf squirrel rabbit hare hedgehog badger bat seal whale crab plant flora vegetation tree shrub flower blossom
    wildflower leaf foliage fruit berry grass moss fern lichen fungus mushroom cactus orchid rose tulip
"""
_PLAIN_THINGS = """
    bread cheese vegetable apple potato onion nut soup salad rice pasta honey tool hammer screw screwdriver wrench drill
    bolt bucket rope ladder brick firewood bicycle boat canoe tractor
"""
# Places where works may stand: besides the category, the page itself must say that it is of the place.
_WAYS = "street road track alley avenue village hamlet garden park farm harbour harbor"
_OLD_BUILDINGS = "castle farmhouse barn windmill watermill ruin hut cottage"
_BUILDINGS = "chapel church dovecote house tower monastery abbey bridge gate mill palace cathedral hall inn"
# With a capital letter a noun is a name, and `Chris Rock` is no rock: these are the nouns that no person is called by.
_NAME_LAND = "river mountain island peninsula glacier canyon valley creek desert volcano fjord lagoon coast forest sea"
_NAME_PLACES = "harbour harbor station pier street road square airport"
# Living things of which one speaks in the singular; of others the archive has plurals, and names.
_COLLECTIVES = "animal wildlife fauna flora vegetation foliage fish cattle sheep deer grass moss"
_OFTEN_NAMES = ("rock", "storm", "moon", "field")
_ODD_PLURALS = {"leaves": "leaf", "wolves": "wolf", "geese": "goose", "fungi": "fungus", "cacti": "cactus"}
LAND, LIVING, THINGS, WAYS = (frozenset(words.split()) for words in (_LAND, _LIVING, _PLAIN_THINGS, _WAYS))
OLD_BUILDINGS, BUILDINGS = frozenset(_OLD_BUILDINGS.split()), frozenset(_BUILDINGS.split())
NATURE, COLLECTIVES, NAME_LAND = LAND | LIVING, frozenset(_COLLECTIVES.split()), frozenset(_NAME_LAND.split())
NAME_PLACES = NAME_LAND | frozenset(_NAME_PLACES.split())
KNOWN = NATURE | THINGS | WAYS | OLD_BUILDINGS | BUILDINGS | NAME_PLACES
# What a name is told apart by: `Eagles (band)`.
_CALLED = re.compile(r".* \(([^()]*)\)\Z")
# All of a description, this may be anybody's name.
_IS_NAME = re.compile(r"(?!Lake |Mount |Loch |SONY DSC)[A-ZÀ-Þ]\w+(?: [A-ZÀ-Þ][\w'’-]+){1,2}")
_RESERVE = re.compile(r"[A-Z].* (?:National Park|Nature Reserve)\Z")
# Not the thing itself, but one that somebody made of it.
_MADE_UP = re.compile(
    r"\b(?:toys?|model|scale|miniature|rubber|plastic|plush|stuffed|taxiderm\w*|painted|paper|artificial|inflatable|"
    r"wooden|stone|concrete|bronze|metal|glass|chocolate|neon|robot\w*|fiction\w*|mythical|cartoon|animated|costumed|"
    r"decorat\w*|lego|origami|sand|snow|ice|easter|christmas|art|theme|movie|film|video|rock|pop|family)\b",
    re.IGNORECASE,
)
_BUILT_LATELY = re.compile(r"\b(?:modern\w*|contemporary|replica|rebuilt|neo-?\w+|revival|neubau)\b", re.IGNORECASE)
_CUT = re.compile(
    r"\s*(?:[,;:(–—/]| - |\b(?:in|of|at|near|by|from|on|with|to|along|around|between|under|over|during|seen|viewed|"
    r"without|and|before|after|behind|through|across|above|within|beside)\b)"
)
_ARTICLE = re.compile(r"\A(?:(?:an?|the|my|our|some|two|three|many|several)\s+)+", re.IGNORECASE)
_VIEW = re.compile(
    r"\A(?:view|photo(?:graph)?|picture|image|panorama|close-?up)s? (?:of|on|over) (?:an? |the )?", re.IGNORECASE
)
# `Lake Bled`, `Mount Fuji`: the kind stands first, and a name follows. Two of them are a sculpture and an actress.
_KIND_FIRST = re.compile(
    r"(?:Lake|Mount|Mt\.?|Cape|Loch|Lough) (?!Rushmore|Bell\b|Town\b)[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?\Z"
)
# `Fagus sylvatica`, `Meles meles`, `Syrphidae`: Latin forms of scientific names, and words of other tongues like them.
_GENUS = r"(?:[A-Z][a-z]+(?:us|a|um|is|ix|ex|ax|ys|dendron)|Acer|Papaver|Abies|Ribes)"
_EPITHET = r"(?:× ?)?[a-z]{2,}-?[a-z]*(?:us|a|um|is|ii|ae|oides|ans|ens|ense|ale|are|ile|ax|ior|ur|eas)"
# Endings that no other word of a category has: a genus may then end as it likes.
_SURE_EPITHET = re.compile(
    r"[a-z]+(?:ensis|ense|ic(?:us|um)|oides|ifoli(?:us|a|um)|orum|ianum|osum|estr(?:is|e)|escens|ior)\Z"
)
_SPECIES = re.compile(rf"(?P<genus>{_GENUS}|[A-Z][a-z]+) (?P<epithet>{_EPITHET}|[a-z]+)(?: [a-z]+(?:us|a|um|is))?\Z")
_HIGHER_TAXON = re.compile(r"[A-Z][a-z]{2,}(?:idae|inae|aceae|oideae|iformes|optera|opsida|phyta|mycota|mycetes)\Z")
_NO_GENUS = re.compile(
    r"(?:agnus|alma|arena|ave|basilica|campus|casa|christus|circus|columna|corpus|danza|fontana|homo|madonna|magna|maria|"
    r"mater|musica|opera|opus|piazza|plaza|porta|santa|scala|statua|terra|venus|via|villa|virgo) ",
    re.IGNORECASE,
)
_NO_EPITHET = re.compile(r"\w*(?:opera|drama|media|arena|villa|campus|bus|circus|stadium|museum|replica|rama|camera)\Z")
_HERITAGE = re.compile(
    r"(?:cultural heritage|listed|scheduled) (?:monuments?|buildings?) (?:in|of|with)\b", re.IGNORECASE
)
# Buildings that are old by their kind, and buildings that are old if the page says when they were built.
_OLD_BUILDING_SAID = re.compile(
    r"\b(?:half-timbered|thatched|fachwerk\w*|bauernhaus|umgebindehaus|windmühle|château|castello|castillo|burg|burgruine|"
    r"zamek|hrad|ruine|(?:chapelle|\w*kapelle|capilla|cappella|chapel)(?= (?:of )?(?:st\b|saint|san\b|sant|sankt)))\b",
    re.IGNORECASE,
)
_BUILDING_SAID = re.compile(
    r"\b(?:chapelle|\w*kapelle|capilla|église|\w*kirche|iglesia|chiesa|kościół|kostel|\w*haus|maison|\w*turm|torre|"
    r"abbaye|kloster|\w*brücke|pont|ponte|puente|\w*tor|brama|palais|schloss|cathédrale|catedral|pigeonnier)\b",
    re.IGNORECASE,
)
_BUILT_OLD = re.compile(
    r"\b(?:1[0-7]\d\d|18[0-4]\d|1850)\b|\b(?:[5-9]|1[0-8])(?:th|\.|e|ème|[ºo]\.?)?[ -](?:century|jahrhundert|jh\b|jhdt|"
    r"siècle|siglo|secolo|século|eeuw|wiek|století)|"
    r"\b(?:V|VI{1,3}|IX|X|XI{1,3}|XIV|XV|XVI{1,3})e? (?:siècle|siglo|secolo|século|wieku?|století|század)|"
    r"\b(?:romans?|romano|römische?|medieval|mittelalter\w*|médiéval\w*|romanesque|romanisch\w*)\b",
    re.IGNORECASE,
)
_WAY_SAID = re.compile(r"(?:\w*stra[sß]+e|\w*gasse|rue|ruelle|calle|ulica|\w*straat|chemin|camino)\b", re.IGNORECASE)
_ONLY_PLACES = re.compile(
    r"(?:[\s,]*\b(?:in|at|near|from|by|on|of|seen|viewed|photographed|taken|during|with|under|over|along|across|around|"
    r"after|before|looking)\b[^,;.]*)*\.?\Z"
)
_ANY_YEAR = re.compile(r"(?<!\d)(?:18[5-9]\d|19\d\d|20\d\d)(?!\d)")
# Categories that say nothing of what is shown: licences, ways of uploading, prizes, days.
_NO_SUBJECT = re.compile(
    r"(?:self-published work|(?:media|files|pages) (?:with|missing|needing|by|uploaded)|all media |taken with |"
    r"images (?:with|uploaded|of wiki|from wiki)|uploaded (?:with|via|by|in) |supported by |wiki loves |user-created|"
    r"(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* )?\d{4} in |(?:quality|featured|valued) [ip]|"
    r"(?:photos?|photographs?|images) (?:of [\w ]* )?by user|(?:[\w ]* )?photographs taken (?:on|with) |no qic by|"
    r"license migration|(?:province|county|district) of |cc-|cc0|gfdl|pd[- ])|.* (?:in|on) \d{4}\Z|\d{4}\Z",
    re.IGNORECASE,
)
# taxon, taxon without subdivision, fossil taxon, clade, a kind of organism by its common name, breeds of dog and cat
_LIVING_CLASSES = ("Q16521", "Q310890", "Q23038290", "Q713623", "Q55983715", "Q39367", "Q43577")
# lake, mountain, range, river, stream, forest, beach, cloud, sky, sea, bay, cape, island, hill, valley, cliff, cave,
# waterfall, volcano, glacier, pond, nature reserve, national park; road, street
_LAND_CLASSES = (
    "Q23397", "Q8502", "Q46831", "Q4022", "Q47521", "Q4421", "Q40080", "Q8074", "Q527", "Q165", "Q39594", "Q185113",
    "Q23442", "Q54050", "Q39816", "Q107679", "Q35509", "Q34038", "Q8072", "Q35666", "Q3253281", "Q179049", "Q46169",
    "Q34442", "Q79007",
)  # fmt: skip
# plant, animal, bird, insect, tree, flower, dog, cat, horse, cattle, sunset, snow, food, fruit, bread, tool, bicycle
_PLAIN_ITEMS = (
    "Q756", "Q729", "Q5113", "Q1390", "Q10884", "Q506", "Q144", "Q146", "Q726", "Q830", "Q166564", "Q7561", "Q2095",
    "Q3314483", "Q7802", "Q39546", "Q11442",
)  # fmt: skip
PLAIN_CLASSES = frozenset((*_LIVING_CLASSES, *_LAND_CLASSES, *_PLAIN_ITEMS))
# castle, chapel, church, windmill, watermill, farmhouse, ruins, house, bridge, tower, monastery, building
_BUILDING_CLASSES = frozenset(
    ("Q23413", "Q108325", "Q16970", "Q38720", "Q185187", "Q489357", "Q109607", "Q3947", "Q12280", "Q12518", "Q44613",
     "Q41176")
)  # fmt: skip
# city, big city, town, village, municipality, settlement, country: where something is, and not what
_PLACE_CLASSES = frozenset(("Q515", "Q1549591", "Q3957", "Q532", "Q15284", "Q486972", "Q6256"))
_HUMANS = frozenset(("Q5", "Q15978631"))


@dataclass(frozen=True, kw_only=True)
class Subjects:
    """What a photograph shows that is plain, and what is named as shown and may be anything."""

    plain: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()


def subjects_of(
    text: FilePage, title: str, categories: Sequence[str], statements: Sequence[Statement], ask: Questions
) -> Subjects:
    """The subjects of an own photograph by its structured data, its categories, and the first words of its page."""
    said = _said(text, title)
    names = [name.replace("_", " ").removeprefix("Category:") for name in categories]
    names = [name for name in dict.fromkeys(names) if not _says_no_subject(name)]
    items = dict.fromkeys(statement.value for statement in statements if statement.property == DEPICTS)
    of_items = {item: _plain_item(item, ask.entity(item)) for item in items}
    of_names = {name: _is_plain_category(name, said) for name in names}
    plain = [f"statement {DEPICTS} {item}" for item, is_plain in of_items.items() if is_plain]
    plain += [f"category {name}" for name, is_plain in of_names.items() if is_plain]
    if not plain and all(map(_is_of_land, said)):
        plain = [f"words {sentence}" for sentence in said]
    places = "\n".join((*said, *(name for name, is_plain in of_names.items() if is_plain)))
    shown = {entity.name for item, is_plain in of_items.items() if is_plain and (entity := ask.entity(item))}
    unclear = [f"statement {DEPICTS} {item}" for item, is_plain in of_items.items() if is_plain is None]
    unclear += [f"words {name}" for name in said if _IS_NAME.fullmatch(name) and head_of(name) not in KNOWN | {""}]
    unclear += [
        f"category {name}"
        for name, is_plain in of_names.items()
        if not is_plain and name not in shown and not (plain and _is_place_of(name, places))
    ]
    return Subjects(plain=tuple(sorted(plain)), unclear=tuple(sorted(unclear)))


def people_depicted(statements: Sequence[Statement], ask: Questions) -> Iterator[str]:
    """The depicted items that Wikidata knows as people."""
    for statement in statements:
        entity = ask.entity(statement.value) if statement.property == DEPICTS else None
        if entity is not None and entity.kind is EntityKind.PERSON:
            yield f"statement {DEPICTS} {statement.value} is a person"


def head_of(phrase: str) -> str:
    """The singular of the noun that a phrase is about, in lower case: `Old oak trees in Kent` -> `tree`.

    Empty where what it names was made to look like it: toys, paintings, sculptures in snow.
    """
    words = _words_to_head(phrase)
    return "" if not words or _MADE_UP.search(" ".join(words[:-1])) else _singular(words[-1].lower())


def _singular(last: str) -> str:
    for ending, instead in (("ies", "y"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("s", "")):
        if last.endswith(ending) and not last.endswith("ss") and last not in _ODD_PLURALS:
            singular = last.removesuffix(ending) + instead
            return singular if singular in KNOWN else last
    return _ODD_PLURALS.get(last, last)


def names_a_place(name: str) -> bool:
    """Whether a name ends in what a place is called, and no person: `Riva Harbour`, `Main Street`."""
    return head_of(name) in NAME_PLACES


def is_heritage(name: str) -> bool:
    """Whether a category is a list of protected buildings, which the archive calls monuments."""
    return _HERITAGE.match(name.replace("_", " ")) is not None


def is_scientific_name(name: str) -> bool:
    """Whether a category's name has the form of a living thing's scientific name."""
    left = _CUT.split(name.split(" '")[0], maxsplit=1)[0].strip()
    if _HIGHER_TAXON.fullmatch(left):
        return True
    found = _SPECIES.fullmatch(left)
    if found is None or _NO_GENUS.match(left) or _NO_EPITHET.fullmatch(found["epithet"]):
        return False
    if found["genus"].lower() == found["epithet"] or _SURE_EPITHET.match(found["epithet"]):
        return True
    return bool(re.fullmatch(_GENUS, found["genus"]) and re.fullmatch(_EPITHET, found["epithet"]))


def _words_to_head(phrase: str) -> list[str]:
    phrase = _VIEW.sub("", _ARTICLE.sub("", phrase.strip(), count=1), count=1)
    return re.findall(r"[\w'’-]+", _CUT.split(phrase, maxsplit=1)[0])


def _says_no_subject(name: str) -> bool:
    return _NO_SUBJECT.match(name) is not None or meaning_of_category(name.lower()) is not None


def _said(text: FilePage, title: str) -> list[str]:
    """What the page calls its picture: titles and descriptions in every language; without them the file's name."""
    said = [text_ for field in ("title", "description") for text_ in text.in_every_language(field)]
    stem = title.replace("_", " ").removeprefix("File:").rpartition(".")[0]
    return said or [re.sub(r"[\s\d-]+\Z", "", stem)]


def _plain_item(item: str, entity: Entity | None) -> bool | None:
    """Whether a depicted item is plain; False for a mere place, None where it may be anything."""
    if item in _HUMANS:
        return None
    if item in PLAIN_CLASSES:
        return True
    if entity is None or entity.kind is not EntityKind.OTHER or entity.makers or entity.has_unnamed_maker:
        return None
    if PLAIN_CLASSES.intersection(entity.classes):
        return True
    if _BUILDING_CLASSES.intersection(entity.classes) and entity.made is not None and entity.made.last <= BUILT_BY:
        return True
    return False if _PLACE_CLASSES.intersection(entity.classes) else None


def _is_plain_category(name: str, said: Sequence[str]) -> bool:
    head = head_of(name)
    if is_scientific_name(name) or _is_nature(name) or _RESERVE.match(name) or (head in THINGS and _is_noun(name)):
        return True
    if head in WAYS:
        return all(head_of(sentence) in WAYS | LAND or _WAY_SAID.match(sentence) for sentence in said)
    if head in OLD_BUILDINGS or head in BUILDINGS or _HERITAGE.match(name):
        return _is_old_building(name, said)
    return False


def _is_nature(phrase: str) -> bool:
    """Whether a phrase is about land, water, sky, weather or a living thing, by its head noun or as a name."""
    words = _words_to_head(phrase)
    return bool(_KIND_FIRST.match(" ".join(words))) or (head_of(phrase) in NATURE and _is_noun(phrase))


def _is_noun(phrase: str) -> bool:
    """Whether the head of a phrase is a noun, and not the last part of a name."""
    words, head = _words_to_head(phrase), head_of(phrase)
    if _CALLED.search(phrase) and head_of(_CALLED.sub(r"\1", phrase)) not in NATURE:
        return False
    if len(words) > 1:
        is_of_name = head not in LAND and any(word[0].isupper() for word in words[1:])
        return (words[-1][0].islower() or head in NAME_LAND) and not is_of_name
    is_plural = words[0].lower() != head
    return is_plural or (head in LAND | THINGS | COLLECTIVES and head not in _OFTEN_NAMES)


def _is_old_building(category: str, said: Sequence[str]) -> bool:
    """Whether the page calls it a building of an old kind, or a building and says that it was built long ago.

    A year since then speaks against it, wherever it stands; the photograph's own stands in the field for the date.
    """
    words = "\n".join((category, *said))
    if _ANY_YEAR.search(words) or _BUILT_LATELY.search(words):
        return False
    starts = [_ARTICLE.sub("", sentence.strip(), count=1) for sentence in said]
    heads = {_singular(left[-1].lower()) for left in map(_words_to_head, said) if left}
    if any(map(_OLD_BUILDING_SAID.match, starts)) or heads & OLD_BUILDINGS:
        return True
    return bool(any(map(_BUILDING_SAID.match, starts)) or heads & BUILDINGS) and bool(_BUILT_OLD.search(words))


def _is_of_land(sentence: str) -> bool:
    """Whether a sentence is of land, water, sky or weather, and says besides only where it was seen from."""
    words = _words_to_head(sentence)
    if not words or not _is_nature(sentence) or head_of(sentence) in LIVING:
        return False
    return _ONLY_PLACES.match(sentence[sentence.find(words[-1]) + len(words[-1]) :]) is not None


def _is_place_of(name: str, places: str) -> bool:
    """Whether a category's name is where the picture was taken: `Lunt` beside `A lane in Lunt`."""
    where = rf"\b(?:in|near|at|from|around|towards|of|am|im|bei|à|dans|en|nel|na|w|v|på) (?:the )?{re.escape(name)}"
    return re.search(rf"{where}(?=\Z|[\n,;.()]| (?:in|with|and|on|at|from)\b)", places) is not None
