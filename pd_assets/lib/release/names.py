"""Reads what people call pictures: ids, digests, titles of files, and the addresses that they have of them.

Titles are compared as MediaWiki has them: an underscore is a space, the first letter may be small, all else counts,
also the ending. https://www.mediawiki.org/wiki/Manual:Page_title. Nothing is looked up here (pictures.py).
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pd_assets.lib.release.segments import Row

ITEM_ID = re.compile(r"commons:M\d+|smithsonian:[^:]*:[^:]*|cleveland:\d+")
SHA1 = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"[0-9a-f]{64}")
_PAGE_ID = re.compile(r"[Mm](\d+)")
_DIGEST = re.compile(r"(?:sha1:\s*)?([0-9a-f]{40})|(?:sha256:\s*)?([0-9a-f]{64})", re.IGNORECASE)
_IN_A_SOURCE = re.compile(r"(commons|smithsonian|cleveland):(.+)", re.IGNORECASE)

# What MediaWiki takes as a file, and what people make of one. https://commons.wikimedia.org/wiki/Commons:File_types
ENDINGS = frozenset(
    (
        "jpg", "jpeg", "jpe", "png", "apng", "gif", "tif", "tiff", "webp", "svg", "djvu", "pdf", "xcf", "bmp", "heic",
        "heif", "avif", "jp2", "jxl", "psd", "webm", "ogv", "ogg", "oga", "opus", "mp3", "mp4", "wav", "flac", "mid",
        "mpg", "mpeg", "stl",
    )
)  # fmt: skip
# "File:" as the largest Wikipedias write it: https://www.mediawiki.org/wiki/Help:Namespaces.
_FILE = (
    "(?:File|Image|Media|Datei|Bild|Fichier|Archivo|Imagen|Immagine|Bestand|Ficheiro|Imagem|Plik|Файл|ファイル|文件)"
)
_SPECIAL = "(?:Special|Spezial|Spécial|Especial|Speciale|Speciaal|Specjalna|Служебная|特別|特殊)"
_NAMESPACE = re.compile(rf"\s*:?({_FILE})\s*:\s*(.*)", re.IGNORECASE | re.DOTALL)
# On every wiki; the other words may begin a title of a museum.
_EVERYWHERE = ("file", "image")
_PAGE = re.compile(rf"(?:^|/){_FILE}[ _]*:(.+)", re.IGNORECASE)
_SENT_TO = re.compile(rf"(?:^|/){_SPECIAL}:(?:FilePath|Redirect/file)(?:/|$)(?:{_FILE}:)?(.*)", re.IGNORECASE)
# https://www.mediawiki.org/wiki/Extension:MultimediaViewer
_VIEWER = re.compile(r"/?(?:media|mediaviewer)/(.+)")
_WITHOUT_SCHEME = re.compile(r"//[^/\s]+/\S|(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::\d+)?/\S", re.IGNORECASE)
# What comes along where a title is copied from a page.
_MARKS = re.compile("[\u200e\u200f\u2028-\u202e]")
_WIKIMEDIA = ("wikimedia.org", "wikipedia.org")
_UPLOADS = "upload.wikimedia.org"


def as_known(called: str) -> str:
    """A name as the tables have it: a page id as an item id, and digests in lower case."""
    called = called.strip()
    if match := _PAGE_ID.fullmatch(called):
        return f"commons:M{match[1]}"
    if match := _DIGEST.fullmatch(called):
        return (match[1] or match[2]).lower()
    if match := _IN_A_SOURCE.fullmatch(called):
        source = match[1].lower()
        known = f"{source}:{match[2].upper() if source == 'commons' else match[2]}"
        return known if ITEM_ID.fullmatch(known) else called
    return called


@dataclass(frozen=True, kw_only=True)
class OnPage:
    """The item of the page whose number an address gives; only the archive on that host numbers it so."""

    host: str
    item_id: str


def on_page(called: str) -> OnPage | None:
    """What `?curid=5` says, if anything."""
    address = _address(called.strip())
    if address is not None and (curid := parse_qs(address.query).get("curid")) and curid[0].isdecimal():
        return OnPage(host=_host(address), item_id=f"commons:M{curid[0]}")
    return None


def host_of(address: object) -> str | None:
    """The host of a web address with its port, that of the mobile pages being the same; None where it is none."""
    found = _address(address) if isinstance(address, str) else None
    return None if found is None else _host(found)


@dataclass(frozen=True, kw_only=True)
class Titles:
    """The titles that a name may stand for: `told` of whatever item, `of_files` of the files of an archive.

    `file` is the name of the file with its ending, where that was given; `host` is that of the address that named it.
    """

    told: tuple[str, ...] = ()
    of_files: tuple[str, ...] = ()
    file: str | None = None
    host: str | None = None

    @property
    def every(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.told, *self.of_files]))

    def fit(self, row: Row, ours: Collection[str | None]) -> bool:
        """Whether a row with one of these titles is meant; `ours` are the hosts of the archive that fills the home."""
        if not str(row["item_id"]).startswith("commons:"):
            # The media of museums have no names of files: ids, exact titles and exact addresses lead to them.
            return row["title"] in self.told
        if row["title"] not in self.every:
            return False
        page = _file_of_page(row["page_url"])
        if self.file is not None and page is not None and page != self.file:
            return False
        hosts = {*ours, host_of(row["page_url"]), host_of(row["file_url"])}
        return self.host is None or self.host in hosts or _is_wikimedia(self.host)


def titles_of(called: str) -> Titles:
    """What a name may stand for where it is a title, or an address that has one in it."""
    called = called.strip()
    address = _address(called)
    if address is None:
        return _titles_of_name(called)
    # Without a scheme it may be a title that looks like an address.
    told = () if _has_scheme(called) else (called.replace("_", " "),)
    named = _file_in(address)
    if named is None or _is_of_another_project(address):
        return Titles(told=told)
    return _of_file(named, told=told, host=_host(address))


def addresses_of(called: str) -> tuple[str, ...]:
    """The addresses of pages and files that an address may stand for: also the original of a smaller picture."""
    called = called.strip()
    address = _address(called)
    if address is None:
        return ()
    rest = called.removeprefix("//")
    given = [called] if _has_scheme(called) else [f"{scheme}://{rest}" for scheme in ("https", "http")]
    if (whole := _whole_of_thumb(address.path)) is None:
        return tuple(given)
    return (*given, *(urlsplit(one)._replace(path=whole, query="", fragment="").geturl() for one in given))


def title_of(called: str) -> str:
    """A title as the catalogue has it, of whatever looks like one: without namespace and ending; also of an address."""
    if (address := _address(called.strip())) is not None:
        last = (parse_qs(address.query).get("title") or [unquote(address.path.rpartition("/")[2])])[0]
        called = _file_in(address) or last
    return _without_ending(_without_namespace(called).replace("_", " ").strip())


def looks_like_a_path(called: str) -> bool:
    """Whether it may be meant as the path of a picture file: with folders or an ending, and no address or page."""
    is_other = _has_scheme(called) or called.startswith("//") or _without_namespace(called) != called
    return not is_other and ("/" in called or _has_known_ending(called))


def _titles_of_name(called: str) -> Titles:
    spaced, named = called.replace("_", " "), _without_namespace(called)
    if named != called or _has_known_ending(named):
        return _of_file(unquote(named), told=(spaced,))
    return _of_file(named, told=(title_of(called), spaced))


def _of_file(named: str, *, told: tuple[str, ...], host: str | None = None) -> Titles:
    plain, title = named.replace("_", " ").strip(), _as_title(named)
    stems = [_without_ending(plain), _without_ending(title), plain, title]
    file = title if _has_known_ending(title) else None
    return Titles(told=tuple(dict.fromkeys(told)), of_files=tuple(dict.fromkeys(stems)), file=file, host=host)


def _as_title(named: str) -> str:
    """A title as MediaWiki has it, without the namespace."""
    text = unicodedata.normalize("NFC", _MARKS.sub("", named)).replace("_", " ")
    text = " ".join(text.split())
    first = text[:1].upper()
    return first + text[1:] if len(first) == 1 else text


def _without_namespace(called: str) -> str:
    match = _NAMESPACE.fullmatch(called)
    if match is None or not (match[1].lower() in _EVERYWHERE or _has_known_ending(match[2])):
        return called
    return match[2]


def _without_ending(title: str) -> str:
    return title.rsplit(".", 1)[0] if _has_known_ending(title) or "." in title[-6:] else title


def _has_known_ending(name: str) -> bool:
    stem, dot, ending = name.rpartition(".")
    return bool(stem and dot) and ending.strip().lower() in ENDINGS


def _address(called: str) -> SplitResult | None:
    """An address on the web, also one without a scheme."""
    told = called
    if _WITHOUT_SCHEME.match(called):
        told = f"https://{called.removeprefix('//')}"
    try:
        found = urlsplit(told)
    except ValueError:
        return None
    return found if found.scheme in ("http", "https") else None


def _has_scheme(called: str) -> bool:
    return called.lower().startswith(("http:", "https:"))


def _host(address: SplitResult) -> str:
    name, colon, port = address.netloc.rpartition("@")[2].lower().partition(":")
    usual = {"http": "80", "https": "443"}[address.scheme]
    return name.replace(".m.", ".", 1) + ("" if port in ("", usual) else colon + port)


def _is_wikimedia(host: str) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in _WIKIMEDIA)


def _is_of_another_project(address: SplitResult) -> bool:
    """Whether it is a file that a Wikipedia has of its own: one of the same name on Commons may be another picture."""
    return _host(address) == _UPLOADS and not address.path.startswith("/wikipedia/commons/")


def _file_in(address: SplitResult) -> str | None:
    """The file that an address names, by its page, in the media viewer, by what sends one to it, or by its folder."""
    if match := _VIEWER.fullmatch(unquote(address.fragment)):
        viewed = _PAGE.search(match[1])
        return viewed[1] if viewed else None
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    page = query.get("title") or unquote(address.path)
    if match := _SENT_TO.search(page):
        return match[1] or query.get("file") or query.get("wpvalue")
    if match := _PAGE.search(page):
        return match[1]
    if address.path.endswith("/thumb.php"):
        return query.get("f")
    if "title" in query or "/wiki/" in address.path:
        # An article, a category: not the file that is called like it.
        return None
    last = unquote((_whole_of_thumb(address.path) or address.path).rpartition("/")[2])
    return last if _has_known_ending(last) else None


def _file_of_page(page_url: object) -> str | None:
    """The name of the file whose page it is, as MediaWiki has titles; None where the address names none."""
    address = _address(page_url) if isinstance(page_url, str) else None
    if address is None:
        return None
    match = _PAGE.search((parse_qs(address.query).get("title") or [unquote(address.path)])[0])
    return _as_title(match[1]) if match else None


def _whole_of_thumb(path: str) -> str | None:
    """`/x/2/27/A.jpg` of `/x/thumb/2/27/A.jpg/600px-A.jpg`. https://www.mediawiki.org/wiki/Manual:Thumb.php"""
    folders = path.split("/")
    if "thumb" not in folders[:-2]:
        return None
    at = len(folders) - 1 - folders[::-1].index("thumb", 2)
    return "/".join([*folders[:at], *folders[at + 1 : -1]]) if _has_known_ending(folders[-2]) else None
