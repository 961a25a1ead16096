"""Years in the dates that pages give: `1642`, `ca. 1650`, `between 1840 and 1850`, `17th century`, `1820s`.

A date is a range of years; what cannot be read is None, never a guess.
"""

import re
from dataclasses import dataclass

CENTURY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)[\s-]+c(?:entury|ent\b|\b)|\bcentury\s+(\d{1,2})\b", re.IGNORECASE)
DECADE = re.compile(r"\b(1[0-9]{2}0|20[0-9]0)s\b")
YEAR = re.compile(r"(?<![\d.])(1[0-9]{3}|20[0-9]{2})(?![\d])")
CIRCA = re.compile(r"\b(?:c|ca|circa|about|around|um)\b\.?|~", re.IGNORECASE)
CIRCA_YEARS = 10
OPEN_END = re.compile(r"\b(?:after|from|since|post)\b", re.IGNORECASE)
LIFE = re.compile(r"\((?:born\s+)?(1[0-9]{3})\s*[-–—]\s*(1[0-9]{3}|20[0-9]{2})\)")
DIED = re.compile(r"\b(?:died|d\.|death)\s*:?\s*(?:[A-Za-z]+\s+)?(1[0-9]{3}|20[0-9]{2})\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Years:
    """The earliest and the latest year that a date allows, both included."""

    first: int
    last: int


def parse_years(text: str | None) -> Years | None:
    """The range of years that a date text allows, or None where it names none or leaves the end open."""
    if not text:
        return None
    bounds: list[int] = []
    rest = text
    for match in CENTURY.finditer(text):
        century = int(match.group(1) or match.group(2))
        bounds += [100 * (century - 1) + 1, 100 * century]
    rest = CENTURY.sub(" ", rest)
    for match in DECADE.finditer(rest):
        bounds += [int(match.group(1)), int(match.group(1)) + 9]
    rest = DECADE.sub(" ", rest)
    bounds += [int(year) for year in YEAR.findall(rest)]
    if not bounds or (OPEN_END.search(text) and len(bounds) == 1):
        return None
    slack = CIRCA_YEARS if CIRCA.search(text) else 0
    return Years(first=min(bounds) - slack, last=max(bounds) + slack)


def parse_death_year(text: str | None) -> int | None:
    """The year of death in `Claude Monet (1840–1926)` or `died 1926`, or None."""
    if not text:
        return None
    lives = [int(end) for _, end in LIFE.findall(text)] + [int(year) for year in DIED.findall(text)]
    return max(lives) if lives else None
