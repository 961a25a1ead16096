"""Wikitext of file pages: the templates on it, however nested, and the fields of its information box as plain text.

Knows nothing of rights or captions; they read what they need from here. Parsed with mwparserfromhell, never by regular
expressions over the markup.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

import mwparserfromhell
from mwparserfromhell.nodes import Comment, ExternalLink, HTMLEntity, Tag, Template, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

INFORMATION_BOXES = ("information", "artwork", "photograph", "art photo", "painting", "book", "map")
FIELD_NAMES = {
    "title": ("title", "name"),
    "artist": ("artist", "author", "creator", "photographer"),
    "date": ("date", "year", "artwork date"),
    "description": ("description", "depicted people", "depicted place"),
    "medium": ("medium", "technique", "artwork medium"),
    "object_type": ("object type", "type"),
    "institution": ("institution", "gallery", "museum", "location"),
    "source": ("source", "artwork source"),
    "permission": ("permission", "artwork license", "photo license", "license"),
}
# Templates whose first argument is the text itself: languages, and boxes around a title.
TEXT_TEMPLATES = ("title", "ucfirst:", "lang", "nowrap", "inscription", "own photo")
FIXED_TEXT = {
    "own": "own work",
    "own work": "own work",
    "self-photographed": "own work",
    "unknown": "unknown",
    "anonymous": "anonymous",
    "oil on canvas": "oil on canvas",
    "oil on panel": "oil on panel",
    "unknown artist": "unknown artist",
}
DATE_TEMPLATES = ("other date", "otherdate", "circa", "between", "date", "taken on", "iso date", "original upload date")
# Files and categories show no text of their own; the names of this wiki's users stay out of every field.
NO_TEXT_LINKS = ("category:", "file:", "image:", "user:", "user talk:", "special:", "commons:")
HIDDEN_STYLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2,8})?\Z")


@dataclass(frozen=True, kw_only=True)
class TemplateUse:
    """One template on the page: its normalised name, positional and named arguments as written, and its field."""

    name: str
    positional: tuple[str, ...]
    named: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        return dict(self.named).get(name)


@dataclass(frozen=True, kw_only=True)
class PageText:
    """What a page's wikitext holds: every template in it, its information box's fields, and its plain categories."""

    templates: tuple[TemplateUse, ...]
    fields: tuple[tuple[str, str], ...]
    is_redirect: bool

    def field(self, name: str) -> str | None:
        """A field as plain text (`title`, `artist`, `date`, ...), preferring English; None where it is empty."""
        return dict(self.fields).get(name)


def parse(wikitext: str) -> PageText:
    """Read a page; broken markup gives fewer templates, never an error."""
    code = mwparserfromhell.parse(wikitext, skip_style_tags=True)
    found = [template for template in code.filter_templates(recursive=True)]
    fields: dict[str, str] = {}
    for template in found:
        if template_name(template) in INFORMATION_BOXES:
            for name, value in _box_fields(template):
                fields.setdefault(name, value)
    return PageText(
        templates=tuple(_use(template) for template in found),
        fields=tuple(fields.items()),
        is_redirect=wikitext.lstrip().lower().startswith("#redirect"),
    )


def template_name(template: Template) -> str:
    """A template's name as tables spell it: lower case, single spaces, without namespace and comments."""
    name = str(template.name.strip_code(normalize=True) or template.name)
    return normal_name(name)


def normal_name(name: str) -> str:
    """Lower case, spaces for underscores, no `Template:`."""
    name = " ".join(name.replace("_", " ").split()).lower()
    return name.removeprefix("template:").strip()


def _use(template: Template) -> TemplateUse:
    positional: list[str] = []
    named: list[tuple[str, str]] = []
    for parameter in template.params:
        key = str(parameter.name).strip().lower()
        value = str(parameter.value).strip()
        if key.isdigit():
            positional.append(value)
        else:
            named.append((key, value))
    return TemplateUse(name=template_name(template), positional=tuple(positional), named=tuple(named))


def _box_fields(box: Template) -> Iterator[tuple[str, str]]:
    values = {normal_name(str(parameter.name)): parameter.value for parameter in box.params}
    for field, names in FIELD_NAMES.items():
        for name in names:
            if name in values and (text := plain_text(values[name])):
                yield field, text
                break


def plain_text(code: Wikicode) -> str:
    """The text that a reader sees: languages resolved to English where given, no markup, no hidden parts."""
    preferred = [node for node in code.filter_templates(recursive=False) if template_name(node) == "en"]
    parts = [_node_text(preferred[0])] if preferred else [_node_text(node) for node in code.nodes]
    text = html.unescape("".join(parts)).replace("'''", "").replace("''", "")
    return " ".join(text.split()).strip(" ,;")


def _node_text(node: object) -> str:
    if isinstance(node, Text):
        return str(node.value)
    if isinstance(node, HTMLEntity):
        return str(node.normalize())
    if isinstance(node, Wikilink):
        target = str(node.title).strip()
        if target.lower().lstrip(":").startswith(NO_TEXT_LINKS):
            return ""
        return plain_text(node.text) if node.text is not None else target.lstrip(":").split(":")[-1]
    if isinstance(node, ExternalLink):
        return plain_text(node.title) if node.title is not None else ""
    if isinstance(node, Template):
        return _template_text(node)
    if isinstance(node, Tag):
        return _tag_text(node)
    return "" if isinstance(node, Comment) else ""


def _tag_text(tag: Tag) -> str:
    if str(tag.tag).lower() in ("br", "li", "p", "div"):
        around = " "
    elif str(tag.tag).lower() in ("ref", "gallery", "style", "script", "math"):
        return ""
    else:
        around = ""
    style = "".join(str(attribute.value or "") for attribute in tag.attributes)
    if HIDDEN_STYLE.search(style) or tag.contents is None:
        return around
    return around + plain_text(tag.contents) + around


def _template_text(template: Template) -> str:
    name = template_name(template)
    first = template.get(1).value if template.has(1) else None
    if name in FIXED_TEXT:
        return FIXED_TEXT[name]
    if name.startswith(("creator:", "institution:")):
        return str(template.name).strip().split(":", 1)[1].strip()
    if name in DATE_TEMPLATES:
        return _date_text(template)
    if first is not None and (LANGUAGE.match(name) or name in TEXT_TEMPLATES):
        return plain_text(first)
    if name == "langswitch" and template.has("en"):
        return plain_text(template.get("en").value)
    return ""


def _date_text(template: Template) -> str:
    """The arguments as words, so that a date reader sees `between 1840 1850` or `century 17`."""
    words = [plain_text(parameter.value) for parameter in template.params if str(parameter.name).strip().isdigit()]
    if template_name(template) in ("circa", "between"):
        words = [template_name(template), *words]
    return " ".join(words)
