"""The pages of the sandbox's templates and of the categories above them: what each is, as Commons classifies its own.

What a template draws lies in rendering.py; its page holds the categories alone.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from pd_assets.sandbox.licences import LICENCES
from pd_assets.sandbox.records import NewPage
from pd_assets.sandbox.rendering import LANGUAGES

# After all painted uploads, so that files have the ids that they had before there were such pages.
CREATED = datetime(2025, 12, 1, tzinfo=UTC)
AGE_TAGS, PD_TAGS, TAGS = "PD-old license tags", "PD license tags", "License tags"
CATEGORY_OF: Mapping[str, str] = {
    **dict.fromkeys(("PD-Art", "PD-scan", "Licensed-PD-Art"), "PD-Art license tags"),
    "Self": TAGS,
    **dict.fromkeys(("Information", "Artwork"), "Infobox templates: based on Information template"),
    **dict.fromkeys(("Own", "Other date"), "Internationalization templates"),
    **dict.fromkeys(LANGUAGES, "Language templates"),
    **dict.fromkeys(("Delete", "No license"), "Problem tags"),
    **dict.fromkeys(("Personality rights", "Trademarked"), "License-related tags"),
    **dict.fromkeys(("License template tag", "PD-Layout", "CC-Layout", "GFDL-Layout"), "Layout templates"),
}
PARENTS: Mapping[str, str] = {
    AGE_TAGS: PD_TAGS,
    PD_TAGS: TAGS,
    "PD-Art license tags": PD_TAGS,
    "CC license tags": TAGS,
    "License-related tags": TAGS,
    "Infobox templates: based on Information template": "Commons templates",
    "Layout templates": "Commons templates",
    "Internationalization templates": "Commons templates",
    "Language templates": "Internationalization templates",
    "Problem tags": "Commons templates",
    TAGS: "Commons templates",
}


def template_pages() -> Iterator[NewPage]:
    """A page for every template that there is, and one for every category above it."""
    of = {**{name: _tree(name) for name in LICENCES}, **CATEGORY_OF}
    for name, category in sorted(of.items()):
        yield NewPage(title=f"Template:{name}", text=f"A template.\n[[Category:{category}]]", created=CREATED)
    for name, parent in sorted(PARENTS.items()):
        yield NewPage(title=f"Category:{name}", text=f"Templates.\n[[Category:{parent}]]", created=CREATED)


def _tree(licence: str) -> str:
    if licence.startswith("PD-old"):
        return AGE_TAGS
    return PD_TAGS if licence.startswith("PD") else "CC license tags" if licence.startswith("Cc") else TAGS
