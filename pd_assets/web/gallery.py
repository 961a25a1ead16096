"""The gallery: facets and search over the index of lib/gallery."""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from pd_assets.web.served import Served


def routes(served: Served) -> Sequence[BaseRoute]:
    """The paths of this page."""
    return []
