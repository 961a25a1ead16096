"""The information boxes of a file page, and which of their arguments is which field.

https://commons.wikimedia.org/wiki/Commons:Infobox_templates. A template that nobody listed counts as a box where its
arguments are those of one: institutions have hundreds of their own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from mwparserfromhell.nodes import ExternalLink, Heading, Tag, Template, Wikilink
from mwparserfromhell.wikicode import Wikicode

from pd_assets.lib.page import wikitext
from pd_assets.lib.page.field_text import FieldText, read_field

# Label field -> the arguments that hold it, the better one first.
FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "title": ("title", "name", "titel", "titre", "título", "titolo", "название", "original title"),
        "subtitle": ("subtitle",),
        "artist": ("artist", "author", "creator", "painter", "photographer", "map maker", "cartographer", "maker",
                   "designer", "urheber", "autor", "auteur", "autore", "künstler", "автор"),
        "date": ("date", "year", "artwork date", "date of creation", "map date", "datum", "fecha", "data", "дата"),
        "published": ("publication date", "date of publication", "published"),
        "description": ("description", "artwork description", "beschreibung", "descripción", "descrizione",
                        "beschrijving", "descrição", "описание", "caption", "photo description"),
        "depicted_people": ("depicted people", "depicted person", "sitter"),
        "depicted_place": ("depicted place", "depicted location", "depicted locations", "location depicted",
                           "map location"),
        "subject": ("subject", "subjects", "keywords", "topic", "topics", "legend"),
        "medium": ("medium", "technique", "artwork medium", "materials", "material", "support"),
        "dimensions": ("dimensions", "size", "artwork dimensions", "image dimensions"),
        "object_type": ("object type", "type", "map type", "artwork type", "object name"),
        "genre": ("genre",),
        "style": ("style", "movement", "school", "style or school", "culture"),
        "period": ("period", "era"),
        "institution": ("institution", "gallery", "museum", "collection", "repository"),
        "department": ("department",),
        "place": ("place of creation", "place of origin", "place of discovery", "place", "place of publication", "city",
                  "country", "current location"),
        "inscriptions": ("inscriptions", "inscription"),
        "language": ("language",),
        "publisher": ("publisher",),
        "editor": ("editor",),
        "translator": ("translator",),
        "illustrator": ("illustrator",),
        "engraver": ("engraver", "printmaker", "lithographer", "printer"),
        "series": ("series", "series title"),
        "volume": ("volume",),
        "edition": ("edition",),
        "scale": ("scale",),
        "notes": ("notes", "note", "remarks", "comments", "anmerkungen", "extra info"),
        "accession_number": ("accession number", "accession", "id"),
    }
)  # fmt: skip
BY_ARGUMENT: Mapping[str, str] = {name: field for field, names in FIELDS.items() for name in names}
# Of the photograph of a work, not of the work.
SURROGATE = "surrogate"
# Names of these boxes' arguments that mean something else than elsewhere: who photographed a work did not make it.
OTHERWISE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "art photo": {"photographer": SURROGATE, "photo description": SURROGATE, "photo date": SURROGATE},
        "object photo": {"photographer": SURROGATE, "date": SURROGATE, "description": "notes"},
        "book": {"name": "", "type": ""},
        "map": {"type": "object_type"},
    }
)
# Fields that no label is made of.
SOURCE, PERMISSION = "source", "permission"
BESIDE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        SOURCE: ("source", "artwork source", "quelle", "fuente", "photo source", "fonte", "bron", "источник"),
        PERMISSION: ("permission", "license", "licence", "artwork license", "photo license", "licensing"),
    }
)  # fmt: skip
# Arguments that may well name a later year than the work's: of its way to the archive, not of its making. What each
# entry is worth in pictures is in docs/rights.md.
LATER_YEARS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "source": (*BESIDE[SOURCE], "source description", "references", "reference", "bibliography", "literature",
                   "citation", "url", "link", "website", "homepage", "see also"),
        "number": ("accession number", "accession", "id", "inventory number", "object number", "identifier",
                   "wikidata"),
        "credit line": ("credit line", "credit", "creditline"),
        "provenance": ("object history", "provenance", "ownership history", "acquisition", "date acquired"),
        "exhibition": ("exhibition history", "exhibitions", "exhibition"),
        "scan": ("photo date", "photo description", "scan date", "scanned by", "digitisation", "upload date"),
        "other files": ("other versions", "other version", "related", "other fields gallery"),
        "size": ("dimensions", "size", "artwork dimensions", "image dimensions", "scale"),
    }
)  # fmt: skip
_BESIDE: Mapping[str, str] = {name: field for field, names in BESIDE.items() for name in names}
_MAY_BE_LATER = frozenset(name for names in LATER_YEARS.values() for name in names)
OTHER_BOXES = frozenset(
    ("object photo", "musical work", "specimen", "biohist", "google art project", "google cultural institute",
     "walters art museum artwork", "nara-image-full", "information art", "engraving", "information trans",
     "milim", "stamp", "coin", "manuscript", "book page", "informaciónn", "british museum", "information en")
)  # fmt: skip
EXTRA_BOXES = frozenset(("information field", "informationfield", "infofield", "infi", "information-field", "if field"))
NEVER_BOXES = frozenset(("credit line", "self", "location", "license", "watermark", "assessments", "translation"))
OTHER = "other: "
EXTRA = "information field"


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a box: its field ("" where it is none that we know), box and argument as the page names them."""

    field: str
    box: str
    name: str
    value: Wikicode

    @property
    def seen_in(self) -> str:
        return f"wikitext {self.box}.{self.name}"

    @property
    def is_label(self) -> bool:
        """Whether labels are made of it."""
        return self.field in FIELDS or self.field.startswith(OTHER)

    @property
    def may_be_later(self) -> bool:
        """Whether a year in it need not be one of the work: see LATER_YEARS."""
        return self.name in _MAY_BE_LATER or OTHERWISE.get(self.box, {}).get(self.name) == SURROGATE

    @cached_property
    def read(self) -> FieldText:
        """What it says in each language. Errors: those of BAD_FIELD, where it is too odd to be read."""
        return read_field(self.value)


def boxes(code: Wikicode | None) -> Iterator[Template]:
    """The information boxes of a page in their order, at whatever depth of layout they stand; not those inside one."""
    for node in code.nodes if code is not None else ():
        if isinstance(node, Template):
            name = wikitext.template_name(node)
            if is_box(name, node):
                yield node
            elif name not in wikitext.MENTIONS:
                for parameter in node.params:
                    yield from boxes(parameter.value)
        elif isinstance(node, Tag):
            if str(node.tag).strip().lower() not in wikitext.DEAD_TAGS:
                yield from boxes(node.contents)
        elif isinstance(node, Wikilink):
            yield from boxes(node.text)
        elif isinstance(node, ExternalLink | Heading):
            yield from boxes(node.title)


def is_box(name: str, template: Template) -> bool:
    """Whether a template is an information box: one that is listed, or one whose arguments are those of a box."""
    if name in wikitext.INFORMATION_BOXES or name in OTHER_BOXES:
        return True
    if name in NEVER_BOXES or name in EXTRA_BOXES or name.startswith(("pd", "cc-", "creator", "institution")):
        return False
    fields = {BY_ARGUMENT.get(wikitext.normal_name(str(parameter.name))) for parameter in template.params}
    return {"description", "artist"} <= fields or len({"title", "artist", "date", "medium", "institution"} & fields) > 2


def arguments(box: Template) -> Iterator[Argument]:
    """The arguments of a box, {{Information field}}s inside any of them included; of one field the better one first."""
    box_name = wikitext.template_name(box)
    values = _values(box)
    otherwise = OTHERWISE.get(box_name, {})
    known = [name for name in (*BY_ARGUMENT, *_BESIDE) if name in values]
    for name in (*known, *(name for name in values if name not in known)):
        field = otherwise.get(name, BY_ARGUMENT.get(name, _BESIDE.get(name, "")))
        for value in values[name]:
            yield Argument(field=field, box=box_name, name=name, value=value)
    for several in values.values():
        for value in several:
            yield from extra_fields(value)


def _values(template: Template) -> dict[str, list[Wikicode]]:
    """The arguments by name. Of one that is given twice the last counts, as in MediaWiki; `Date` and `date` are two,
    of which Commons' boxes take either: a filled one counts before an empty one, and two filled ones both."""
    written = {str(parameter.name).strip(): parameter.value for parameter in template.params}
    values: dict[str, list[Wikicode]] = {}
    for spelling, value in written.items():
        several = values.setdefault(wikitext.normal_name(spelling), [])
        if str(value).strip():
            several[:] = [*(one for one in several if str(one).strip()), value]
        elif not several:
            several.append(value)
    return values


def extra_fields(code: Wikicode) -> Iterator[Argument]:
    """{{Information field|name=Genus|value=Rosa}} anywhere in a value."""
    for node in code.nodes:
        if not isinstance(node, Template):
            continue
        if wikitext.template_name(node) not in EXTRA_BOXES:
            continue
        values = {name: several[-1] for name, several in _values(node).items()}
        name = values.get("name", values.get("1"))
        value = values.get("value", values.get("2"))
        if name is None or value is None:
            continue
        called = wikitext.normal_name(read_field(name).shown).rstrip(":")
        if called:
            field = BY_ARGUMENT.get(called, f"{OTHER}{called}")
            yield Argument(field=field, box=EXTRA, name=called, value=value)
