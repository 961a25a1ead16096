"""The vocabulary of licence tags, as data: what each says of the rights, by its normalised name.

A tag is a template on the page, an argument of one that wraps others ({{PD-Art|PD-old-100}}), or a licence category.
Names are normalised: lower case, spaces for underscores. Doubts and conditions are found in any spelling, grounds only
by their exact name.
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
    PENDING = "pending"  # somebody asked for its deletion, and nobody has decided yet
    PERSON = "person"  # an identifiable living person
    NO_GROUND = "no_ground"  # public domain for a reason that does not help: one country only, too simple to protect
    UNKNOWN = "unknown"  # looks like a licence, and is not in this table


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """A tag's meaning: `life` is the years after death that it claims, `us` whether it names a US ground."""

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
    for name in ("pd-us-expired", "pd-us", "pd-1923", "pd-us-1923", "pd-us-not renewed", "pd-us-no notice"):
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
             "kogl", "godl-india", "licence ouverte", "open government licence", "dl-de-by-2.0", "apache", "mpl",
             "cecill", "expat", "artistic license", "sampling plus", "pd-france", "non-free", "nonfree", "fair use",
             "noncommercial", "copyrighted", "all rights reserved"),
    **_named(Kind.PENDING, "delete", "deletion", "deletion request", "deletion requests", "deletereq", "delreq", "dr",
             "vfd", "ifd", "rfd", "afd", "puf", "deletebecause", "delete because"),
    **_named(Kind.DOUBT, "dw", "speedydelete", "speedy", "speedy delete", "db", "csd",
             "copyvio", "copyviol", "sd", "copyright violation", "copyright violations", "dw no source since", "dwnsd",
             "no license", "no license since", "no license/en", "nld", "no licence", "untagged", "no source",
             "no source since", "nsd", "unsourced", "no permission", "no permission since", "npd", "missing permission",
             "disputed", "disputed coat of arms", "dubious license", "dubious", "license review", "licensereview",
             "flickrreview", "flickr review", "pd-review", "pd review", "pd files for review", "not-pd-us-uraa",
             "works copyrighted in the u.s.", "wrong license", "out of scope", "unconfirmed permission",
             "permission pending", "otrs pending", "vrt pending", "otrs received", "vrts received", "duplicate",
             "media without a license", "media without a source", "media missing permission", "license review needed",
             "undelete", "temporarily undeleted", "unfree", "no fop", "nofop", "derivative work",
             "please check license", "files with no machine-readable license", "unknown license",
             "unreviewed files", "fake", "hoax"),
    **_named(Kind.PERSON, "personality rights", "personality", "personality rights warning", "living people",
             "consent", "identifiable people", "blp"),
    **_named(Kind.NO_GROUND, "pd-old", "pd-art-old", "pd-old default", "pd old", "pd-1996", "pd-anon-70",
             "pd-anon-expired", "anonymous-eu", "pd-eu-anonymous", "pd-italy", "pd-nigeria", "pd-ru-exempt", "pd-uk",
             "pd-uk-anon", "pd-germany", "pd-austria", "pd-japan", "pd-japan-oldphoto", "pd-china", "pd-india",
             "pd-mexico", "pd-argentina", "pd-australia", "pd-canada", "pd-poland", "pd-russia", "pd-sweden",
             "pd-sweden-photo", "pd-norway50", "pd-denmark50", "pd-finland50", "pd-switzerland-photo", "pd-turkey",
             "pd-iran", "pd-iraq", "pd-egypt", "pd-brazil-media", "pd-chile", "pd-peru", "pd-spain", "pd-portugal",
             "pd-netherlands", "pd-belgium", "pd-textlogo", "pd-text", "pd-shape", "pd-ineligible", "pd-chem",
             "pd-map", "pd-because", "pd-trivial", "cc-pd-mark", "public domain", "pd", "pd-art", "pd-scan",
             "pd art", "pd old-100", "pd-usgov", "pd-usgov-military", "pd-usgov-military-navy", "pd-usgov-nasa",
             "pd nasa", "pd us government", "pd-usgov-congress", "pd-usgov-interior", "pd-usgov-usgs", "pd us navy",
             "pd-highsmith", "pd-loc"),
}
# fmt: on

# Government works are free in the United States only.
for _name in [name for name in MEANINGS if name.startswith(("pd-usgov", "pd nasa", "pd us "))]:
    MEANINGS[_name] = Meaning(kind=Kind.GROUND, us=True)


def _squeezed(name: str) -> str:
    """A name without what spellings differ in: `No_license`, `No-License`, `nolicense`."""
    return re.sub(r"[\s_\-:.!?]", "", name)


_AGAINST = {
    _squeezed(name): meaning
    for name, meaning in MEANINGS.items()
    if meaning.kind in (Kind.DOUBT, Kind.PENDING, Kind.OBLIGATION, Kind.PERSON)
}

# Templates whose arguments are tags, and which of them: `None` is all of the positional ones.
WRAPPERS: dict[str, tuple[int, ...] | None] = {
    "pd-art": (0,),
    "pd-art-100": (),
    "pd-scan": (0,),
    "pd-art-two": (0, 1),
    "pd-two": (0, 1),
    "licensed-pd-art": (0, 1),
    "licensed-pd-art-two": (0, 1, 2),
    "licensed-pd": (0, 1),
    "art photo": (),
    "self": None,
    "self2": None,
    "self3": None,
    "self-cc": None,
    "selfnoauthor": None,
    "multi-license": None,
    "multilicense": None,
    "multiple licenses": None,
    "dual-license": None,
    "dual license": None,
}
# Wrappers that say "the photograph or scan adds no right of its own": the work is flat.
FLAT_WRAPPERS = frozenset({"pd-art", "pd-scan", "licensed-pd-art", "pd-art-two", "licensed-pd-art-two"})
# Wrappers that name the photograph's licence beside the work's: without it the photograph is not free.
PHOTOGRAPH_LICENCE_AT = {"licensed-pd-art": 1, "licensed-pd": 1, "licensed-pd-art-two": 2}
# Wrappers of two grounds, as one for the source country and one for the United States.
TWO_GROUNDS = frozenset({"pd-art-two", "licensed-pd-art-two", "pd-two"})
LICENCE_ARGUMENTS = ("license", "licence", "artwork license", "photo license")

_OBLIGATION = re.compile(
    r"\bcc[- ]?by\b|\bcc[- ]?(?:by|nc|nd|sa)(?:[- ]|$)|\bgfdl|\bcopyleft\b|\bby-(?:sa|nc|nd)\b|\battribution\b|"
    r"creative commons (?:attribution|sampling)|non-?commercial|no derivatives|all rights reserved|non-?free|fair use"
)
_OBLIGATION_CATEGORY = re.compile(
    r"^(?:cc[- ]?(?:by|nc|nd|sa)\b|gfdl|fal(?:\Z|[- ]\d)|attribution only|copyrighted free use|license migration|"
    r"items with otrs|items with vrts|open government licence|no known restrictions|flickr-no known|pdmark-owner)"
)
_CC0 = re.compile(r"cc[- ]?(?:zero|0)\b")
_LICENCE_LIKE = re.compile(
    r"^(?:pd|cc|gfdl|fal|gpl|lgpl)\b|licen[cs]|copyright|public domain|permission|all rights|free use|"
    r"terms of use|\botrs\b|\bvrts?\b|\brights\b|\bcredit line\b"
)
_PENDING = re.compile(r"(?<!speedy )deletion requests?\b|nominated for deletion")
_DOUBT = re.compile(
    r"media without a (?:license|source)|media missing (?:permission|(?:a )?(?:license|source|author))|"
    r"\bno (?:license|licence|source|permission)(?: since|\b.* as of)|copyright violations?|disputed copyright|"
    r"license review needed|unknown copyright|speedy deletion|undelet|unclear copyright|"
    r"license (?:dispute|unclear|unknown)"
)
_PERSON = re.compile(r"personality rights|\bliving people\b|identifiable (?:living )?(?:people|persons?)")
# Names that look like a licence and are only about one.
NEUTRAL = frozenset(
    {"license-header", "int:license-header", "int:license", "license template tag",
     "copyright information", "pd-layout", "self-published work", "permission",
     "copyright by wikimedia", "cc-layout", "licensereviewed", "see below", "int:permission", "kept",
     "cc-pd-mark-layout", "licensing", "int:licensing", "licensed pd-art", "rights holder"}
)  # fmt: skip
# Templates that say nothing of rights and may stand beside a licence. What is in no list here is unknown there.
_HARMLESS = """
    anonymous, assessment, assessments, bad name, badname, between, book, category, check categories, circa, clear,
    collapse bottom, collapse top, commonscat, creator, crop, cropped, date, depicted people, depicted person,
    depicted place, derived from, described at url, dezoomify, dimensions, exif, extracted from, extracted image,
    extractedfrom, featured picture, featuredpicture, filedesc, fullpagename, gallery, hidden, image extracted,
    imagenote, imagenoteend, index, infofield, information field, inscription, insignia, institution, kept, label,
    langswitch, large image, larger image, loc-image, mld, nazi symbol, no exif, nowrap, on wikidata, original
    upload log, other date, otherdate, own, own work, page, pagename, panorama, potd, quality image, qualityimage,
    remove border, removeborder, rename, retouch, retouched, retouched picture, rijksmuseum online, rotate,
    self-photographed, summary, superseded, technique, title, to be cropped, topic in country, trademarked,
    translation possible, trimming, ucfirst:, uncategorized, unknown, unknown artist, unknown author, uploaded from
    mobile, uploaded with pattypan, user category, valued image, vector version available, vi, watermark, zoomable,
    zoomviewer
"""
HARMLESS = frozenset(" ".join(name.split()) for name in _HARMLESS.split(","))
HARMLESS_PREFIXES = (
    "creator:", "institution:", "int:", "defaultsort:", "#", "artwork", "object location", "provenance", "googleart",
    "google art project", "iso ", "taken ", "location", "size", "lang", "picture of the", "media of the", "wikidata",
)  # fmt: skip


def is_harmless(name: str) -> bool:
    """Whether a template that is no tag may stand where licences stand."""
    return name in HARMLESS or name in NEUTRAL or name.startswith(HARMLESS_PREFIXES)


def meaning_of(name: str) -> Meaning | None:
    """What a normalised tag name means; None where it is no licence tag at all."""
    if name in NEUTRAL or name.startswith(("creator:", "institution:")):
        return None
    if name in MEANINGS:
        return MEANINGS[name]
    if _squeezed(name) in _AGAINST:
        return _AGAINST[_squeezed(name)]
    if _DOUBT.search(name):
        return Meaning(kind=Kind.DOUBT)
    if _PENDING.search(name):
        return Meaning(kind=Kind.PENDING)
    if _PERSON.search(name):
        return Meaning(kind=Kind.PERSON)
    if _CC0.match(name):
        return Meaning(kind=Kind.UNKNOWN)
    if _OBLIGATION.search(name):
        return Meaning(kind=Kind.OBLIGATION)
    if _LICENCE_LIKE.search(name) or name.startswith(("user:", "user talk:")):
        return Meaning(kind=Kind.UNKNOWN)
    return None


def meaning_of_category(name: str) -> Meaning | None:
    """What a category's normalised name means; most categories are about pictures, so fewer patterns count here."""
    name = _MISSING_STATEMENT.sub("", name)
    if name in NEUTRAL or name in WRAPPERS:
        return None
    if name in MEANINGS and name not in _ORDINARY_WORDS:
        return MEANINGS[name]
    if _OBLIGATION_CATEGORY.search(name):
        return Meaning(kind=Kind.OBLIGATION)
    if _DOUBT.search(name):
        return Meaning(kind=Kind.DOUBT)
    if _PENDING.search(name):
        return Meaning(kind=Kind.PENDING)
    if _PERSON.search(name):
        return Meaning(kind=Kind.PERSON)
    if _CC0.match(name) or name.startswith(("pd-", "cc-")):
        return Meaning(kind=Kind.UNKNOWN)
    return None


# Commons sorts files by the statements that they lack: "PD-Art missing SDC copyright status".
_MISSING_STATEMENT = re.compile(r" missing sdc copyright (?:status|license)\Z")
# Names that are tags as templates, and ordinary subjects as categories.
_ORDINARY_WORDS = frozenset(
    {"consent", "speedy", "apache", "mit", "expat", "fake", "hoax", "deletion", "disputed", "blp", "bsd", "db", "sd",
     "dw", "dr", "untagged"}
)  # fmt: skip
