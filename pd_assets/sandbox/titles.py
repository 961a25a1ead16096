"""Page titles: normal form, what makes one invalid, namespaces, and the addresses a title becomes."""

import hashlib
import re
from urllib.parse import quote

from pd_assets.lib.errors import SandboxError

MAIN, USER, PROJECT, FILE, TEMPLATE, CATEGORY, CREATOR = 0, 2, 4, 6, 10, 14, 100
NAMESPACES = {
    MAIN: "",
    USER: "User",
    PROJECT: "Commons",
    FILE: "File",
    TEMPLATE: "Template",
    CATEGORY: "Category",
    CREATOR: "Creator",
}
_NUMBERS = {name.lower(): number for number, name in NAMESPACES.items() if name} | {"image": FILE, "project": PROJECT}
_FORBIDDEN = re.compile(r"[#<>\[\]{}|\x00-\x1f\x7f]|%[0-9A-Fa-f]{2}|&[A-Za-z0-9#]+;")
MAX_TITLE_BYTES = 255


class InvalidTitle(SandboxError):
    """A title that no page can have; the message is the reason the API reports."""


def normalised(title: str) -> str:
    """The title in its normal form ("File:Foo bar.jpg"). Errors: InvalidTitle."""
    text = re.sub(r"[ _\u00a0]+", " ", title).strip()
    number, name = _split(text)
    _check(name)
    name = name[0].upper() + name[1:]
    return f"{NAMESPACES[number]}:{name}" if number else name


def namespace(title: str) -> int:
    """The namespace number of a title in normal form."""
    return _split(title)[0]


def bare(title: str) -> str:
    """The title without its namespace."""
    return _split(title)[1]


def db_key(title: str) -> str:
    """The bare title with underscores, as in addresses."""
    return bare(title).replace(" ", "_")


def file_path(title: str) -> str:
    """`h/hh/Name`, percent-encoded: where the file of a page lies below its repository."""
    name = db_key(title)
    return f"{hash_folder(name)}/{quote(name, safe='-_.~')}"


def hash_folder(name: str) -> str:
    """`h/hh`: the folder of a file name with underscores, from its MD5."""
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[0]}/{digest[:2]}"


def page_path(title: str) -> str:
    """The title as it stands in `/wiki/…`."""
    return quote(title.replace(" ", "_"), safe=":;@$!*(),/~-_.")


def _split(text: str) -> tuple[int, str]:
    prefix, colon, rest = text.partition(":")
    number = _NUMBERS.get(prefix.strip().lower()) if colon else None
    return (MAIN, text) if number is None else (number, rest.strip())


def _check(name: str) -> None:
    if not name:
        raise InvalidTitle("The requested page title is empty or contains only the name of a namespace.")
    if name in (".", "..") or name.startswith(("./", "../")) or "/./" in name or "/../" in name:
        raise InvalidTitle(
            "Title has relative path. Relative page titles (./, ../) are invalid, because they will often be "
            "unreachable when handled by user's browser."
        )
    found = _FORBIDDEN.search(name)
    if found:
        raise InvalidTitle(f'The requested page title contains invalid characters: "{found.group()}".')
    if len(name.encode()) > MAX_TITLE_BYTES:
        raise InvalidTitle(
            "The requested page title is too long. "
            f"It must be no longer than {MAX_TITLE_BYTES} bytes in UTF-8 encoding."
        )
