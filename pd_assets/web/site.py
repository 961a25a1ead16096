"""The site as one application behind the guard (lib/guard.py), with Dagster's UI beside it where there is one."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from threading import Thread

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from pd_assets.lib.drawing.desk import text_embedder
from pd_assets.lib.errors import PdError
from pd_assets.lib.guard import guard
from pd_assets.lib.home import Home
from pd_assets.lib.release import index
from pd_assets.web import ask, draw, front, gallery, images, judge, models, picture, reports
from pd_assets.web.served import DAGSTER, Served

# Nothing of it comes from elsewhere. `blob:` and `data:` are pictures that the browser itself makes: a sketch, a mask.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'"
)
# A picture is posted there to be looked for; and what draws changes nothing of the home.
ONLY_ASK, DRAW = frozenset({"/ask", "/pictures"}), "/draw"
PAGES: Sequence[Callable[[Served], Sequence[BaseRoute]]] = (
    front.routes,
    lambda served: gallery.routes(
        served, embed_texts=text_embedder(served.home, served.settings.rights_profile, served.settings.stale_days)
    ),
    images.routes,
    picture.routes,
    ask.routes,
    draw.routes,
    models.routes,
    judge.routes,
    reports.routes,
)

log = logging.getLogger(__name__)


def site(served: Served, *, also_called: Sequence[str] = ()) -> Starlette:
    """The application of our pages. `also_called` as for the guard."""
    static = Mount("/static", StaticFiles(directory=str(files("pd_assets.web").joinpath("static"))))
    told = _Told(served)
    allowed = Middleware(_Allowed, served=served)

    @asynccontextmanager
    async def running(application: Starlette) -> AsyncIterator[None]:
        """While it is served our CLIP reads the pictures. Whoever only asks it for pages starts nothing by that."""
        if served.may_start:
            await run_in_threadpool(served.maker.begin)
        if served.may_start and served.may_change and served.home.copy is None:
            Thread(target=_bring_index_in_step, args=(served.home,), daemon=True, name="index").start()
        yield
        await run_in_threadpool(served.maker.close)

    return Starlette(
        lifespan=running,
        routes=[static, *(route for routes in PAGES for route in routes(served))],
        middleware=[*guard(policy=POLICY, also_called=also_called), allowed],
        exception_handlers={HTTPException: told.of_http, PdError: told.of_ours, Exception: told.of_a_bug},
    )


def _bring_index_in_step(home: Home) -> None:
    """A home that was copied has an index of other files; until it has its own, a picture's page reads whole tables."""
    try:
        index.refresh(home)
    except (PdError, OSError) as error:
        log.warning("pages of single pictures are slow, for their index could not be brought in step: %s", error)


def without_home(told: Served, why: str, *, also_called: Sequence[str] = ()) -> Starlette:
    """What is served where a home cannot be opened: each page says why, and Dagster's UI works."""

    def say(request: Request) -> Response:
        return told.page(request, "error.html", {"said": why}, title="No home", status_code=503)

    static = Mount("/static", StaticFiles(directory=str(files("pd_assets.web").joinpath("static"))))
    return Starlette(
        routes=[static, Route("/{path:path}", say)], middleware=guard(policy=POLICY, also_called=also_called)
    )


class Beside:
    """Our site at /, and another application, with a guard of its own, below /dagster."""

    def __init__(self, ours: ASGIApp, dagster: ASGIApp) -> None:
        self.ours, self.dagster = ours, dagster

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        below = path == DAGSTER or path.startswith(f"{DAGSTER}/")
        await (self.dagster if below else self.ours)(scope, receive, send)


class _Allowed:
    """Refuses what would change a home that is only shown."""

    def __init__(self, app: ASGIApp, served: Served) -> None:
        self.app, self.served = app, served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD") and not self._may(str(scope["path"])):
            said = "This home is only shown here: nothing can be changed, and nothing started."
            if self.served.may_start:
                said = f"PD_HOME={self.served.home.root} cannot be written, and this would change it."
            told = {"said": said}
            page = self.served.page(Request(scope), "error.html", told, title="Only shown", status_code=403)
            await page(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _may(self, path: str) -> bool:
        starts = path == DRAW or path.startswith(f"{DRAW}/")
        return path in ONLY_ASK or self.served.may_change or (starts and self.served.may_start)


class _Told:
    """Errors as pages."""

    def __init__(self, served: Served) -> None:
        self.served = served

    def of_http(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        plain = {404: "There is no such page.", 405: "This page cannot be asked for in that way."}
        said = (
            plain.get(error.status_code, error.detail) if error.detail in ("Not Found", "Method Not Allowed") else None
        )
        return self._page(request, said or error.detail, error.status_code)

    def of_ours(self, request: Request, error: Exception) -> Response:
        return self._page(request, str(error), 400)

    def of_a_bug(self, request: Request, error: Exception) -> Response:
        return self._page(request, "This page failed; the terminal that the site was started from says how.", 500)

    def _page(self, request: Request, said: str, status_code: int) -> Response:
        return self.served.page(request, "error.html", {"said": said}, title=f"{status_code}", status_code=status_code)
