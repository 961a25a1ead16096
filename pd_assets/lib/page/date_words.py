"""Dates of file pages as English words: the arguments of {{other date}} and its relatives, and ISO dates.

Only words come out ("circa 1850", "late 15th century"); what years they mean is read elsewhere.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_ISO = re.compile(r"\b(-?\d{3,4})-(\d{1,2})(?:-(\d{1,2}))?(?:[T ]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?)?(?![\d-])")
_PADDED_YEAR = re.compile(r"^0+(?=\d)")
# https://commons.wikimedia.org/wiki/Template:Other_date: every way to write a notation, and the words it stands for.
# {0} and {1} are its dates; a notation without a second form takes one date.
_NOTATIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "circa": ("circa {0}", "circa {0}–{1}"),
        "between": ("{0}", "between {0} and {1}"),
        "from": ("from {0}", "from {0} to {1}"),
        "until": ("until {0}", "from {0} until {1}"),
        "or": ("{0}", "{0} or {1}"),
        "and": ("{0}", "{0} and {1}"),
        "before": ("before {0}", "before {0}"),
        "by": ("by {0}", "by {0}"),
        "after": ("after {0}", "after {0}"),
        "since": ("since {0}", "since {0}"),
        "spring": ("spring {0}", "spring {0}"),
        "summer": ("summer {0}", "summer {0}"),
        "autumn": ("autumn {0}", "autumn {0}"),
        "winter": ("winter {0}", "winter {0}–{1}"),
        "early": ("early {0}", "early {0}"),
        "mid": ("mid-{0}", "mid-{0}"),
        "late": ("late {0}", "late {0}"),
        "first half": ("first half of the {0}", "first half of the {0}"),
        "second half": ("second half of the {0}", "second half of the {0}"),
        "first quarter": ("first quarter of the {0}", "first quarter of the {0}"),
        "second quarter": ("second quarter of the {0}", "second quarter of the {0}"),
        "third quarter": ("third quarter of the {0}", "third quarter of the {0}"),
        "fourth quarter": ("last quarter of the {0}", "last quarter of the {0}"),
        "turn": ("turn of the {0}", "turn of the {0}"),
        "islamic": ("{0} AH", "{0} AH"),
        "probably": ("probably {0}", "probably between {0} and {1}"),
        "presumably": ("presumably {0}", "presumably between {0} and {1}"),
        "possibly": ("possibly {0}", "possibly between {0} and {1}"),
        "reign": ("reign of {0}", "reign of {0}"),
    }
)
_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "~": "circa", "ca": "circa", "c": "circa", "about": "circa", "vers": "circa", "um": "circa",
        "entre": "between", "zwischen": "between", "-": "from", "–": "from", "from-until": "from", "from-to": "from",
        "fromto": "from", "to": "until", "til": "until", "till": "until", "/": "or", "&": "and", "<": "before",
        "b": "before", "vor": "before", "avant": "before", ">": "after", "a": "after", "nach": "after",
        "après": "after", "fall": "autumn", "beginning": "early", "begin": "early", "start": "early",
        "middle": "mid", "end": "late", "1half": "first half", "1sthalf": "first half", "firsthalf": "first half",
        "1st half": "first half", "2half": "second half", "2ndhalf": "second half", "secondhalf": "second half",
        "2nd half": "second half", "1quarter": "first quarter", "1stquarter": "first quarter",
        "1st quarter": "first quarter", "firstquarter": "first quarter", "2quarter": "second quarter",
        "2ndquarter": "second quarter", "2nd quarter": "second quarter", "secondquarter": "second quarter",
        "3quarter": "third quarter", "3rdquarter": "third quarter", "3rd quarter": "third quarter",
        "thirdquarter": "third quarter", "4quarter": "fourth quarter", "4thquarter": "fourth quarter",
        "4th quarter": "fourth quarter", "fourthquarter": "fourth quarter", "last quarter": "fourth quarter",
        "turn of the year": "turn", "turn of the century": "turn", "prob": "probably", "presum": "presumably",
        "poss": "possibly", "maybe": "possibly", "?": "?", "unknown": "?", "indistinct": "?", "none": "?", "no": "?",
    }
)  # fmt: skip
_DECADES = ("s", "decade", "decades")
_CENTURIES = ("century", "centuries", "jh", "siècle")


def notation(words: Sequence[str], *, era: str = "") -> str:
    """`("circa", "1850")` -> `circa 1850`. Plain dates without a notation are written out; "?" gives no text."""
    arguments = [word.strip() for word in words]
    while arguments and not arguments[-1]:
        arguments.pop()
    if not arguments:
        return ""
    first = arguments[0].lower()
    name = _ALIASES.get(first, first)
    if name == "?":
        return ""
    bc = " BC" if era.strip().lower().rstrip(".") in ("bc", "bce", "b.c", "v. chr") else ""
    if name in _DECADES:
        return _joined([decade(argument) for argument in arguments[1:3]]) + bc
    if name in _CENTURIES:
        return _joined([century(argument) for argument in arguments[1:3]]) + bc
    if name in _NOTATIONS:
        dates = [written(argument) for argument in arguments[1:3] if argument]
        if not dates:
            return ""
        return _NOTATIONS[name][len(dates) - 1].format(*dates) + bc
    return " ".join(written(argument) for argument in arguments) + bc


def is_notation(word: str) -> bool:
    """Whether a word is one that {{other date}} knows, such as `circa` or `~`."""
    name = word.strip().lower()
    return name in _NOTATIONS or name in _ALIASES or name in _DECADES or name in _CENTURIES


def _joined(dates: Sequence[str]) -> str:
    return " – ".join(date for date in dates if date)


def written(date: str) -> str:
    """ISO dates inside `date` as a person writes them: `1889-06-03` -> `3 June 1889`; times are left out."""
    return _PADDED_YEAR.sub("", _ISO.sub(_in_words, date.strip()))


def _in_words(match: re.Match[str]) -> str:
    year, month, day = match.group(1), int(match.group(2)), int(match.group(3) or 0)
    if month > 12 or day > 31:
        return match.group()
    before_christ = " BC" if year.startswith("-") else ""
    parts = [str(day) if day and month else "", MONTHS[month - 1] if month else "", str(int(year.lstrip("-")))]
    return " ".join(part for part in parts if part) + before_christ


def ymd(year: str, month: str = "", day: str = "") -> str:
    """The arguments of {{date|1889|6|3}}."""
    if not month.strip().isdecimal():
        return written(year)
    return written(f"{year.strip()}-{month.strip()}" + (f"-{day.strip()}" if day.strip().isdecimal() else ""))


def decade(word: str) -> str:
    """`1850` -> `1850s`."""
    word = word.strip()
    return f"{word}s" if re.fullmatch(r"\d+0", word) else word


def century(word: str) -> str:
    """`17` -> `17th century`; `-5` is before Christ."""
    word = word.strip()
    number = re.fullmatch(r"(-?)(\d{1,2})(?:st|nd|rd|th)?", word)
    if number is None:
        return word
    return f"{ordinal(int(number.group(2)))} century" + (" BC" if number.group(1) else "")


def ordinal(number: int) -> str:
    """`1` -> `1st`."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
