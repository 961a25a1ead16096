"""Label fields of a Smithsonian record: its title, free text and index, all CC0 where its metadata are.

Whether they are is the record's `metadata_usage`; records without that give no labels.
https://www.si.edu/openaccess/devtools; labels of the free text are the museums' own and are kept as they write them.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

# freetext group -> label field, for groups whose entries all mean the same.
GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "objectType": "object_type", "place": "place", "date": "date", "topic": "subject", "culture": "style",
        "physicalDescription": "medium", "taxonomicName": "taxon", "language": "language", "title": "title",
    }
)  # fmt: skip
MAKERS = re.compile(
    r"\b(?:artist|maker|author|painter|sculptor|photographer|designer|engraver|printer|lithographer|manufacturer|"
    r"draftsman|illustrator|architect|etcher|publisher|creator|attribut(?:ed|ion))\b|"
    r"^(?:after|follower of|circle of)\b",
    re.IGNORECASE,
)
SITTERS = re.compile(r"\b(?:sitter|subject|depicted|portrayed)\b", re.IGNORECASE)
DESCRIPTIONS = re.compile(
    r"\b(?:description|summary|label|caption|brief description|luce center label)\b", re.IGNORECASE
)
DIMENSIONS = re.compile(r"\b(?:dimensions?|measurements?|size|weight|duration|extent)\b", re.IGNORECASE)
MEDIA = re.compile(r"\b(?:medium|materials?|technique|physical description|composition)\b", re.IGNORECASE)
INSCRIPTIONS = re.compile(r"\b(?:inscriptions?|marks?|signature)\b", re.IGNORECASE)
PERIODS = re.compile(r"\b(?:period|dynasty|era)\b", re.IGNORECASE)
DATES = re.compile(r"^(?:date|date (?:made|created|published)|creation date|published|associated date)$", re.IGNORECASE)
CLASSIFICATIONS = re.compile(r"\b(?:classification|type|object name|genre|nationality|style)\b", re.IGNORECASE)
# Notes about the record or its history; also everything that names other people than the makers and the shown.
ADMINISTRATIVE = re.compile(
    r"\b(?:provenance|exhibition|record|credit|catalog(?:ue)? status|accession|donor|collector|owner|citation|rights|"
    r"restrictions?|count|previous|bibliograph|published references|cite|funding|custod|sponsor|acquisition|number)\b",
    re.IGNORECASE,
)
COMMON_NAMES = ("common name", "scientific name", "genus", "")
INDEXED: Mapping[str, str] = MappingProxyType(
    {"object_type": "object_type", "topic": "subject", "culture": "style", "place": "place"}
)


def read_freetext(freetext: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """Label field, text and where it stands, for every entry that describes the object."""
    for group, entries in freetext.items():
        for entry in entries if isinstance(entries, list) else ():
            if not isinstance(entry, Mapping):
                continue
            label, content = str(entry.get("label") or ""), entry.get("content")
            field = _field(str(group), label)
            if field and isinstance(content, str) and content.strip():
                yield field, content, f"freetext {group}.{label}" if label else f"freetext {group}"


def read_indexed(indexed: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """The index terms that the free text may lack."""
    for group, field in INDEXED.items():
        terms = indexed.get(group)
        for term in terms if isinstance(terms, list) else ():
            if isinstance(term, str):
                yield field, term, f"indexedStructured {group}"


def _field(group: str, label: str) -> str:
    if group == "name":
        return "artist" if MAKERS.search(label) else "depicted_people" if SITTERS.search(label) else ""
    if ADMINISTRATIVE.search(label):
        return ""
    if group == "notes":
        return _note(label)
    if group == "physicalDescription" and not MEDIA.search(label):
        return "dimensions" if DIMENSIONS.search(label) else f"other: {label.lower()}" if label else ""
    if group == "date":
        return "period" if PERIODS.search(label) else "date" if not label or DATES.match(label) else ""
    if group == "taxonomicName":
        return "subject" if label.lower() in COMMON_NAMES else f"other: {label.lower()}"
    if group == "setName":
        return ""
    if group == "dataSource":
        return "institution"
    return GROUPS.get(group, "")


def _note(label: str) -> str:
    for pattern, field in (
        (DESCRIPTIONS, "description"),
        (DIMENSIONS, "dimensions"),
        (INSCRIPTIONS, "inscriptions"),
        (MEDIA, "medium"),
        (CLASSIFICATIONS, "genre"),
    ):
        if pattern.search(label):
            # A "Physical Description" among the notes is a list of measures, and tells little of the picture.
            return "notes" if label.lower() == "physical description" else field
    return f"other: {label.lower()}" if label else "notes"
