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
    """A tag's meaning: `life` is the years after death that it claims, `us` whether it names a US ground, `anonymous`
    whether it says that nobody knows the maker."""

    kind: Kind
    us: bool = False
    life: int | None = None
    needs_death_year: bool = False
    anonymous: bool = False


# What is free in the United States for want of a formality, and the last year of publication for which it is
# (17 USC 405 and 304, notice until 1 March 1989, renewal of works published up to 1963).
US_GROUND_ENDS: dict[str, int] = {
    "pd-us-not renewed": 1963,
    "pd-us-no notice": 1988,
    "pd-us-1978-89": 1988,
    "pd-us-defective notice": 1988,
}


# A copy of a flat work with the reason in its name.
FLAT_GROUNDS = {
    "pd-art-100": 100, "pd-scan-100": 100, "pd-art-70": 70, "pd-art-100-expired": 100, "pd-art-old-100-expired": 100,
    "pd-art-100-1923": 100,
}  # fmt: skip
# Dead for so long, or old enough for that to be assumed; the older names give no number.
AGES = {
    **{f"pd-old-{life}": life for life in (50, 60, 70, 75, 80, 90, 95, 100)},
    **dict.fromkeys(("pd-old", "pd-old default", "pd-old-assumed", "pd-old-x"), 70),
}
# Works whose maker nobody knows; their term counts from publication (Directive 2006/116/EC, article 1(3)).
ANONYMOUS = (
    "pd-anon-50", "pd-anon-70", "pd-anon-70-eu", "pd-anon-auto", "pd-anon-auto-1996", "pd-eu-no author disclosure",
    "anonymous-eu", "pd-eu-anonymous",
)  # fmt: skip


def _grounds() -> dict[str, Meaning]:
    grounds: dict[str, Meaning] = {}
    for name, life in AGES.items():
        grounds[name] = Meaning(kind=Kind.GROUND, life=life)
        for ending in ("-expired", "-1923", "-1996"):
            grounds[f"{name}{ending}"] = Meaning(kind=Kind.GROUND, life=life, us=ending != "-1996")
    for name, life in FLAT_GROUNDS.items():
        grounds[name] = Meaning(kind=Kind.GROUND, life=life, us=name.endswith(("expired", "1923")))
    for name in ("pd-old-auto", "pd-old-auto-1996"):
        grounds[name] = Meaning(kind=Kind.GROUND, needs_death_year=True)
    for name in ("pd-old-auto-expired", "pd-old-auto-1923"):
        grounds[name] = Meaning(kind=Kind.GROUND, us=True, needs_death_year=True)
    for name in ("pd-us-expired", "pd-us", "pd-1923", "pd-us-1923", "pd-us-1923-abroad", *US_GROUND_ENDS):
        grounds[name] = Meaning(kind=Kind.GROUND, us=True)
    for name in ANONYMOUS:
        grounds[name] = Meaning(kind=Kind.GROUND, life=70, anonymous=True)
    for name in ("pd-anon-expired", "pd-anon-1923"):
        grounds[name] = Meaning(kind=Kind.GROUND, us=True, anonymous=True)
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
             "cecill", "expat", "artistic license", "sampling plus", "non-free", "nonfree", "fair use",
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
    # Public domain for a reason that neither the United States nor an age bears out by itself.
    **_named(Kind.NO_GROUND, "pd-art-old", "pd old", "pd-1996", "pd-france", "pd-italy", "pd-nigeria", "pd-ru-exempt",
             "pd-uk", "pd-uk-anon", "pd-uk-unknown", "pd-ukgov", "pd-germany", "pd-austria", "pd-japan",
             "pd-japan-oldphoto", "pd-china", "pd-india", "pd-mexico", "pd-argentina", "pd-ar-photo",
             "pd-ar-anonymous", "pd-australia", "pd-canada", "pd-poland", "pd-polish", "pd-russia", "pd-rusempire",
             "pd-ukraine", "pd-sweden", "pd-sweden-photo", "pd-norway50", "pd-denmark50", "pd-finland50",
             "pd-switzerland-photo", "pd-turkey", "pd-ottoman empire", "pd-iran", "pd-iraq", "pd-egypt",
             "pd-brazil-media", "pd-chile", "pd-peru", "pd-spain", "pd-portugal", "pd-netherlands", "pd-belgium",
             "pd-new zealand", "pd-south korea", "pd-taiwan", "pd-hk", "pd-israel", "pd-serbia", "pd-hu-unknown",
             "pd-textlogo", "pd-text", "pd-shape", "pd-ineligible", "pd-chem", "pd-map", "pd-because", "pd-trivial",
             "cc-pd-mark", "public domain", "pd", "pd-art", "pd-scan", "pd art", "pd old-100", "pd us government",
             "pd nasa", "pd us navy", "pd-highsmith", "pd-loc", "pd-nationalmuseum stockholm", "pd-bain",
             "pd-brady-handy", "pd-national photo company", "pd-britannica", "pd-meyers", "pd-brockhaus&efron",
             "pd-gray's anatomy plate"),
}
# fmt: on

# Works of employees of the government (17 USC 105) are free in the United States only.
_US_GOVERNMENT = re.compile(r"pd[- ]?us[- ]?gov\b[\w .-]*\Z|pd (?:nasa|us government|us navy)\Z")


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
FLAT_WRAPPERS = frozenset({"pd-art", "pd-scan", "licensed-pd-art", "pd-art-two", "licensed-pd-art-two", *FLAT_GROUNDS})
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
# Layouts that every licence box is drawn with: they look like licences, and name none.
NEUTRAL = frozenset({"license template tag", "pd-layout", "cc-layout", "cc-pd-mark-layout"})


def meaning_of(name: str) -> Meaning | None:
    """What a normalised tag name means; None where it is no licence tag at all."""
    if name in NEUTRAL or name.startswith(("creator:", "institution:")):
        return None
    if _US_GOVERNMENT.match(name):
        return Meaning(kind=Kind.GROUND, us=True)
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
    if _US_GOVERNMENT.match(name):
        return Meaning(kind=Kind.GROUND, us=True)
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
