"""Years of other calendars and numerals as years of our era: what speaks against a picture must not hide in them.

Only for years from about 1900 on; a year that may be one or the next of ours is given as the later one.
"""

import re
from collections.abc import Callable, Iterator

_KANJI = {sign: number for number, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "元": 1}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_NUMBER = r"([0-9]{1,4}|[〇零元一二三四五六七八九十百]{1,6})"
# Eras of China, Japan and Korea: the year before their first.
_ERAS = {
    "民國": 1911, "民国": 1911, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018, "단기": -2333, "檀紀": -2333,
}  # fmt: skip


def _of_era(before: int) -> Callable[[int], int]:
    return lambda year: before + year


def _of_hijri(year: int) -> int:
    """The latest year of ours in which a lunar year of the Hijra ends."""
    return int(year * 0.970224 + 621.58) + 1


# Solar years of the Hijra before lunar ones, which a text without further words means.
_CALENDARS: tuple[tuple[re.Pattern[str], Callable[[int], int]], ...] = (
    *((re.compile(rf"{era}\s*{_NUMBER}"), _of_era(before)) for era, before in _ERAS.items()),
    (re.compile(rf"(?:พ\.?\s?ศ\.?|\bB\.?E\.?)\s*{_NUMBER}"), _of_era(-543)),
    (re.compile(rf"{_NUMBER}\s*B\.?E\.?\b"), _of_era(-543)),
    (re.compile(rf"{_NUMBER}\s*(?:هجری\s*|هجري\s*|ه[ـ.]?\s*)?(?:شمسی|شمسي|خورشیدی|ش\b)"), _of_era(622)),
    (re.compile(rf"{_NUMBER}\s*(?:A\.?P\.?|S\.?H\.?)\b"), _of_era(622)),
    (re.compile(rf"{_NUMBER}\s*(?:A\.?H\.?\b|هجری|هجري|هـ|ھ)"), _of_hijri),
    (re.compile(rf"\bA\.?H\.?\s*{_NUMBER}"), _of_hijri),
    (re.compile(rf"{_NUMBER}\s*Saka\b", re.IGNORECASE), _of_era(79)),
)
_ROMAN_YEAR = re.compile(r"\bM(?:CM|M)(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})\b")

# Without one of these a text of ASCII has none of them.
_MARKED = re.compile(r"\bM[CM]|\d(?:A\.?[HP]|B\.?E|S\.?H)|\b(?:A\.?[HP]|B\.?E|S\.?H)\b|saka", re.IGNORECASE)


def years_of_other_calendars(text: str) -> Iterator[int]:
    """The years of our era that a text names by another calendar, or in Roman numerals."""
    if text.isascii() and not _MARKED.search(text):
        return
    for pattern, ours in _CALENDARS:
        for match in pattern.finditer(text):
            yield ours(_number(match.group(1)))
    for match in _ROMAN_YEAR.finditer(text):
        if len(match.group(0)) > 3:
            yield roman(match.group(0))


def _number(text: str) -> int:
    """`47`, `四七`, `四十七`."""
    if text.isascii():
        return int(text)
    if not set(text) & set("十百"):
        return int("".join(str(_KANJI[sign]) for sign in text))
    total, waiting = 0, 0
    for sign in text:
        if sign in "十百":
            total, waiting = total + (waiting or 1) * (10 if sign == "十" else 100), 0
        else:
            waiting = _KANJI[sign]
    return total + waiting


def roman(text: str) -> int:
    """A number in Roman numerals."""
    values = [_ROMAN[letter] for letter in text]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))
