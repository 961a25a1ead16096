"""Label fields of an item, each with its own licence, language and source. Captions are composed elsewhere.

Structured data and the Smithsonian's metadata are CC0; wikitext, what CommonsMetadata renders of it, and categories are
CC BY-SA 4.0 (https://commons.wikimedia.org/wiki/Commons:Copyrights). A field that cannot be read is lost alone.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar
from urllib.parse import unquote

from pd_assets.lib.code_version import code_version
from pd_assets.lib.dataset import freetext
from pd_assets.lib.dataset.categories import category_words
from pd_assets.lib.dataset.imported import read_imported
from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.page import date_words
from pd_assets.lib.page.boxes import Argument
from pd_assets.lib.page.cleaning import clean, without_names
from pd_assets.lib.page.effort import is_readable
from pd_assets.lib.page.file_page import read_page
from pd_assets.lib.page.html_text import read_html
from pd_assets.lib.page.languages import ENGLISH, UNMARKED, chosen
from pd_assets.lib.page.personal import OWN_SCAN, OWN_WORK
from pd_assets.lib.page.structured import BAD_FIELD, NO_THINGS, Things, read_structured, things_named

log = logging.getLogger(__name__)
Piece = TypeVar("Piece")

CC0 = "CC0-1.0"
CC_BY_SA = "CC-BY-SA-4.0"
LONGEST_VALUE = 4_000
# A page that names more users tells of them, and looking for each in every label costs too much.
MOST_NAMES = 100
NAMES_A_USER = re.compile(r"\b(?:user|benutzer|uploader|own work|flickr|utente|usuario|utilisateur)\b|@", re.IGNORECASE)
_SEE = re.compile(r"[\s;,(]*\bsee\b")  # behind a date: `13th century; see the library's page`
_PREFIX = re.compile(r"^\w+\s*:\s*")  # `User: JaneRoe`
# Fields that may name whoever took or uploaded the picture; in the others a user is cut out, and the rest stays.
OF_PERSONS = frozenset(("artist", "engraver", "illustrator", "editor", "translator", "publisher"))
DATES = frozenset(("date", "published"))
RENDERED: Mapping[str, str] = {
    "ImageDescription": "description", "Artist": "artist", "DateTimeOriginal": "date", "ObjectName": "title",
}  # fmt: skip
# The columns of commons/pages and smithsonian/records that labels are read from.
SOURCE_COLUMNS = (
    "wikitext", "mediainfo", "extmetadata", "categories", "hidden_categories", "freetext", "indexed", "caption",
    "alt_text", "metadata_usage_access",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Label:
    """One label field in one language ("" where none is marked); `preferred` is the one to show of a field's languages.

    `field` is `label` for a structured-data caption, else a field of the information box, `depicts`, `category`, ….
    """

    field: str
    value: str
    licence: str
    seen_in: str
    language: str = UNMARKED
    preferred: bool = True


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A field as its source gives it, before cleaning."""

    field: str
    texts: Mapping[str, str]
    licence: str
    seen_in: str
    users: frozenset[str] = frozenset()
    names_user: bool = False


def labels_version() -> str:
    """Of what reads labels out of a page or record: another version may read other labels."""
    return code_version(__name__)


def read_labels(
    page: Mapping[str, object], *, language: str = ENGLISH, things: Things = NO_THINGS
) -> tuple[Label, ...]:
    """The label fields of one row of commons/pages or smithsonian/records, cleaned; the preferred language first.

    Of one field from several sources, CC0 comes first, then the wikitext, then what was rendered of it. A page that
    cannot be read has none.
    """
    try:
        return _read(page, language, things)
    except Exception as error:
        log.warning("%s: no labels, for reading them ended with %s", page.get("item_id"), type(error).__name__)
        return ()


def _read(page: Mapping[str, object], language: str, things: Things) -> tuple[Label, ...]:
    found = [*_structured(page, things), *_of_record(page)]
    written = _written(page)
    found += written
    told = {entry.field for entry in written if entry.texts}
    found += _rendered(page, told)
    found += _categories(page)
    found += _guarded("imported", partial(_imported, page, found))
    names = frozenset().union(*(entry.users for entry in found))
    if len(names) > MOST_NAMES:
        return ()
    labels: list[Label] = []
    for entry in found:
        labels += _guarded(entry.seen_in, partial(_labels, entry, names, language))
    return tuple(dict.fromkeys(labels))


def source_digest(page: Mapping[str, object], things: Things = NO_THINGS) -> str:
    """BLAKE2b-128 of everything that labels are read from: equal digests and other labels mean another parser."""
    also = ("title" if page.get("freetext") is not None else "", *(["imported"] if page.get("imported") else []))
    names = (*SOURCE_COLUMNS, *also)
    told = [page.get(name) for name in names]
    named = sorted((name, sorted(things[name].items())) for name in _named(page) if name in things)
    text = json.dumps([told, named], ensure_ascii=False, default=str)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _guarded(seen_in: str, read: Callable[[], Iterable[Piece]]) -> list[Piece]:
    """What `read` gives; nothing where this one field is too odd to be read."""
    try:
        return list(read())
    except BAD_FIELD as error:
        log.debug("%s: field left out (%s: %s)", seen_in, type(error).__name__, error)
        return []


def _labels(entry: _Found, names: frozenset[str], language: str) -> Iterator[Label]:
    """An entry in each of its languages, cleaned; nothing where it names who put the picture online."""
    if entry.field in OF_PERSONS and (entry.names_user or any(map(NAMES_A_USER.search, entry.texts.values()))):
        return
    texts = {key: _cleaned(text, entry.field, names) for key, text in entry.texts.items()}
    first = chosen(texts, language)
    for key in sorted(texts, key=lambda key: (key != first, key)):
        if texts[key]:
            yield Label(
                field=entry.field,
                value=texts[key],
                licence=entry.licence,
                seen_in=entry.seen_in,
                language=key,
                preferred=key == first,
            )


def _cleaned(text: str, field: str, names: frozenset[str]) -> str:
    if field in DATES:
        text = date_words.written(_SEE.split(text)[0])
    if field == "category" and any(name in text for name in names):
        return ""
    if field != "institution":
        text = without_names(text, names)
    text = clean(text[:LONGEST_VALUE])
    return text if any(character.isalnum() for character in text) else ""


def _json(text: object) -> Mapping[str, object]:
    """The object that a column holds as JSON; empty where it holds none (the rights table reports that)."""
    try:
        raw = parse_json(text) if isinstance(text, str) and text and is_readable(text) else {}
    except UnreadableJson:
        return {}
    return raw if isinstance(raw, dict) else {}


def _structured(page: Mapping[str, object], things: Things) -> list[_Found]:
    def read() -> Iterator[_Found]:
        for told in read_structured(_json(page.get("mediainfo")), things):
            yield _Found(field=told.field, texts=told.texts, licence=CC0, seen_in=told.seen_in)

    return _guarded("mediainfo", read)


def things_of(page: Mapping[str, object]) -> list[str]:
    """The ids, sorted, of the things whose names labels of this page would need."""
    return sorted({name for name in _named(page) if name.isascii()})


def _named(page: Mapping[str, object]) -> list[str]:
    return _guarded("mediainfo", lambda: things_named(_json(page.get("mediainfo"))))


def _of_record(page: Mapping[str, object]) -> list[_Found]:
    """Labels of a Smithsonian record, if its metadata are CC0."""
    if page.get("metadata_usage_access") != "CC0":
        return []

    def read() -> Iterator[_Found]:
        for column, field in (("caption", "label"), ("title", "title"), ("alt_text", "description")):
            if isinstance(page.get(column), str) and is_readable(str(page[column])):
                yield _plain(field, str(page[column]), CC0, f"record {column}")
        told: set[tuple[str, str]] = set()
        described = freetext.read_freetext(_json(page.get("freetext")))
        for field, text, seen_in in (*described, *freetext.read_indexed(_json(page.get("indexed")))):
            if (field, text.lower()) not in told:
                yield _plain(field, text, CC0, seen_in)
            told.add((field, text.lower()))

    return _guarded("record", read)


def _plain(field: str, text: str, licence: str, seen_in: str) -> _Found:
    return _Found(field=field, texts={UNMARKED: read_html(text).text if "<" in text else text}, licence=licence,
                  seen_in=seen_in)  # fmt: skip


def _written(page: Mapping[str, object]) -> list[_Found]:
    """The fields of every information box; who made it names a user where the picture is their own work."""
    text = page.get("wikitext")
    read = read_page(text if isinstance(text, str) else "")
    found = [_of_argument(argument) for argument in read.arguments if argument.is_label]
    if any(_is_own(source) for source in read.in_every_language("source")):
        found = [_with_author_as_user(entry) if entry.field in OF_PERSONS else entry for entry in found]
    return found


def _is_own(source: str) -> bool:
    return bool(OWN_WORK.search(source) or OWN_SCAN.search(source))


def _of_argument(argument: Argument) -> _Found:
    read = argument.read
    return _Found(
        field=argument.field,
        texts=read.texts,
        licence=CC_BY_SA,
        seen_in=argument.seen_in,
        users=read.users,
        names_user=read.names_user,
    )


def _with_author_as_user(entry: _Found) -> _Found:
    """The author of an own work is whoever uploaded it, often by a user name, that other fields may repeat."""
    written = {_PREFIX.sub("", text) for text in entry.texts.values() if not _is_own(text)}
    names = frozenset(text for text in written if 3 < len(text) < 60)
    return replace(entry, users=entry.users | names, names_user=True)


def _rendered(page: Mapping[str, object], told: set[str]) -> list[_Found]:
    """What CommonsMetadata made of the rendered page: the only text where a template takes it from Wikidata.

    Fields that the wikitext has told are not read.
    """
    metadata = _json(page.get("extmetadata"))
    credit = _metadata_text(metadata, "Credit")
    is_own = _is_own(credit) or credit == _metadata_text(metadata, "Artist")
    found: list[_Found] = []
    for name, field in RENDERED.items():
        source = _metadata_text(metadata, name)
        if source and field not in told and not (name == "ObjectName" and not _is_of_page(metadata, name)):
            found += _guarded(name, partial(_seen, name, field, source))
    return [_with_author_as_user(entry) if is_own and entry.field in OF_PERSONS else entry for entry in found]


def _seen(name: str, field: str, source: str) -> Iterator[_Found]:
    seen = read_html(source)
    yield _Found(
        field=field,
        texts={UNMARKED: seen.text},
        licence=CC_BY_SA,
        seen_in=f"extmetadata {name}",
        users=frozenset(user for user in seen.users if len(user) > 2),
        names_user=bool(seen.users),
    )


def _metadata_text(metadata: Mapping[str, object], name: str) -> str:
    entry = metadata.get(name)
    value = entry.get("value") if isinstance(entry, Mapping) else entry
    return value if isinstance(value, str) else ""


def _is_of_page(metadata: Mapping[str, object], name: str) -> bool:
    """Whether a value stood on the page; a title that is made of the file's name is nobody's text."""
    entry = metadata.get(name)
    return isinstance(entry, Mapping) and entry.get("source") == "commons-desc-page"


def _imported(page: Mapping[str, object], found: Sequence[_Found]) -> Iterator[_Found]:
    """What came with the page from a prior system: behind all that the page itself says today."""
    if not page.get("imported"):
        return
    told: dict[str, list[str]] = {}
    for entry in found:
        if entry.texts:
            told.setdefault(entry.field, []).extend(entry.texts.values())
    written = str(page.get("wikitext") or "")
    for one in read_imported(_json(page.get("imported")), told, written, _of_page(page, found)):
        licence = CC0 if one.is_free else CC_BY_SA
        yield _plain(one.field, one.text, licence, one.seen_in)


def _of_page(page: Mapping[str, object], found: Iterable[_Found]) -> Iterator[str]:
    """All texts of a page beside its wikitext that are CC BY-SA with it; also its title, which its address has."""
    for entry in found:
        yield from entry.texts.values() if entry.licence == CC_BY_SA else ()
    metadata = _json(page.get("extmetadata"))
    yield from (read_html(_metadata_text(metadata, name)).text for name in metadata)
    for names in (page.get("categories"), page.get("hidden_categories")):
        yield from map(str, names if isinstance(names, list) else ())
    yield unquote(str(page.get("page_url") or ""))


def _categories(page: Mapping[str, object]) -> list[_Found]:
    shown = page.get("categories")
    hidden = page.get("hidden_categories")
    kept = set(hidden) if isinstance(hidden, list) else set()
    found = []
    for category in shown if isinstance(shown, list) else ():
        if isinstance(category, str) and category not in kept and (words := category_words(category)):
            found.append(
                _Found(field="category", texts={UNMARKED: words}, licence=CC_BY_SA, seen_in=f"category {category}")
            )
    return found
