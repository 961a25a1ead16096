"""Names of templates: which the page reader itself understands, which are parts of another, which are no templates.

What a name means for the rights is not in here.
"""

from pd_assets.lib.page import boxes, field_text, templates, wikitext

# Pages of these namespaces are used like templates, and are none; user pages name persons.
ELSEWHERE = (
    "user:", "user talk:", "file:", "image:", "category:", "commons:", "mediawiki:", "help:", "special:", "module:",
    "talk:", "wikipedia:", "data:",
)  # fmt: skip
# Subpages that are parts of the template before the slash: its layout, its translations.
PARTS = frozenset({"layout", "lang", "i18n", "doc", *wikitext.LANGUAGES})


def is_understood(name: str) -> bool:
    """Whether the page reader itself knows what a name in braces is: boxes, languages, makers, dates, places, words."""
    return (
        wikitext.is_function(name)
        or templates.is_understood(name)
        or name in wikitext.MENTIONS
        or name in wikitext.LANGUAGES
        or name in wikitext.INFORMATION_BOXES
        or name in boxes.OTHER_BOXES
        or name in boxes.EXTRA_BOXES
        or name in field_text.SWITCHES
    )


def is_elsewhere(name: str) -> bool:
    """Whether a normal name in braces uses a page that is no template."""
    return name.startswith((*ELSEWHERE, ":"))


def whole(name: str) -> str:
    """The template that a subpage is part of, in any spelling; names with a real slash stay."""
    base, slash, part = name.rpartition("/")
    return whole(base) if slash and part.strip().lower() in PARTS else name
