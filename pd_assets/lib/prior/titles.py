"""Titles of files as the archive writes them, and why something is none: what somebody else wrote is not asked for.

https://www.mediawiki.org/wiki/Manual:Page_title: a title with `|` would ask for several pages, one with `#` for a part.
"""

import re
import unicodedata

MOST_BYTES = 255
_PREFIX = re.compile(r"(?:file|image) ?: ?", re.IGNORECASE)
_OTHER = re.compile(r"([a-z][a-z ]{2,20})\s*:", re.IGNORECASE)
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e]")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f#<>\[\]{}|\ufffd]|[\ud800-\udfff]|%[0-9A-Fa-f]{2}|&#?\w+;|~~~")
_RELATIVE = re.compile(r"(?:^|/)\.{1,2}(?:/|$)")


class NoTitle(ValueError):
    """Says why a value is no title of a file."""


def file_title(value: object) -> str:
    """`File:Name.jpg`, in normal form; NoTitle where it cannot be one."""
    if not isinstance(value, str):
        raise NoTitle("the title is no text")
    text = re.sub(r"[ _\u00a0]+", " ", unicodedata.normalize("NFC", _DIRECTIONS.sub("", value))).strip(" ")
    found = _PREFIX.match(text)
    if found is None:
        other = _OTHER.match(text)
        raise NoTitle(f"a page of {other[1].capitalize()}, no file" if other else "no title of a file (no `File:`)")
    name = text[found.end() :]
    if _FORBIDDEN.search(name) or _RELATIVE.search(name):
        raise NoTitle("the title has signs that no title can have")
    if not name or len(name.encode()) > MOST_BYTES:
        raise NoTitle(f"the title is empty or longer than {MOST_BYTES} bytes")
    if "." not in name:
        raise NoTitle("the title has no ending, as every file has")
    return f"File:{name[0].upper()}{name[1:]}"
