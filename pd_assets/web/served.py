"""What all pages share: the home that they are about, its settings, and how a page is rendered.

Paths of the site that more than one page links to:
    /pictures/<item_id>     the page of a picture
    /thumb/<item_id>        a small WebP of it, 404 where it may not be shown
    /image/<item_id>        the stored picture
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from pd_assets.lib.gallery.vectors import Maker
from pd_assets.lib.home import Home
from pd_assets.lib.settings import Settings

# What stands in the bar of every page, in this order.
BAR = (
    ("/pictures", "Pictures"),
    ("/ask", "Is my picture in it?"),
    ("/draw", "Draw"),
    ("/models", "Models"),
    ("/judge", "Judge"),
    ("/reports", "Reports"),
)
DAGSTER = "/dagster"
# A page tells of now; pictures under their digest may be kept.
HEADERS = {"Cache-Control": "no-store"}


@dataclass(frozen=True, kw_only=True)
class Served:
    """A site over one home.

    `has_dagster`: Dagster's UI is below /dagster of the same port. `may_change`: what is posted may change the home;
    `may_start`: it may start work, as drawing is. The site refuses the rest by itself. `maker` has our CLIP read the
    pictures, while a site runs that may start work.
    """

    home: Home
    settings: Settings
    templates: Environment
    maker: Maker
    has_dagster: bool = False
    may_change: bool = True
    may_start: bool = True

    def page(
        self, request: Request, template: str, told: Mapping[str, object], *, title: str, status_code: int = 200
    ) -> HTMLResponse:
        """A whole page: what it is told is text, never markup. `template` extends base.html."""
        text = self.templates.get_template(template).render(
            **told, title=title, path=request.url.path, bar=BAR, dagster=DAGSTER if self.has_dagster else None
        )
        return HTMLResponse(text, status_code=status_code, headers=HEADERS)

    def part(self, template: str, told: Mapping[str, object], *, status_code: int = 200) -> HTMLResponse:
        """A part of a page, for htmx."""
        return HTMLResponse(
            self.templates.get_template(template).render(**told), status_code=status_code, headers=HEADERS
        )


def served(home: Home, settings: Settings, *, has_dagster: bool = False, read_only: bool = False) -> Served:
    """The site over a home. One that is `read_only` shows everything and starts nothing."""
    return Served(
        home=home,
        settings=settings,
        templates=templates(),
        maker=Maker(home),
        has_dagster=has_dagster,
        may_change=not read_only and home.may_write,
        may_start=not read_only,
    )


def templates() -> Environment:
    """The templates of the site, with the filters that they use."""
    made = Environment(
        autoescape=True,
        loader=PackageLoader("pd_assets.web"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["picture_url"] = picture_url
    made.filters["thumb_url"] = thumb_url
    made.filters["image_url"] = image_url
    made.filters["percent"] = lambda share: f"{share:.1%}"
    made.filters["count"] = lambda number: f"{number:,}"
    return made


def picture_url(item_id: str) -> str:
    """The page of a picture."""
    return f"/pictures/{quote(item_id, safe=':')}"


def thumb_url(item_id: str) -> str:
    """A small copy of a picture."""
    return f"/thumb/{quote(item_id, safe=':')}"


def image_url(item_id: str) -> str:
    """The picture as it is stored."""
    return f"/image/{quote(item_id, safe=':')}"


def wants_part(request: Request) -> bool:
    """Whether htmx asks for a part of the page, and no browser for all of it."""
    return request.headers.get("hx-request") == "true"
