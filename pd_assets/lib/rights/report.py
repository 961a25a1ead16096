"""Pages for people about rights: self-contained HTML of one style, without scripts, made of the templates beside it."""

from collections.abc import Mapping
from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined

from pd_assets.lib.guard import sources_of

BASE = "report.html"


def render_page(template: str, told: Mapping[str, object]) -> str:
    """The page of one template; what it is told is text, never markup."""
    texts = {name: (files(__package__) / name).read_text(encoding="utf-8") for name in (BASE, template)}
    # Of the page as we wrote it: nothing that data could bring in has these digests.
    texts[BASE] = texts[BASE].replace("STYLE_SOURCES", sources_of("style", texts[BASE]), 1)
    made = Environment(autoescape=True, loader=DictLoader(texts), undefined=StrictUndefined, trim_blocks=True)
    made.filters["percent"] = lambda share: f"{share:.1%}"
    return made.get_template(template).render(**told) + "\n"
