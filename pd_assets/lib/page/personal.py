"""Personal marks in free text: e-mail addresses, telephone numbers, ticket ids, positions, pages of a wiki's users.

What leaves here may be shown beside a picture. It finds no names: whether a name is an artist's its field must tell.
"""

import re

_PERSONAL = (
    r"(?:mailto:)?[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+",
    r"\b(?:otrs|vrts?)\b[\w\s:#-]{0,24}?\d{6,}|\bticket\b[\s:#]*(?:id|no\.?|number)?[\s:#]*\d{6,}|\b20\d{14}\b",
    r"(?:\btel(?:ephone)?|\bphone|\bmobile|\bfax)\b[.:\s]*\+?[\d(][\d\s()./-]{5,}\d|(?<![\w.])\+\d[\d\s()./-]{7,}\d",
    r"[-+]?\d{1,3}\.\d{3,}\s*°?\s*[NS]?\s*[,;/]\s*[-+]?\d{1,3}\.\d{3,}\s*°?\s*[EW]?",
    r"\d{1,3}°\s*\d{1,2}(?:\.\d+)?\s*[′'’](?:\s*\d{1,2}(?:\.\d+)?\s*[″\"”])?\s*[NSEW]\b[,;\s]*",
    r"(?:https?:)?//\S+",
    r"\b(?:user|user talk)\s?:\s?[^\s,;()|]+",
    r"(?<![\w/])@[A-Za-z]\w{2,}",
)
PERSONAL = re.compile("|".join(f"(?:{pattern})" for pattern in _PERSONAL), re.IGNORECASE)
_LEFT_OVER = re.compile(r"[(\[<][\s,;:/|-]*[)\]>]")


def without_personal(text: str | None) -> str | None:
    """The text without personal marks; None where nothing else is left."""
    if text is None:
        return None
    if PERSONAL.search(text) is None:
        return text
    rest = _LEFT_OVER.sub(" ", PERSONAL.sub(" ", text))
    return " ".join(rest.split()).strip(" ,;:-–—|/") or None
