"""The pictures themselves: a small copy, and what is stored. What may not be shown is a 404 that says why.

A browser asks again each time whether it may still show what it kept, so that nothing is shown after a takedown.
"""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pd_assets.lib.gallery.index import Item
from pd_assets.lib.gallery.keeping import keeper
from pd_assets.lib.gallery.standing import NotShown, Standing
from pd_assets.lib.gallery.thumbs import Thumbs, Unreadable
from pd_assets.lib.gallery.withheld import Withheld
from pd_assets.web.served import Served


def standing(served: Served) -> Standing:
    """What may be shown of the pictures of a site."""
    return Standing(
        keeper(served.home, served.settings.rights_profile), Withheld(served.home, served.settings.stale_days)
    )


def routes(served: Served) -> Sequence[BaseRoute]:
    """The paths of pictures."""
    shown, thumbs = standing(served), Thumbs()

    def thumb(request: Request) -> Response:
        return _answer(
            served, request, shown, "t",
            lambda item: (thumbs.of(item.sha256 or "", lambda: shown.body(item)), "image/webp"),
        )  # fmt: skip

    def image(request: Request) -> Response:
        return _answer(served, request, shown, "i", lambda item: (shown.body(item), item.mime or "image/jpeg"))

    return [Route("/thumb/{item_id:path}", thumb), Route("/image/{item_id:path}", image)]


def _answer(
    served: Served, request: Request, shown: Standing, kind: str, made: Callable[[Item], tuple[bytes, str]]
) -> Response:
    try:
        item = shown.shown(request.path_params["item_id"])
        if not shown.is_stored(item):
            raise NotShown("This picture is not shown: it is not in the store any more.")
        headers = {"ETag": f'"{kind}-{item.sha256}"', "Cache-Control": "no-cache"}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        body, media_type = made(item)
    except NotShown as why:
        return served.page(request, "error.html", {"said": str(why)}, title="404", status_code=404)
    except Unreadable as why:
        said = f"This picture is not shown: it cannot be made smaller ({why})."
        return served.page(request, "error.html", {"said": said}, title="404", status_code=404)
    return Response(body, media_type=media_type, headers=headers)
