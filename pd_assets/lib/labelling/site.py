"""The labelling page as a small web application for one person on this machine.

Plain forms and redirects: it works without scripts. The guard (lib/guard.py) stands before it.
"""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from importlib.resources import files

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pd_assets.lib.errors import PdError
from pd_assets.lib.guard import guard, sources_of
from pd_assets.lib.labelling.work import LabellingWork

HEADERS = {"Cache-Control": "no-store"}


def labelling_site(work: LabellingWork, *, also_called: Sequence[str] = ()) -> Starlette:
    """The application; its requests are handled one at a time. `also_called` as for the guard."""
    text = files("pd_assets.lib.labelling").joinpath("page.html").read_text()
    style = sources_of("style", text)
    policy = f"default-src 'none'; img-src 'self'; style-src {style}; base-uri 'none'; form-action 'self'"
    site = _Site(work, text)
    steps: dict[str, Callable[[], object]] = {"/done": work.done, "/skip": work.skip, "/next": work.next}
    return Starlette(
        routes=[
            Route("/", site.show),
            Route("/picture/{at:int}", site.picture),
            *(Route(path, partial(site.take, step), methods=["POST"]) for path, step in steps.items()),
        ],
        middleware=guard(policy=policy, also_called=also_called),
    )


class _Site:
    def __init__(self, work: LabellingWork, template: str) -> None:
        self.work = work
        self.problem: str | None = None
        self.one_at_a_time = threading.Lock()
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
        with self.one_at_a_time:
            if request.query_params.get("at") == str(self.work.at):
                try:
                    step()
                except PdError as error:
                    self.problem = str(error)
        return RedirectResponse("/", status_code=303)
