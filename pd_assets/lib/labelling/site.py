"""The labelling page as a small web application for one person on this machine.

Plain forms and redirects: it works without scripts. Only this machine's own names are answered to, and a form of
another site changes nothing.
"""

import threading
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from urllib.parse import urlsplit

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pd_assets.lib.errors import PdError
from pd_assets.lib.labelling.work import LabellingWork

OWN_NAMES = ["127.0.0.1", "localhost"]
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'self'",
    "Cache-Control": "no-store",
}


def labelling_site(work: LabellingWork) -> Starlette:
    """The application; its requests are handled one at a time."""
    site = _Site(work)
    steps: dict[str, Callable[[], object]] = {"/done": work.done, "/skip": work.skip, "/next": work.next}
    return Starlette(
        routes=[
            Route("/", site.show),
            Route("/picture/{at:int}", site.picture),
            *(Route(path, partial(site.take, step), methods=["POST"]) for path, step in steps.items()),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=OWN_NAMES)],
    )


class _Site:
    def __init__(self, work: LabellingWork) -> None:
        self.work = work
        self.problem: str | None = None
        self.one_at_a_time = threading.Lock()
        template = files("pd_assets.lib.labelling").joinpath("page.html").read_text()
        self.template = Environment(autoescape=True).from_string(template)

    def show(self, request: Request) -> Response:
        """The current picture with what is known of it."""
        with self.one_at_a_time:
            work, picture = self.work, self.work.current
            problem, self.problem = self.problem, None
            page = self.template.render(
                picture=picture,
                known=work.known(picture) if picture else (),
                outcome=work.outcome,
                at=work.at,
                total=len(work.queue),
                labelled=work.labelled,
                skipped=work.skipped,
                problem=problem,
            )
        return HTMLResponse(page, headers=HEADERS)

    def picture(self, request: Request) -> Response:
        """A picture of the queue."""
        at = int(request.path_params["at"])
        path = self.work.queue[at].picture if at < len(self.work.queue) else None
        if path is None or not self.work.home.holds(path):
            return PlainTextResponse("there is no such picture", status_code=404)
        self.work.home.fetched(path)
        return FileResponse(path, headers=HEADERS)

    def take(self, step: Callable[[], object], request: Request) -> Response:
        """Do what a button says, if it is still the picture that the person saw."""
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return PlainTextResponse("only this page's own buttons work", status_code=403)
        with self.one_at_a_time:
            if request.query_params.get("at") == str(self.work.at):
                try:
                    step()
                except PdError as error:
                    self.problem = str(error)
        return RedirectResponse("/", status_code=303)
