"""A page as a case writes it, and the marks of wikitext: templates, boxes, headings. No form and no fact in here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PD, CC0, BY_SA, BY, NO_SUMMARY = "pd", "cc0", "by-sa", "by", "none"
CC = "https://creativecommons.org/"
# What extmetadata says of a page whose first licence is this; for public domain the archive gives no address.
SUMMARIES: Mapping[str, Mapping[str, str]] = {
    PD: {"LicenseShortName": "Public domain", "License": "pd", "UsageTerms": "Public domain", "Copyrighted": "False",
         "AttributionRequired": "false"},
    CC0: {"LicenseShortName": "CC0", "License": "cc0", "LicenseUrl": "http://creativecommons.org/publicdomain/zero/1.0/"
          "deed.en", "UsageTerms": "Creative Commons Zero, Public Domain Dedication", "Copyrighted": "True",
          "AttributionRequired": "false"},
    BY_SA: {"LicenseShortName": "CC BY-SA 4.0", "License": "cc-by-sa-4.0", "LicenseUrl": f"{CC}licenses/by-sa/4.0",
            "UsageTerms": "Creative Commons Attribution-Share Alike 4.0", "Copyrighted": "True",
            "AttributionRequired": "true"},
    BY: {"LicenseShortName": "CC BY 4.0", "License": "cc-by-4.0", "LicenseUrl": f"{CC}licenses/by/4.0",
         "UsageTerms": "Creative Commons Attribution 4.0", "Copyrighted": "True", "AttributionRequired": "true"},
    NO_SUMMARY: {},
}  # fmt: skip
# What a template shows inside, beside itself: layouts, markers, helpers.
LICENCE_MARKS = ("License template tag",)
SHOWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"pd-(?:art|scan)|licensed-pd", ("PD-Layout", *LICENCE_MARKS)),
    (r"pd-|pd$", ("PD-Layout", *LICENCE_MARKS)),
    (r"cc-?zero|cc0", ("CC-Layout", *LICENCE_MARKS)),
    (r"cc-by", ("CC-Layout", *LICENCE_MARKS)),
    (r"gfdl", ("GNU-Layout", *LICENCE_MARKS)),
    (r"information$|artwork$|photograph$|book$|map$|art photo$", ("Infobox template tag", "Description")),
    (r"delete|copyvio|speedy|no source since|no permission since", ("Deletion template tag",)),
    (r"creator:", ("Creator", "Wikidata Infobox/core")),
)
OTHER_SPACES = ("Creator:", "Institution:", "User:")
_DEAD = re.compile(r"<nowiki>.*?</nowiki>|<!--.*?-->", re.DOTALL)
_USED = re.compile(r"\{\{\s*(?:Template:)?([^|{}#<>\n]+?)\s*(?=\||\}\}|\n)")
_REASON = re.compile(r"\{\{\s*(Licensed-PD-Art|PD-Art|PD-scan)\s*\|([^{}]*)\}\}")
_WRAPPED = re.compile(r"\{\{\s*(?:PD-Art|PD-art|PD-scan|PD-Scan|Licensed-PD-Art|self|PD-Art-two)\s*\|([^{}]*)\}\}")


@dataclass(frozen=True, kw_only=True)
class Label:
    """What a careful person says of a page: `expected` has A (accept) or N (not) for strict, life70 and us."""

    language: str
    kind: str
    expected: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Written:
    """A page and its label. `items` are works: Q-id -> what Wikidata says; makers are added by their names."""

    label: Label
    form: str
    title: str
    wikitext: str
    categories: Sequence[str] = ()
    summary: str = PD
    statements: Mapping[str, Sequence[object]] = field(default_factory=dict)
    shows: Sequence[str] = ()
    items: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def use(name: str, *values: str, **named: str) -> str:
    """One template."""
    given = [*values, *(f"{key}={value}" for key, value in named.items())]
    return "{{" + "|".join((name, *given)) + "}}"


def box(name: str, fields: Mapping[str, str], *, indent: str = " |", equals: str = " = ") -> str:
    """One template over several lines."""
    return "\n".join(("{{" + name, *(f"{indent}{key}{equals}{value}" for key, value in fields.items()), "}}"))


def page(described: str, licence: str, categories: Sequence[str], *, heads: tuple[str, str] | None = None) -> str:
    """A file page: what it shows, its licence, its categories."""
    first, second = heads or ("=={{int:filedesc}}==", "=={{int:license-header}}==")
    ends = "\n".join(f"[[Category:{name}]]" for name in categories)
    return "\n".join(part for part in (first, described, *(("", second, licence) if licence else ()), "", ends) if part)


def said(language: str, text: str) -> str:
    """A text in its language's template."""
    return use(language, f"1={text}")


def transcluded(wikitext: str, shows: Sequence[str]) -> list[str]:
    """What prop=templates would list of a page: what is written, what it wraps, and what those show inside."""
    live = _DEAD.sub("", wikitext)
    names = [name for name in _USED.findall(live) if not name.lower().startswith("int:")]
    for wrapped in _WRAPPED.findall(live):
        names += [re.sub(r"^\d=", "", part.strip()) for part in wrapped.split("|") if not re.match(r"[a-z]+=", part)]
    names = [name.strip() for name in (*names, *shows)]
    inner = [more for name in names for start, shown in SHOWS if re.match(start, name.lower()) for more in shown]
    titles = {name[:1].upper() + name[1:] for name in (*names, *inner) if name}
    return sorted(name if name.startswith(OTHER_SPACES) else f"Template:{name}" for name in titles)


def licence_categories(wikitext: str) -> list[str]:
    """The hidden categories that licence tags give to a page."""
    live, found = _DEAD.sub("", wikitext), []
    for name, wrapped in _REASON.findall(live):
        reason = next((part for part in wrapped.split("|") if "=" not in part or part.startswith("1=")), "")
        found.append(f"{name.removeprefix('Licensed-')} ({reason.removeprefix('1=')})")
    inner = {part.removeprefix("1=") for wrapped in _WRAPPED.findall(live) for part in wrapped.split("|")}
    for name in sorted({*_USED.findall(live), *inner}):
        if re.match(r"cc-(?:zero|by)", name, re.IGNORECASE):
            found.append("CC-Zero" if name.lower() == "cc-zero" else name.upper())
        elif name.startswith("PD-") and name not in inner and not name.startswith(("PD-Art", "PD-scan")):
            found.append("PD US Government" if name.startswith("PD-USGov") else name)
    return list(dict.fromkeys(found))
