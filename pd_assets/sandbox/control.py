"""What other processes may tell the sandbox over HTTP (`POST /sandbox/<verb>`): one function per verb, JSON in and out.

add           title, wikitext, content_base64?, caption?      or  count, kind?  for further painted pictures
edit          title, wikitext, summary?
set_caption   title, caption (null removes it)
overwrite     title, content_base64?
move          title, new_title, leave_redirect?, reason?
delete        title, reason?
restore       title
recategorise  title, add?, remove?
edit_item     item, died (a year; null removes it): an item of Wikidata
"""

import base64
import binascii
from collections.abc import Callable, Mapping

from pd_assets.lib.errors import SandboxError
from pd_assets.sandbox.archive import Archive
from pd_assets.sandbox.records import Page

Body = Mapping[str, object]
MAX_PAINTED_AT_ONCE = 5000


def perform(archive: Archive, verb: str, body: Body) -> list[Page]:
    """Carries out one verb and returns the pages it left. Errors: SandboxError."""
    if verb not in VERBS:
        raise SandboxError(f"The sandbox cannot {verb!r}; it knows {', '.join(VERBS)}.")
    return VERBS[verb](archive, body)


def _add(archive: Archive, body: Body) -> list[Page]:
    if "count" in body:
        count = body["count"]
        if not isinstance(count, int) or not 0 < count <= MAX_PAINTED_AT_ONCE:
            raise SandboxError(f"count is {count!r}; give a whole number from 1 to {MAX_PAINTED_AT_ONCE}.")
        return archive.paint_more(count, _text(body, "kind", "pd_old_100_expired"))
    caption = _optional_text(body, "caption")
    page = archive.add(_text(body, "title"), wikitext=_text(body, "wikitext"), content=_bytes(body), caption=caption)
    return [page]


def _edit(archive: Archive, body: Body) -> list[Page]:
    return [archive.edit(_text(body, "title"), _text(body, "wikitext"), summary=_text(body, "summary", ""))]


def _set_caption(archive: Archive, body: Body) -> list[Page]:
    return [archive.set_caption(_text(body, "title"), _optional_text(body, "caption"))]


def _overwrite(archive: Archive, body: Body) -> list[Page]:
    return [archive.overwrite(_text(body, "title"), _bytes(body))]


def _move(archive: Archive, body: Body) -> list[Page]:
    leave = body.get("leave_redirect", True)
    reason = _text(body, "reason", "better name")
    return [archive.move(_text(body, "title"), _text(body, "new_title"), leave_redirect=bool(leave), reason=reason)]


def _delete(archive: Archive, body: Body) -> list[Page]:
    archive.delete(_text(body, "title"), _text(body, "reason", "Copyright violation"))
    return []


def _restore(archive: Archive, body: Body) -> list[Page]:
    return [archive.restore(_text(body, "title"))]


def _recategorise(archive: Archive, body: Body) -> list[Page]:
    return [archive.recategorise(_text(body, "title"), add=_names(body, "add"), remove=_names(body, "remove"))]


def _edit_item(archive: Archive, body: Body) -> list[Page]:
    died = body.get("died")
    if died is not None and (not isinstance(died, int) or isinstance(died, bool)):
        raise SandboxError(f"died is {died!r}; expected a year, or null.")
    archive.edit_item(_text(body, "item"), died=died)
    return []


VERBS: Mapping[str, Callable[[Archive, Body], list[Page]]] = {
    "add": _add,
    "edit": _edit,
    "set_caption": _set_caption,
    "overwrite": _overwrite,
    "move": _move,
    "delete": _delete,
    "restore": _restore,
    "recategorise": _recategorise,
    "edit_item": _edit_item,
}


def _text(body: Body, name: str, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str):
        raise SandboxError(f"{name} is {value!r}; expected a text.")
    return value


def _optional_text(body: Body, name: str) -> str | None:
    return None if body.get(name) is None else _text(body, name)


def _names(body: Body, name: str) -> list[str]:
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SandboxError(f"{name} is {value!r}; expected a list of category names.")
    return value


def _bytes(body: Body) -> bytes | None:
    encoded = _optional_text(body, "content_base64")
    if encoded is None:
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise SandboxError(f"content_base64 is not base64: {error}") from None
