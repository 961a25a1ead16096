"""The vocabulary of licence tags, as data: what each says of the rights, by its normalised name.

A tag is a template on the page, an argument of one that wraps others ({{PD-Art|PD-old-100}}), or a licence category.
Source: Commons:Copyright tags and the tags' own documentation; see docs/rights.md. An unknown tag is never a ground.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a tag means for a decision."""

    GROUND = "ground"  # the work is free, for the reason that the tag names
    DEDICATION = "dedication"  # the holder gave all rights up
    OBLIGATION = "obligation"  # free to use under conditions: for us not free
    DOUBT = "doubt"  # somebody disputes it, or the licence is missing
    PERSON = "person"  # an identifiable living person
    NO_GROUND = "no_ground"  # public domain for a reason that does not help: one country only, too simple to protect
    UNKNOWN = "unknown"  # looks like a licence, and is not in this table


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """A tag's meaning: `life` is the years after the author's death that it claims, `us` whether it names a US ground."""

    kind: Kind
    us: bool = False
    life: int | None = None
    needs_death_year: bool = False


def _grounds() -> dict[str, Meaning]:
    grounds: dict[str, Meaning] = {}
    for life in (70, 75, 80, 90, 95, 100):
        grounds[f"pd-old-{life}"] = Meaning(kind=Kind.GROUND, life=life)
        for ending in ("-expired", "-1923", "-1996"):
            grounds[f"pd-old-{life}{ending}"] = Meaning(kind=Kind.GROUND, life=life, us=ending != "-1996")
    for name in ("pd-old-auto", "pd-old-auto-1996"):
        grounds[name] = Meaning(kind=Kind.GROUND, needs_death_year=True)
    for name in ("pd-old-auto-expired", "pd-old-auto-1923"):
        grounds[name] = Meaning(kind=Kind.GROUND, us=True, needs_death_year=True)
    for name in ("pd-us-expired", "pd-us", "pd-1923", "pd-us-not renewed", "pd-us-no notice"):
        grounds[name] = Meaning(kind=Kind.GROUND, us=True)
    return grounds


def _named(kind: Kind, *names: str) -> dict[str, Meaning]:
    return {name: Meaning(kind=kind) for name in names}


# fmt: off
MEANINGS: dict[str, Meaning] = {
    **_grounds(),
    **_named(Kind.DEDICATION, "cc-zero", "cc0", "cc-0", "cc0-1.0", "cc-zero-1.0", "pd-self", "pd-user", "pd-author",
             "pd-release", "pd-retouched-user"),
    **_named(Kind.OBLIGATION, "gfdl", "gfdl-1.2", "gfdl-1.3", "fal", "free art license", "attribution",
             "attribution only license", "copyrighted free use", "copyrighted free use provided that", "beerware",
             "no known restrictions", "no restrictions", "flickr-no known copyright restrictions", "nkcr",
             "pdmark-owner", "pdm-owner", "cc-pd-mark-owner", "mit", "gpl", "lgpl", "agpl", "bsd", "ogl", "ogl3",
             "kogl", "godl-india", "licence ouverte", "open government licence", "see below", "dl-de-by-2.0",
             "multi-license", "dual-license", "pd-france", "non-free", "nonfree", "fair use", "noncommercial"),
    **_named(Kind.DOUBT, "delete", "deletion request", "deletion requests", "speedydelete", "speedy", "copyvio", "sd",
             "no license", "no license since", "no license/en", "nld", "no source", "no source since", "nsd",
             "no permission", "no permission since", "npd", "disputed", "disputed coat of arms", "dubious license",
             "license review", "licensereview", "flickrreview", "copyright violations", "not-pd-us-uraa",
             "works copyrighted in the u.s.", "wrong license", "out of scope", "unconfirmed permission",
             "permission pending", "duplicate", "media without a license", "media without a source",
             "media missing permission", "license review needed", "undelete", "temporarily undeleted"),
    **_named(Kind.PERSON, "personality rights", "personality", "personality rights warning", "living people",
             "consent", "identifiable people"),
    **_named(Kind.NO_GROUND, "pd-old", "pd-art-old", "pd-old default", "pd old", "pd-1996", "pd-anon-70",
             "pd-anon-expired", "anonymous-eu", "pd-eu-anonymous", "pd-italy", "pd-nigeria", "pd-ru-exempt", "pd-uk",
             "pd-uk-anon", "pd-germany", "pd-austria", "pd-japan", "pd-japan-oldphoto", "pd-china", "pd-india",
             "pd-mexico", "pd-argentina", "pd-australia", "pd-canada", "pd-poland", "pd-russia", "pd-sweden",
             "pd-sweden-photo", "pd-norway50", "pd-denmark50", "pd-finland50", "pd-switzerland-photo", "pd-turkey",
             "pd-iran", "pd-iraq", "pd-egypt", "pd-brazil-media", "pd-chile", "pd-peru", "pd-spain", "pd-portugal",
             "pd-netherlands", "pd-belgium", "pd-textlogo", "pd-text", "pd-shape", "pd-ineligible", "pd-chem",
             "pd-map", "pd-because", "pd-trivial", "cc-pd-mark", "public domain", "pd", "pd-art", "pd-scan",
             "pd art", "pd-usgov", "pd-usgov-military", "pd-usgov-military-navy", "pd-usgov-nasa", "pd nasa",
             "pd-usgov-congress", "pd-usgov-interior", "pd-usgov-usgs", "pd us navy", "pd-highsmith", "pd-loc"),
}
# fmt: on

# Government works are free in the United States only.
for _name in [name for name in MEANINGS if name.startswith(("pd-usgov", "pd nasa", "pd us "))]:
    MEANINGS[_name] = Meaning(kind=Kind.GROUND, us=True)

# Templates whose arguments are tags, and which of them: `None` is all of the positional ones.
WRAPPERS: dict[str, tuple[int, ...] | None] = {
    "pd-art": (0,),
    "pd-art-100": (),
    "pd-scan": (0,),
    "pd-art-two": (0, 1),
    "pd-art-two-auto": (),
    "licensed-pd-art": (0, 1),
    "licensed-pd-art-two": (0, 1, 2),
    "licensed-pd": (0, 1),
    "art photo": (),
    "self": None,
    "self2": None,
    "self-cc": None,
    "multi-license": None,
    "dual-license": None,
}
# Wrappers that say "the photograph or scan adds no right of its own": the work is flat.
FLAT_WRAPPERS = frozenset({"pd-art", "pd-scan", "licensed-pd-art", "pd-art-two", "licensed-pd-art-two"})
LICENCE_ARGUMENTS = ("1", "2", "license", "licence", "artwork license", "photo license", "deathyear")

_OBLIGATION = re.compile(
    r"cc[- ]by\b|cc[- ](?:by|nc|nd|sa)|\bgfdl|(?:^|[ -])(?:nc|nd)(?:[ -]|$)|\battribution\b|creative commons attribution"
)
_OBLIGATION_CATEGORY = re.compile(r"^(?:cc[- ](?:by|nc|nd|sa)|gfdl|fal\b|attribution only|copyrighted free use)")
_CC0 = re.compile(r"cc[- ]?(?:zero|0)\b")
_LICENCE_LIKE = re.compile(
    r"^(?:pd|cc|gfdl|fal|gpl|lgpl)\b|licen[cs]e|licen[cs]ing|copyright|public domain|permission|all rights|free use|non-?free|"
    r"fair use|noncommercial|no derivatives|terms of use"
)
_DOUBT = re.compile(
    r"deletion requests?\b|media without a (?:license|source)|media missing|copyright violations|license review needed|"
    r"no (?:license|source|permission) since|disputed copyright|unknown copyright|speedy deletion|undelet"
)
_PERSON = re.compile(r"personality rights|\bliving people\b|identifiable (?:living )?people")
# Names that look like a licence and are only about one.
NEUTRAL = frozenset(
    {"license migration redundant", "license-header", "int:license-header", "int:license", "license template tag",
     "copyright information", "pd-layout", "self-published work", "license migration completed", "permission",
     "copyright by wikimedia", "cc-layout", "licensereviewed", "files with no machine-readable license"}
)  # fmt: skip


def meaning_of(name: str) -> Meaning | None:
    """What a normalised tag name means; None where it is no licence tag at all."""
    if name in NEUTRAL:
        return None
    if name in MEANINGS:
        return MEANINGS[name]
    if _DOUBT.search(name):
        return Meaning(kind=Kind.DOUBT)
    if _PERSON.search(name):
        return Meaning(kind=Kind.PERSON)
    if _CC0.match(name):
        return Meaning(kind=Kind.UNKNOWN)
    if _OBLIGATION.search(name):
        return Meaning(kind=Kind.OBLIGATION)
    if _LICENCE_LIKE.search(name):
        return Meaning(kind=Kind.UNKNOWN)
    return None


def meaning_of_category(name: str) -> Meaning | None:
    """What a category's normalised name means; most categories are about pictures, so fewer patterns count here."""
    if name in NEUTRAL or name in WRAPPERS:
        return None
    if name in MEANINGS:
        return MEANINGS[name]
    if _OBLIGATION_CATEGORY.search(name):
        return Meaning(kind=Kind.OBLIGATION)
    if _DOUBT.search(name):
        return Meaning(kind=Kind.DOUBT)
    if _PERSON.search(name):
        return Meaning(kind=Kind.PERSON)
    if _CC0.match(name) or name.startswith(("pd-", "cc-")):
        return Meaning(kind=Kind.UNKNOWN)
    return None
