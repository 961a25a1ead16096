"""Categories as words: `Category:1850s paintings` and `Paintings by Claude Monet in the Louvre`, without those that
only keep house. A category says what a picture belongs to, so that its words are a subject, not a sentence.
"""

import re

_PROJECTS = re.compile(
    r"\b(?:PD|CC|GFDL|OTRS|VRT|SDC|UploadWizard|Commons|Wikimedia|Wikidata|Wikipedia|Wiki Loves|Flickr|BHL|Panoramio|"
    r"NARA|Biodiversity Heritage Library|Geograph|Google Art Project|Europeana|GLAM|Pattypan|EXIF|GWToolset|"
    r"Yorck Project|Internet Archive|MediaWiki|Featured|Quality|Valued|QS|JPG|PNG|TIFF|SVG|PDF|ISO speed|Canon|Nikon)\b"
)
_HOUSEKEEPING = re.compile(
    r"\b(?:files?|media|images?|pictures?|pages?|photos?|artworks?|templates?|items?|categor(?:y|ies)|metadata|"
    r"uploads?|scans?|gallery|documents) (?:by|from|with(?:out)?|needing|missing|using|uploaded|created|that|lacking|"
    r"of the|requiring|contributed|donated|supported|which|in need)\b|"
    r"\b(?:uploaded|self-published|unidentified|unknown|licen[cs](?:es?|ing|ed)|copyright(?:ed)?|uncategorized|stub|"
    r"user|maintenance|migration|templates?|review|attribution|missing|check needed|duplicates?|cropped|retouched|"
    r"watermarks?|coordinates|(?:accession|inventory) numbers?|hidden|to be|taken (?:on|with)|created with|no known|"
    r"public domain|author died|years or|extracted images|known IDs|(?:scanned|photographed) by|online \d{4})\b",
    re.IGNORECASE,
)
_TAKEN = re.compile(r"^\d{4} in\b|^\d{4}-\d{2}|\b\d{4}-\d{2}-\d{2}\b|^[A-Z][a-z]+ \d{4} in\b|^Photographs taken\b")
_DISAMBIGUATION = re.compile(r"\s*\([^)]*\)$")
_YEARS = re.compile(r"^(?:\d{3,4}s?|\d{1,2}(?:st|nd|rd|th)[- ]century)$")


def category_words(category: str) -> str:
    """A category's name as words of a caption; nothing where it only keeps house.

    Plurals stay: `Paintings of trees` are what a reader expects behind "among".
    """
    name = " ".join(category.replace("_", " ").split())
    if name.lower().startswith("category:"):
        name = name[len("category:") :].strip()
    if len(name) < 3 or len(name) > 80 or _is_housekeeping(name) or _TAKEN.search(name) or _YEARS.match(name):
        return ""
    return _DISAMBIGUATION.sub("", name).replace("/", " ").strip()


def _is_housekeeping(name: str) -> bool:
    return bool(_PROJECTS.search(name) or _HOUSEKEEPING.search(name))


_KINDS = (
    r"paintings|portraits|drawings|prints|engravings|etchings|photographs|illustrations|sculptures|works|landscapes|"
    r"frescos|watercolou?rs|woodcuts|lithographs|posters|maps|still lifes|self-portraits"
)
_WORKS = re.compile(rf"^(?:\d.*? )?(?:\w+ )?(?:{_KINDS})\b", re.IGNORECASE)
_TIMED = re.compile(
    rf"(?P<time>\d{{3,4}}s?|\d{{1,2}}(?:st|nd|rd|th)[- ]century) (?P<kind>(?:[a-z]+ )?(?:{_KINDS}))\b.*"
)
_BY_SOMEBODY = re.compile(r"[\w -]*? by [A-ZÀ-Þ].*")
_TELLS_WHEN = re.compile(r"\b\d{4}s?\b|century")


def is_about_maker(words: str) -> bool:
    """Whether the words repeat who made it or when: `Paintings by Claude Monet`, `1850s paintings`."""
    return bool(_WORKS.match(words)) and bool(_BY_SOMEBODY.fullmatch(words) or _TELLS_WHEN.search(words))


def singular_kind(words: str) -> str:
    """What kind of work a category names: `1850s oil paintings` -> `oil painting of the 1850s`; else nothing."""
    match = _TIMED.fullmatch(words)
    if match is None:
        return ""
    return f"{match['kind'].removesuffix('s')} of {'' if match['time'].isdecimal() else 'the '}{match['time']}"
