"""The whole site opened at one piece of work: `pdd audit --role` and `pdd label`."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pd_assets.lib.labelling.work import LabellingWork
from pd_assets.lib.rights.audit_judging import Judging
from pd_assets.web.judge_audit import place_of
from pd_assets.web.judge_label import LABEL, label_routes
from pd_assets.web.served import Served
from pd_assets.web.site import site


def audit_site(served: Served, judging: Judging, *, also_called: Sequence[str] = ()) -> Starlette:
    """The site, opened where one role judges one sample. `also_called` as for the guard."""
    place = place_of(judging)

    def item(request: Request) -> Response:
        """An address of before the audit was part of the site."""
        return RedirectResponse(f"{place}{request.path_params['at']}", status_code=303)

    return _opened(served, place, [Route("/item/{at:int}", item)], also_called)


def labelling_site(served: Served, work: LabellingWork, *, also_called: Sequence[str] = ()) -> Starlette:
    """The site, opened at the labelling of this queue. `also_called` as for the guard."""
    return _opened(served, LABEL, label_routes(served, work), also_called)


def _opened(served: Served, place: str, before: Sequence[BaseRoute], also_called: Sequence[str]) -> Starlette:
    application = site(served, also_called=also_called)

    def start(request: Request) -> Response:
        return RedirectResponse(place, status_code=303)

    application.router.routes[:0] = [Route("/", start), *before]
    return application
