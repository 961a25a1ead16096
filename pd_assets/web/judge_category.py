"""Pages of a category that contradict themselves, for volunteers of the archive."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.rights.category_check import Checked, check_category, harvested
from pd_assets.web.served import Served

CATEGORY = "/judge/category"
LONGEST_TITLE = 300
# A page answers at once; `pdd check-category` reads all of a category.
MOST_READ, MOST_SHOWN, MOST_NAMED = 2000, 100, 300


def category_routes(served: Served) -> Sequence[BaseRoute]:
    """The path of this page."""
    return [Route(CATEGORY, _Page(served).show)]


class _Page:
    def __init__(self, served: Served) -> None:
        self.served = served

    def show(self, request: Request) -> Response:
        """The form, and what was found in the category that it names."""
        title = request.query_params.get("title", "").strip()
        found, problem = self._checked(title)
        said = request.query_params.get("past", "0")
        past = int(said) if said.isascii() and said.isdecimal() and len(said) < 8 else 0
        listed = found.contradicting if found else ()
        is_more = len(listed) > past + MOST_SHOWN
        told = {
            "asked": title[:LONGEST_TITLE],
            "known": harvested(self.served.home)[:MOST_NAMED],
            "problem": problem,
            "found": found,
            "most": MOST_READ,
            "shown": listed[past : past + MOST_SHOWN],
            "later": f"{CATEGORY}?{urlencode({'title': title, 'past': past + MOST_SHOWN})}" if is_more else "",
        }
        status_code = 400 if problem else 200
        return self.served.page(
            request, "judge_category.html", told, title="Pages that contradict themselves", status_code=status_code
        )

    def _checked(self, title: str) -> tuple[Checked | None, str]:
        if not title:
            return None, ""
        if len(title) > LONGEST_TITLE:
            return None, f"found a title of {len(title)} characters, expected at most {LONGEST_TITLE}"
        try:
            return check_category(self.served.home, title, datetime.now(UTC).date(), most=MOST_READ), ""
        except ConfigError as error:
            return None, str(error)
