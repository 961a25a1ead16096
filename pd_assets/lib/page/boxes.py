"""The information boxes of a file page, and which of their arguments is which label field.

https://commons.wikimedia.org/wiki/Commons:Infobox_templates. A template that nobody listed counts as a box where its
arguments are those of one: institutions have hundreds of their own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mwparserfromhell.nodes import ExternalLink, Tag, Template, Wikilink
from mwparserfromhell.wikicode import Wikicode

from pd_assets.lib.page import wikitext

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
# Names of these boxes' arguments that mean something else than elsewhere: who photographed a work did not make it.
OTHERWISE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "art photo": {"photographer": "", "photo description": "", "photo date": ""},
        "object photo": {"photographer": "", "date": "", "description": "notes"},
        "book": {"name": "", "type": ""},
        "map": {"type": "object_type"},
    }
)
SOURCES = ("source", "artwork source", "quelle", "fuente", "photo source", "fonte", "bron", "источник")
OTHER_BOXES = frozenset(
    ("object photo", "musical work", "specimen", "biohist", "google art project", "google cultural institute",
     "walters art museum artwork", "nara-image-full", "information art", "engraving", "information trans",
     "milim", "stamp", "coin", "manuscript", "book page", "informaciónn", "british museum", "information en")
)  # fmt: skip
EXTRA_BOXES = frozenset(("information field", "informationfield", "infofield", "information-field", "if field"))
NEVER_BOXES = frozenset(("credit line", "self", "location", "license", "watermark", "assessments", "translation"))
OTHER = "other: "


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a box: the label field, the template and the argument as the page names them, the value."""

    field: str
    seen_in: str
    value: Wikicode


def boxes(code: Wikicode) -> Iterator[Template]:
    """The information boxes of a page in their order, at whatever depth of layout they stand; not those inside one."""
    for node in code.nodes:
        if isinstance(node, Template):
            name = wikitext.template_name(node)
            if _is_box(name, node):
                yield node
            elif name not in wikitext.MENTIONS and not name.startswith(("pd-", "cc-")):
                for parameter in node.params:
                    yield from boxes(parameter.value)
        elif isinstance(node, Tag) and node.contents is not None:
            if str(node.tag).strip().lower() not in wikitext.DEAD_TAGS:
                yield from boxes(node.contents)
        elif isinstance(node, Wikilink | ExternalLink):
            continue


def _is_box(name: str, template: Template) -> bool:
    if name in wikitext.INFORMATION_BOXES or name in OTHER_BOXES:
        return True
    if name in NEVER_BOXES or name in EXTRA_BOXES or name.startswith(("pd", "cc-", "creator", "institution")):
        return False
    fields = {BY_ARGUMENT.get(wikitext.normal_name(str(parameter.name))) for parameter in template.params}
    return {"description", "artist"} <= fields or len({"title", "artist", "date", "medium", "institution"} & fields) > 2


def arguments(box: Template) -> Iterator[Argument]:
    """The arguments of a box that are label fields, {{Information field}}s inside any argument included.

    Of two arguments for one field the better one comes first.
    """
    box_name = wikitext.template_name(box)
    values: dict[str, Wikicode] = {}
    for parameter in box.params:
        values[wikitext.normal_name(str(parameter.name))] = parameter.value
    otherwise = OTHERWISE.get(box_name, {})
    for field, names in FIELDS.items():
        for name in names:
            if name in values and otherwise.get(name, field):
                yield Argument(
                    field=otherwise.get(name, field), seen_in=f"wikitext {box_name}.{name}", value=values[name]
                )
    for value in values.values():
        yield from _extra(value)


def sources(box: Template) -> Iterator[Wikicode]:
    """Where the picture came from, as the box says."""
    for parameter in box.params:
        if wikitext.normal_name(str(parameter.name)) in SOURCES:
            yield parameter.value


def _extra(code: Wikicode) -> Iterator[Argument]:
    """{{Information field|name=Genus|value=Rosa}} anywhere in a value."""
    for node in code.nodes:
        if not isinstance(node, Template):
            continue
        if wikitext.template_name(node) not in EXTRA_BOXES:
            continue
        values = {wikitext.normal_name(str(parameter.name)): parameter.value for parameter in node.params}
        name = values.get("name", values.get("1"))
        value = values.get("value", values.get("2"))
        if name is None or value is None:
            continue
        called = wikitext.normal_name(wikitext.plain_text(name)).rstrip(":")
        if called:
            field = BY_ARGUMENT.get(called, f"{OTHER}{called}")
            yield Argument(field=field, seen_in=f"wikitext information field.{called}", value=value)
