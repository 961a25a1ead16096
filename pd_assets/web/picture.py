"""The page of one picture: why it may be used or not, what that rests on, and where the picture went."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.release.asked_picture import About, about, named
from pd_assets.web.served import Served, picture_url

# As long as any address of a page.
LONGEST_NAME = 2_000


def routes(served: Served) -> Sequence[BaseRoute]:
    """The paths of this page."""
    page = _Page(served)
    return [Route("/pictures/{called:path}", page.show)]


class _Page:
    def __init__(self, served: Served) -> None:
        self.served = served

    def show(self, request: Request) -> Response:
        """A picture by its id; whoever asks by another name is sent to the page of its id."""
        called = _called(request)
        if len(called) > LONGEST_NAME:
            raise ConfigError(
                f"found a name of {len(called):,} characters; expected at most {LONGEST_NAME:,}: an id such as M1124, "
                "a title or the address of a page"
            )
        found = named(self.served.home, called)
        if len(found.items) == 1 and called != found.items[0][0]:
            return RedirectResponse(picture_url(found.items[0][0]), status_code=302)
        if len(found.items) != 1:
            told: dict[str, object] = {"called": called, "named": found}
            title = "Which of these?" if found.items else "No such picture"
            return self.served.page(
                request, "picture_which.html", told, title=title, status_code=300 if found.items else 404
            )
        settings = self.served.settings
        one = about(
            self.served.home,
            found.items[0][0],
            profile=settings.rights_profile,
            fresh_days=settings.fresh_days,
            stale_days=settings.stale_days,
        )
        return self._page(request, one)

    def _page(self, request: Request, one: About) -> Response:
        told = {"one": one, "profile": self.served.settings.rights_profile}
        return self.served.page(request, "picture.html", told, title=one.title, status_code=404 if one.is_gone else 200)


def _called(request: Request) -> str:
    """What is asked for; an address of a page goes on behind its question mark."""
    called = str(request.path_params["called"]).strip()
    # What passes through a proxy or a browser may have lost a slash.
    for scheme in ("https:/", "http:/"):
        if called.startswith(scheme) and not called.startswith(f"{scheme}/"):
            called = f"{scheme}/{called.removeprefix(scheme)}"
    return f"{called}?{request.url.query}" if called.startswith("http") and request.url.query else called
