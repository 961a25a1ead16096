"""The templates that stand in fields of file pages, as words: who made it, of what, how large, where, of whom.

Data and small functions; a template that is not here gives no text, and costs no more than its own place. Dates have
their words in date_words.py. Languages are resolved by the caller (`Call.text` gives one language).
https://commons.wikimedia.org/wiki/Commons:Templates and Category:Internationalization_templates
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pd_assets.lib.page import date_words
from pd_assets.lib.page.languages import NAMES


@dataclass(frozen=True, kw_only=True)
class Call:
    """One use of a template: its normalised name, its title as written, its arguments as text of one language."""

    name: str
    title: str
    arguments: Mapping[str, str]
    english: bool = True

    def text(self, *keys: str) -> str:
        """The first of these arguments that holds text."""
        return next((self.arguments[key] for key in keys if self.arguments.get(key)), "")

    def numbered(self) -> list[str]:
        """The positional arguments in order, the missing ones empty."""
        places = [int(key) for key in self.arguments if key.isdecimal() and len(key) < 3]
        return [self.arguments.get(str(place), "") for place in range(1, max(places, default=0) + 1)]


Words = Callable[[Call], str]
# Persons and houses have pages of their own, which are used as templates.
NAMED_PAGES = ("creator:", "institution:")
QID = re.compile(r"[QqPp]\d+")
MATERIALS = frozenset(
    ("oil", "tempera", "acrylic", "gouache", "watercolor", "watercolour", "pastel", "ink", "chalk", "charcoal",
     "graphite", "pencil", "gold", "enamel", "fresco", "mosaic", "silk", "lithograph", "engraving")
)  # fmt: skip
# Templates whose name is the text that they show.
THEMSELVES = frozenset(
    ("anonymous", "assumption of mary", "bronze", "drawing", "engraving", "etching", "fresco", "icon", "landscape",
     "lithograph", "lithography", "madonna and child", "marble", "mosaic", "painting", "photograph",
     "portrait of a woman", "portrait of a man", "portrait of a lady", "print", "private collection", "relief",
     "sculpture", "self-portrait", "sheet", "still life", "unknown", "unknown artist", "untitled", "watercolor",
     "watercolour", "woodcut", "albumen print", "cyanotype", "daguerreotype", "anonymous photographer", "poster",
     "adoration of the magi", "crucifixion", "annunciation", "nativity", "coat of arms", "manuscript", "tapestry")
)  # fmt: skip
# Templates that show their first argument as it is.
FIRST = frozenset(
    ("ucfirst:", "ucfirstletter:", "lcfirst:", "lc:", "uc:", "nowrap", "nobr", "small", "big", "smaller", "larger",
     "resize", "abbr", "italic title", "i", "b", "em", "quote", "cquote", "blockquote", "inscription", "sic", "center",
     "depicted place", "place", "place name", "font", "color", "hidden text", "caps", "smallcaps", "sc", "noitalic",
     "raw", "collapse", "original caption", "original description", "as written", "taxon", "species", "genus",
     "taxolink", "taxonavigation species", "title english", "mono", "lj", "keypress", "plain text", "p", "t0")
)  # fmt: skip
# Qualifiers of {{Creator:…|attributed to}} and templates of the same names.
# https://commons.wikimedia.org/wiki/Template:Creator#Option
ATTRIBUTIONS = frozenset(
    ("after", "attributed to", "circle of", "copy after", "copyist of", "follower of", "imitator of", "manner of",
     "near", "possibly", "probably", "pupil of", "school of", "studio of", "style of", "workshop of",
     "workshop or follower of", "formerly attributed to", "in the manner of", "in the style of", "cast by",
     "printed by", "published by", "engraved by", "designed by", "drawn by", "made by", "painted by", "photographed by")
)  # fmt: skip
COUNTRIES: Mapping[str, str] = MappingProxyType(
    {
        "ar": "Argentina", "at": "Austria", "au": "Australia", "be": "Belgium", "br": "Brazil", "ca": "Canada",
        "ch": "Switzerland", "cn": "China", "cz": "Czech Republic", "de": "Germany", "dk": "Denmark", "ee": "Estonia",
        "eg": "Egypt", "es": "Spain", "fi": "Finland", "fr": "France", "gb": "United Kingdom", "gr": "Greece",
        "hr": "Croatia", "hu": "Hungary", "ie": "Ireland", "il": "Israel", "in": "India", "iq": "Iraq", "ir": "Iran",
        "is": "Iceland", "it": "Italy", "jp": "Japan", "kr": "South Korea", "lt": "Lithuania", "lu": "Luxembourg",
        "lv": "Latvia", "ma": "Morocco", "mt": "Malta", "mx": "Mexico", "nl": "Netherlands", "no": "Norway",
        "nz": "New Zealand", "pe": "Peru", "pl": "Poland", "pt": "Portugal", "ro": "Romania", "rs": "Serbia",
        "ru": "Russia", "se": "Sweden", "si": "Slovenia", "sk": "Slovakia", "sy": "Syria", "tr": "Turkey",
        "ua": "Ukraine", "uk": "United Kingdom", "us": "United States", "va": "Vatican City", "vn": "Vietnam",
        "za": "South Africa",
    }
)  # fmt: skip


def words_of(call: Call) -> str:
    """What a template shows; nothing where it is not known."""
    if call.name in _BY_NAME:
        return _BY_NAME[call.name](call)
    if call.name in THEMSELVES:
        return call.name
    if call.name in FIRST:
        return call.text("1", "text", "content")
    if call.name in ATTRIBUTIONS:
        return _attributed(call.name, call.text("1"))
    if call.name.startswith(NAMED_PAGES):
        return _named_page(call)
    if call.name.startswith(("ucfirst:", "ucfirstletter:", "lcfirst:", "lc:", "uc:")):
        return call.title.split(":", 1)[1].strip()
    return _material(call)


def is_understood(name: str) -> bool:
    """Whether a template of this normal name is read here: it says a date, a place, a person, a technique."""
    if name in _BY_NAME or name in THEMSELVES or name in FIRST or name in ATTRIBUTIONS:
        return True
    return name.startswith(NAMED_PAGES) or bool(_material(Call(name=name, title=name, arguments={})))


def _named_page(call: Call) -> str:
    """{{Creator:Anna Vester|after}} and {{Institution:Louvre}}: the page's name is the person's or the house's."""
    name = call.title.split(":", 1)[1].strip().replace("_", " ")
    qualifier = call.text("1", "option").lower()
    return _attributed(qualifier, name) if qualifier in ATTRIBUTIONS else name


def _attributed(qualifier: str, name: str) -> str:
    return f"{qualifier} {name}" if name else ""


def _material(call: Call) -> str:
    """{{oil on canvas}}, {{tempera on wood}}, {{engraving on paper}}."""
    medium, on, support = call.name.partition(" on ")
    known = on and medium.split(" and ")[0].split()[-1:] and medium.split(" and ")[0].split()[-1] in MATERIALS
    return call.name if known and support.replace(" ", "").isalpha() else ""


def _technique(call: Call) -> str:
    """https://commons.wikimedia.org/wiki/Template:Technique: {{technique|oil|and=tempera|on=canvas|mounted=panel}}."""
    medium = " ".join(part for part in (call.text("adj", "color"), call.text("1", "medium")) if part)
    others = [call.text(key) for key in ("and", "and1", "and2", "and3", "and4") if call.text(key)]
    media = _listed([medium, *others])
    support = call.text("on", "support", "2")
    ground = " ".join(part for part in (call.text("adjon", "on-adj"), support) if part)
    mounted = call.text("mounted", "mounted on", "transferred to")
    over = call.text("over")
    parts = (media, f"over {over}" if over else "", f"on {ground}" if ground else "")
    return " ".join(part for part in parts if part) + (f", mounted on {mounted}" if mounted else "")


def _listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    present = [word for word in words if word]
    return " and ".join([", ".join(present[:-1]), present[-1]] if len(present) > 1 else present)


_MEASURES = ("height", "width", "length", "depth", "thickness")


def _size(call: Call) -> str:
    """{{Size|cm|73|92}}, {{Size|unit=cm|height=73|width=92}} and the old {{size|73|92|cm}}: `73 × 92 cm`."""
    numbered = [argument for argument in call.numbered() if argument]
    units = [argument for argument in numbered if not re.match(r"[\d.,]+", argument)]
    unit = call.text("unit", "units") or (units[0] if units else "")
    lengths = [argument for argument in numbered if re.match(r"[\d.,]+", argument)]
    lengths = lengths or [call.text(measure) for measure in _MEASURES if call.text(measure)]
    parts = [f"{' × '.join(lengths)} {unit}".strip()] if lengths else []
    if call.text("diameter"):
        parts.append(f"{call.text('diameter')} {unit} in diameter".replace("  ", " "))
    return ", ".join(parts)


def _convert(call: Call) -> str:
    return f"{call.text('1')} {call.text('2')}".strip()


def _city(call: Call) -> str:
    """{{city|Paris}}, {{country|FR}}: a name stays, a code is spelled out, an item of Wikidata has no text here."""
    places = [argument for argument in call.numbered() if argument and not QID.fullmatch(argument)]
    return ", ".join(COUNTRIES.get(place.lower(), place) for place in places)


def _link(call: Call) -> str:
    """{{w|Article|shown text|language}}."""
    return call.text("2", "1")


def _people(call: Call) -> str:
    return _listed([argument for argument in call.numbered() if not QID.fullmatch(argument)])


def _portrait(call: Call) -> str:
    whom = call.text("1", "name")
    kind = call.name.removeprefix("portrait").removeprefix(" of").strip()
    sitter = {"male": "a man", "female": "a woman", "m": "a man", "f": "a woman"}
    if kind:
        return f"portrait of {sitter.get(kind, kind)}"
    return f"portrait of {sitter.get(whom.lower(), whom)}" if whom else "portrait"


def _other_date(call: Call) -> str:
    return date_words.notation(call.numbered(), era=call.text("era", "era1"))


def _named_notation(call: Call) -> str:
    return date_words.notation([call.name.replace("date ", ""), *call.numbered()], era=call.text("era"))


def _circa(call: Call) -> str:
    """{{circa|1850|1860}}, and the older {{circa|1850|6|3}} with a month and a day."""
    year, *rest = [*call.numbered(), ""]
    if rest and rest[0].isdecimal() and len(rest[0]) < 3:
        return date_words.notation(["circa", date_words.ymd(year, *rest[:2])])
    return date_words.notation(["circa", year, *rest])


def _complex_date(call: Call) -> str:
    """https://commons.wikimedia.org/wiki/Template:Complex_date."""
    conjunction = call.text("conj", "1") or "circa" * bool(call.text("adj1").lower() in ("circa", "ca"))
    dates = [_complex_part(call, "1", "2"), _complex_part(call, "2", "3")]
    if date_words.is_notation(conjunction):
        return date_words.notation([conjunction, *dates])
    return " ".join(part for part in (conjunction, *dates) if part)


def _complex_part(call: Call, number: str, place: str) -> str:
    date = call.text(f"date{number}", place, *(("date",) if number == "1" else ()))
    precision = call.text(f"precision{number}", "precision").lower()
    if precision in ("century", "decade"):
        date = date_words.century(date) if precision == "century" else date_words.decade(date)
    else:
        date = date_words.written(date)
    adjective, era = call.text(f"adj{number}"), call.text(f"era{number}")
    is_implied = adjective.lower() in ("circa", "ca") and not call.text("conj", "1")
    return " ".join(part for part in ("" if is_implied else adjective, date, era) if part)


def _date(call: Call) -> str:
    year, month, day, *_ = [*call.numbered(), "", "", ""]
    return date_words.ymd(year, month, day)


def _written(call: Call) -> str:
    return date_words.written(call.text("1"))


def _second_or_first(call: Call) -> str:
    return call.text("2") or ("" if call.name == "lang" else call.text("1"))


def _title(call: Call) -> str:
    """{{title|Original|lang=fr|en=Translation}}: English where it is given (the caller puts it into `shown`)."""
    return call.text("shown", "1", "title")


def _language(call: Call) -> str:
    codes = [code.strip() for argument in call.numbered() for code in re.split(r"[,/]", argument) if code.strip()]
    return _listed([NAMES.get(code.lower(), code) for code in codes])


def _nothing(call: Call) -> str:
    return ""


def _info(call: Call) -> str:
    """A creator or a house that is described in place: {{Creator|Name=…}}."""
    return call.text("name", "1") if not QID.fullmatch(call.text("1")) else call.text("name")


_DATES: Mapping[str, Words] = {
    **dict.fromkeys(("other date", "otherdate", "od", "other date/layout", "autre date"), _other_date),
    **dict.fromkeys(("circa", "ca", "c.", "ca."), _circa),
    **dict.fromkeys(("between", "century", "decade", "before", "until"), _named_notation),
    **dict.fromkeys(("complex date", "cdate"), _complex_date),
    **dict.fromkeys(("date", "start date", "birth date", "dts", "isodate", "iso date", "year", "yyyy"), _date),
    **dict.fromkeys(("taken on", "taken in", "taken", "according to exif data", "according to exif", "exif date",
                     "iso date", "date taken", "published on", "dated"), _written),
    "date context": lambda call: date_words.written(call.text("2", "3")),
    # The day of an upload is no date of the work.
    **dict.fromkeys(("original upload date", "upload date", "uploaded", "date unknown", "unknown date"), _nothing),
}  # fmt: skip
_BY_NAME: Mapping[str, Words] = {
    **_DATES,
    **dict.fromkeys(("technique", "technique/layout", "medium", "art technique"), _technique),
    **dict.fromkeys(("size", "dimensions", "size/layout"), _size),
    **dict.fromkeys(("convert", "cvt", "unit"), _convert),
    **dict.fromkeys(("city", "country", "cityname", "place2", "town", "state", "countryname"), _city),
    **dict.fromkeys(("w", "wp", "wikipedia", "link", "ill", "c", "cl", "cc", "special:mypage", "label link"), _link),
    **dict.fromkeys(("depicted person", "depicted people", "depicted persons", "unbulleted list", "ubl", "ublist",
                     "plainlist", "flatlist", "hlist", "bulleted list", "and", "conj"), _people),
    **dict.fromkeys(("portrait", "portrait of", "portrait of male", "portrait of female", "portrait of a boy",
                     "portrait of a girl", "portrait of an unknown man", "portrait of an unknown woman"), _portrait),
    **dict.fromkeys(("lang", "transl", "transliteration", "translit", "nihongo2"), _second_or_first),
    **dict.fromkeys(("title", "alternative titles", "original title", "title original"), _title),
    **dict.fromkeys(("creator", "institution", "artist", "museum"), _info),
    **dict.fromkeys(("author", "name", "artist name"), lambda call: call.text("1")),
    **dict.fromkeys(("own", "own work", "self-photographed", "own photo", "own assumed",
                     "own work by original uploader", "propio", "eigene arbeit", "travail personnel",
                     "opera propria"), lambda call: "own work"),
    **dict.fromkeys(("unknown author", "unknown photographer", "author unknown", "unbekannt"), lambda call: "unknown"),
    **dict.fromkeys(("and others", "et al", "et al."), lambda call: "and others"),
    **dict.fromkeys(("language", "languages", "iso 639"), _language),
    **dict.fromkeys(("snd", "spaced ndash", "ndash", "mdash", "dash"), lambda call: " – "),
    **dict.fromkeys(("!", "dot", "·", "nbsp", "spaces", "-", "clear"), lambda call: " "),
    "=": lambda call: "=",
    # A position is no place, and where a picture came from says nothing about what it shows.
    **dict.fromkeys(("location", "location dec", "object location", "object location dec", "coord", "globe location",
                     "camera location", "not on view", "extracted from", "ef", "image extracted", "extracted", "q",
                     "wikidata", "provenanceevent", "cropped", "geographicus-link", "geographicus-source", "u", "user"),
                    _nothing),
}  # fmt: skip
