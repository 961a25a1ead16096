"""Where the picture of a medium is delivered: the image delivery service at a bounded size, or what another host has.

The service (IDS) takes an id and the longest side; it also speaks IIIF. Media elsewhere (the natural history museum's)
come only as they are listed. A TIFF is asked for only where nothing else is listed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

IDS = "https://ids.si.edu/ids/deliveryService"
SERVICE, DOWNLOAD, IIIF = "/ids/deliveryService", "/ids/download", "/ids/iiif/"
# `.jpg` and the like behind the id in download addresses.
VARIANT = re.compile(r"(?:\.(?:jpe?g|tiff?|png)|_screen|_thumb)$", re.IGNORECASE)
SIZE = re.compile(r"(\d{1,6})\s*[x×]\s*(\d{1,6})")
JPEG, TIFF, PNG = "image/jpeg", "image/tiff", "image/png"
ENDINGS = {".jpg": JPEG, ".jpeg": JPEG, ".tif": TIFF, ".tiff": TIFF, ".png": PNG, "_screen": JPEG, "_thumb": JPEG}


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The addresses of one picture. Sizes are those of the whole picture, None where the record does not say."""

    file_url: str
    thumb_url: str
    mime: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, kw_only=True)
class _Resource:
    """One file that a medium lists."""

    url: str
    mime: str | None
    is_small: bool
    width: int | None
    height: int | None

    @property
    def side(self) -> int:
        """The longest side, 0 where nothing says so."""
        return max(self.width or 0, self.height or 0)


def deliver(medium: Mapping[str, object], *, side: int) -> Delivery | None:
    """Where to fetch a medium whole and where bounded by `side` pixels; None where it names no address."""
    resources = list(_resources(medium.get("resources")))
    whole = _largest(resources)
    known = max(resources, key=lambda one: one.side, default=None)
    width, height = (known.width, known.height) if known and known.side else (None, None)
    content = address(medium.get("content"))
    listed = [*([content] if content else []), *(resource.url for resource in resources)]
    for url in listed or filter(None, [address(medium.get("thumbnail"))]):
        if bounded := _bounded(url, side):
            file_url = whole.url if whole and whole.mime != TIFF else bounded.whole
            return Delivery(file_url=file_url, thumb_url=bounded.url, mime=JPEG, width=width, height=height)
    if whole is None and content is None:
        return _by_id(medium.get("idsId"), side)
    if whole is None or (whole.mime == TIFF and content is not None):
        assert content is not None
        return Delivery(file_url=content, thumb_url=content, mime=_mime(content, ""), width=width, height=height)
    small = _smallest_that_covers(resources, side) or whole
    return Delivery(file_url=whole.url, thumb_url=small.url, mime=whole.mime, width=width, height=height)


def address(value: object) -> str | None:
    """A web address, or None where `value` is none. The Smithsonian's own are asked over HTTPS."""
    if not isinstance(value, str) or any(mark in value for mark in "\r\n\t"):
        return None
    url = value.strip().replace(" ", "%20")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_usable = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
    except ValueError:
        return None
    if not is_usable:
        return None
    is_theirs = host == "si.edu" or host.endswith(".si.edu")
    return urlunsplit(parts._replace(scheme="https")) if is_theirs and parts.port is None else url


@dataclass(frozen=True, kw_only=True)
class _Bounded:
    """One picture of the delivery service: whole, and at a bounded size."""

    whole: str
    url: str


def _bounded(url: str, side: int) -> _Bounded | None:
    """The same picture no larger than `side`, where `url` is one of the delivery service."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    path = parts.path
    given = parse_qs(parts.query).get("id", [""])[0]
    if path.endswith((SERVICE, DOWNLOAD)) and given and "://" not in given:
        base = origin + path.removesuffix(SERVICE).removesuffix(DOWNLOAD) + SERVICE
        name = VARIANT.sub("", given) if path.endswith(DOWNLOAD) or given.endswith(("_screen", "_thumb")) else given
        return _of_service(base, name, side)
    if f"{SERVICE}/id/" in path:
        stem = origin + re.sub(r"/\d+$", "", path)
        return _Bounded(whole=stem, url=f"{stem}/{side}")
    if IIIF in path:
        before, _, rest = path.partition(IIIF)
        stem = f"{origin}{before}{IIIF}{rest.split('/')[0]}"
        return _Bounded(whole=f"{stem}/full/full/0/default.jpg", url=f"{stem}/full/!{side},{side}/0/default.jpg")
    return None


def _of_service(base: str, name: str, side: int) -> _Bounded:
    whole = f"{base}?id={quote(name, safe=':/')}"
    return _Bounded(whole=whole, url=f"{whole}&max={side}")


def _by_id(ids_id: object, side: int) -> Delivery | None:
    """A medium that names its id at the service and no address; an id that is itself an address is that one."""
    if url := address(ids_id):
        return Delivery(file_url=url, thumb_url=url, mime=_mime(url, ""))
    if not isinstance(ids_id, str) or not ids_id.strip():
        return None
    bounded = _of_service(IDS, ids_id.strip(), side)
    return Delivery(file_url=bounded.whole, thumb_url=bounded.url, mime=JPEG)


def _resources(value: object) -> Iterable[_Resource]:
    for entry in value if isinstance(value, list) else []:
        if isinstance(entry, Mapping) and (url := address(entry.get("url"))):
            label = str(entry.get("label", ""))
            width, height = _size(entry, label)
            is_small = url.endswith(("_screen", "_thumb")) or label.startswith(("Screen", "Thumbnail"))
            mime = _mime(url, label)
            yield _Resource(url=url, mime=mime, is_small=is_small, width=width, height=height)


def _largest(resources: list[_Resource]) -> _Resource | None:
    """The whole picture among the files: rather no TIFF, rather no screen image, then the largest."""
    return max(resources, key=lambda one: (one.mime != TIFF, not one.is_small, one.side), default=None)


def _smallest_that_covers(resources: list[_Resource], side: int) -> _Resource | None:
    covering = [one for one in resources if one.mime != TIFF and one.side >= side]
    return min(covering, key=lambda one: one.side, default=None)


def _size(entry: Mapping[str, object], label: str) -> tuple[int | None, int | None]:
    """Width and height: as numbers, as `3506x9833`, or in the label. A number may come as text."""
    width, height = _whole(entry.get("width")), _whole(entry.get("height"))
    if width and height:
        return width, height
    for text in (str(entry.get("dimensions", "")), label):
        if found := SIZE.search(text):
            return int(found[1]), int(found[2])
    return None, None


def _whole(value: object) -> int | None:
    """A positive number that fits a table's column."""
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 and int(text) else None


def _mime(url: str, label: str) -> str | None:
    """The media type by the label, else by how the address ends."""
    for word, mime in (("tif", TIFF), ("jpeg", JPEG), ("jpg", JPEG), ("png", PNG)):
        if word in label.casefold():
            return mime
    ending = url.casefold()
    return next((mime for end, mime in ENDINGS.items() if ending.endswith(end)), None)
