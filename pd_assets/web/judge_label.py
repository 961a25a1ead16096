"""Labelling: one person at a time goes through the pictures that lack a caption, each then read again.

Plain forms and redirects: it works without scripts.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pd_assets.lib.errors import ConfigError, PdError
from pd_assets.lib.home import at_work
from pd_assets.lib.labelling.queue import Unlabelled, pick
from pd_assets.lib.labelling.reading import reread
from pd_assets.lib.labelling.work import LabellingWork, labelled_before
from pd_assets.lib.release.asked_standing import stands
from pd_assets.lib.rights.audit_page import safe_address
from pd_assets.lib.settings import require_contact
from pd_assets.web.served import HEADERS, Served

LABEL = "/judge/label"
STEPS: Mapping[str, Callable[[LabellingWork], object]] = {
    "done": LabellingWork.done,
    "skip": LabellingWork.skip,
    "next": LabellingWork.next,
}


def label_routes(served: Served, work: LabellingWork | None = None) -> Sequence[BaseRoute]:
    """The paths of labelling; without `work` the queue is picked when somebody first asks for it."""
    pages = _Pages(served, work)
    return [
        Route(LABEL, pages.show),
        Route(f"{LABEL}/picture/{{at:int}}", pages.picture),
        *(Route(f"{LABEL}/{name}", partial(pages.take, step), methods=["POST"]) for name, step in STEPS.items()),
    ]


def labelling_site(served: Served, work: LabellingWork, *, also_called: Sequence[str] = ()) -> Starlette:
    """The whole site, opened at the labelling of this queue."""
    # Imported here: the site imports this module.
    from pd_assets.web.site import site

    application = site(served, also_called=also_called)
    application.router.routes[:0] = [
        Route("/", lambda _: RedirectResponse(LABEL, status_code=303)),
        *label_routes(served, work),
    ]
    return application


class _Pages:
    """Requests are handled one at a time: the place in the queue is shared."""

    def __init__(self, served: Served, work: LabellingWork | None) -> None:
        self.served, self.work = served, work
        self.problem: str | None = None
        self.one_at_a_time = threading.Lock()

    def show(self, request: Request) -> Response:
        """The current picture with what is known of it, or what is to be set first."""
        with self.one_at_a_time:
            try:
                work = self._at_hand()
            except ConfigError as error:
                return self.served.page(request, "judge_label_off.html", {"said": str(error)}, title="Labelling")
            picture = work.current
            problem, self.problem = self.problem, None
            told = {
                "picture": picture,
                "page_url": safe_address(picture.page_url) if picture else "",
                "is_shown": picture is not None and self._may_be_shown(picture),
                "known": work.known(picture) if picture else (),
                "outcome": work.outcome,
                "at": work.at,
                "total": len(work.queue),
                "labelled": work.labelled,
                "skipped": work.skipped,
                "problem": problem,
            }
        return self.served.page(request, "judge_label.html", told, title=picture.title if picture else "All done")

    def picture(self, request: Request) -> Response:
        """A picture of the queue."""
        work, at = self.work, int(request.path_params["at"])
        picture = work.queue[at] if work is not None and at < len(work.queue) else None
        if picture is None or not self._may_be_shown(picture):
            raise HTTPException(404, "There is no such picture.")
        self.served.home.fetched(picture.picture)
        return FileResponse(picture.picture, headers=HEADERS)

    def take(self, step: Callable[[LabellingWork], object], request: Request) -> Response:
        """Do what a button says, if it is still the picture that the person saw."""
        with self.one_at_a_time:
            if self.work is not None and request.query_params.get("at") == str(self.work.at):
                try:
                    step(self.work)
                except PdError as error:
                    self.problem = str(error)
        return RedirectResponse(LABEL, status_code=303)

    def _at_hand(self) -> LabellingWork:
        """The queue and the place in it; ConfigError where the archive could not be asked, or nothing noted."""
        if self.work is None:
            home, settings = self.served.home, self.served.settings
            if not home.may_write:
                raise ConfigError(f"PD_HOME={home.root} is read-only, and labels are stored there")
            require_contact(settings)

            def again(picture: Unlabelled) -> Mapping[str, object]:
                with at_work(home):
                    return reread(settings, home, picture)

            self.work = LabellingWork(home=home, queue=pick(home, but=labelled_before(home)), reread=again)
        return self.work

    def _may_be_shown(self, picture: Unlabelled) -> bool:
        home = self.served.home
        return home.holds(picture.picture) and stands(home, picture.item_id).is_free_to_stay
