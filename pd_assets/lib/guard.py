"""The guard before every page that we serve: only this machine's own names, and no change that another page asks for.

A web page may send requests to any address that its visitor's browser reaches, this machine's included: as a picture, a
form, a script's POST or a WebSocket, and under a name of its own (DNS rebinding). What a browser adds by itself tells
whose request it is, and no page can forge it: Origin, Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/) and Host.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_NAMES = ("127.0.0.1", "localhost")
# They ask, and change nothing. Everything else has to be asked for by a page of ours, or by no page at all.
ASKING = frozenset({"GET", "HEAD"})
HEADERS: Mapping[str, str] = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer: with it a form of our own page would be sent with the origin `null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def guard(
    *, policy: str, also_called: Sequence[str] = (), operations_at: frozenset[str] = frozenset()
) -> list[Middleware]:
    """The middleware of an application, outermost first.

    `policy` is the Content-Security-Policy of its pages, to which `frame-ancestors 'none'` is added; `also_called` are
    names besides this machine's own (PD_ALLOWED_HOSTS). At the paths `operations_at` the query of a GET could change
    something: there one with a query is refused.
    """
    return [
        Middleware(_Labelled, policy=f"{policy}; frame-ancestors 'none'"),
        Middleware(TrustedHostMiddleware, allowed_hosts=[*OWN_NAMES, *also_called], www_redirect=False),
        Middleware(_OwnRequestsOnly, operations_at=operations_at),
    ]


def sources_of(element: str, page: str) -> str:
    """The inline scripts or styles of a page for its policy, by digest: others that get into it do nothing."""
    inline = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
    return " ".join(f"'sha256-{b64encode(sha256(one.encode()).digest()).decode()}'" for one in inline)


class _Labelled:
    """Adds the headers that keep other pages from framing ours and from reading what it answers."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self.app, self.policy = app, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                # Beside the one that the application may have: a browser obeys both.
                headers.append("Content-Security-Policy", self.policy)
            await send(message)

        await self.app(scope, receive, labelled)


class _OwnRequestsOnly:
    """Refuses what another page asks for."""

    def __init__(self, app: ASGIApp, operations_at: frozenset[str]) -> None:
        self.app, self.operations_at = app, operations_at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (refused := self._why_refused(scope)):
            await PlainTextResponse(f"{refused[1]}\n", status_code=refused[0])(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _why_refused(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if scope["type"] == "websocket":
            return None if _is_own(headers) or _is_no_browsers(headers) else (403, _not_own(headers))
        if scope["method"] in ASKING:
            if scope["path"].rstrip("/") in self.operations_at and scope["query_string"]:
                return 405, "found an operation in the address of a GET; expected a POST of application/json"
            return None if _may_be_shown(headers) else (403, _not_own(headers))
        if _is_own(headers):
            return None
        if not _is_no_browsers(headers):
            return 403, _not_own(headers)
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return (
                415,
                "found a request without an Origin that a form could send; expected Content-Type: application/json",
            )
        return None


def _is_own(headers: Headers) -> bool:
    """Whether a page of this very host and port asks, as the browser says."""
    origin = headers.get("origin")
    try:
        parts = urlsplit(origin or "")
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and parts.netloc.lower() == headers.get("host", "").lower()
        and headers.get("sec-fetch-site", "same-origin") == "same-origin"
    )


def _is_no_browsers(headers: Headers) -> bool:
    """Whether a program asks: browsers tell an origin with all that can change something."""
    return "origin" not in headers and not any(name.startswith("sec-fetch-") for name in headers)


def _may_be_shown(headers: Headers) -> bool:
    """Whether a GET is our page's own, a program's, or that of somebody who follows a link: no part of another page."""
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return "origin" not in headers or _is_own(headers)
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _not_own(headers: Headers) -> str:
    found = headers.get("origin") or headers.get("sec-fetch-site") or "none"
    return f"found a request of another page (origin {found}); expected one of this page, or of no browser"
