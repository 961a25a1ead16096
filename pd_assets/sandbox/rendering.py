"""From the wikitext of a page to what it shows: HTML, categories, templates used, licence boxes, description fields.

Templates are functions of (renderer, call); those that draw a licence box come from the table in licences.py.
An unknown template renders as a red link and says nothing about rights.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pd_assets.sandbox.licences import LICENCES, Licence
from pd_assets.sandbox.titles import page_path
from pd_assets.sandbox.wikitext import Call, Link, Nodes, parse, redirect_target, template_name

ARCHIVE_HOST = "//commons.wikimedia.org"
LANGUAGES = {"En": ("en", "English"), "De": ("de", "Deutsch"), "Fr": ("fr", "français"), "Ja": ("ja", "日本語")}
_EXTERNAL = re.compile(r"\[(https?://[^\s\]]+) ([^\]]+)\]")


@dataclass(frozen=True, kw_only=True)
class CategoryLink:
    """Membership of a category, as the page's text asks for it; `sort_prefix` is what follows the bar."""

    name: str
    sort_prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """What a page shows. `fields` holds HTML by field name; `descriptions` by language code."""

    html: str
    redirect: str | None
    hides_category: bool
    categories: tuple[CategoryLink, ...]
    templates: tuple[str, ...]
    licences: tuple[Licence, ...]
    fields: Mapping[str, str]
    descriptions: Mapping[str, str]
    restrictions: tuple[str, ...]
    deletion_reason: str | None


def rendered(text: str) -> Rendering:
    """Renders a whole page."""
    renderer = _Renderer()
    page = renderer.nodes(parse(text))
    return Rendering(
        html=page.strip(),
        redirect=redirect_target(text),
        hides_category="__HIDDENCAT__" in text,
        categories=tuple(CategoryLink(name=name, sort_prefix=key) for name, key in sorted(renderer.categories.items())),
        templates=tuple(sorted(renderer.templates)),
        licences=tuple(renderer.licences),
        fields=dict(renderer.fields),
        descriptions=dict(renderer.descriptions),
        restrictions=tuple(renderer.restrictions),
        deletion_reason=renderer.deletion_reason,
    )


class _Renderer:
    """Collects what the templates of one page leave behind."""

    def __init__(self) -> None:
        self.categories: dict[str, str] = {}
        self.templates: set[str] = set()
        self.licences: list[Licence] = []
        self.fields: dict[str, str] = {}
        self.descriptions: dict[str, str] = {}
        self.restrictions: list[str] = []
        self.deletion_reason: str | None = None

    def nodes(self, nodes: Nodes) -> str:
        return "".join(self._node(node) for node in nodes)

    def value(self, call: Call, *names: str) -> str:
        """The first of the named values that the call gives, rendered."""
        given = next((call.values[name] for name in names if name in call.values), ())
        return self.nodes(given).strip()

    def plain(self, call: Call, name: str) -> str:
        """A value that names something: its text alone, unrendered."""
        return "".join(node for node in call.values.get(name, ()) if isinstance(node, str)).strip()

    def categorise(self, *names: str) -> None:
        for name in names:
            self.categories.setdefault(name, "")

    def licence_box(self, name: str) -> str:
        """Draws the box of a licence template, or a red link where there is no such template."""
        name = template_name(name)
        self.templates.add(f"Template:{name}")
        licence = LICENCES.get(name)
        if licence is None:
            return _red_link(name)
        layout = "PD-Layout" if name.startswith("PD") else "CC-Layout" if name.startswith("Cc") else "GFDL-Layout"
        self.templates.update({"Template:License template tag", f"Template:{layout}"})
        self.licences.append(licence)
        self.categorise(*licence.categories)
        return licence_html(licence)

    def _node(self, node: str | Link | Call) -> str:
        if isinstance(node, str):
            return _EXTERNAL.sub(_external_link, html.escape(node, quote=False))
        if isinstance(node, Link):
            return self._link(node)
        return self._template(node)

    def _link(self, link: Link) -> str:
        if link.target.lower().startswith("category:"):
            self.categories[link.target.partition(":")[2].strip().replace("_", " ")] = link.text if link.piped else ""
            return ""
        target = link.target.removeprefix(":")
        text = html.escape(link.text.removeprefix(":"), quote=False)
        if target.startswith("w:"):
            address = f"https://en.wikipedia.org/wiki/{page_path(target[2:])}"
            return f'<a href="{address}" class="extiw" title="{html.escape(target)}">{text}</a>'
        return f'<a href="{ARCHIVE_HOST}/wiki/{page_path(target)}" title="{html.escape(target)}">{text}</a>'

    def _template(self, call: Call) -> str:
        if call.name.lower().startswith("int:"):
            return html.escape(call.name[4:], quote=False)
        if call.name.lower().startswith("creator:"):
            return self._creator(call.name[8:].strip())
        if call.name in LICENCES:
            return self.licence_box(call.name)
        self.templates.add(f"Template:{call.name}")
        template = TEMPLATES.get(call.name)
        return template(self, call) if template else _red_link(call.name)

    def _creator(self, name: str) -> str:
        self.templates.update({f"Creator:{name}", "Template:Creator"})
        address, text = f"{ARCHIVE_HOST}/wiki/{page_path('Creator:' + name)}", html.escape(name, quote=False)
        return (
            f'<div class="fn value">\n<div class="commons-creator vcard"><span class="fn" id="creator"><bdi>'
            f'<a href="{address}" title="Creator:{html.escape(name)}">{text}</a>'
            "\n</bdi></span></div></div>"
        )


def licence_html(licence: Licence) -> str:
    """A licence box with the hidden machine-readable spans that Commons documents."""
    spans = {
        "licensetpl_short": licence.short,
        "licensetpl_long": licence.long,
        "licensetpl_link_req": "false",
        "licensetpl_attr_req": "true" if licence.attribution else "false",
    }
    if licence.url:
        spans["licensetpl_link"] = licence.url
    hidden = "".join(f'<span class="{name}" style="display:none;">{value}</span>' for name, value in spans.items())
    return f'<table class="licensetpl layouttemplate"><tr><td>{licence.text} {hidden}</td></tr></table>'


def _red_link(name: str) -> str:
    title = f"Template:{name}"
    address = f"{ARCHIVE_HOST}/w/index.php?title={page_path(title)}&amp;action=edit&amp;redlink=1"
    return (
        f'<a href="{address}" class="new" title="{html.escape(title)} (page does not exist)">{html.escape(title)}</a>'
    )


def _external_link(found: re.Match[str]) -> str:
    return f'<a rel="nofollow" class="external text" href="{found.group(1)}">{found.group(2)}</a>'


def _pd_art(renderer: _Renderer, call: Call) -> str:
    reason = renderer.plain(call, "1")
    label = f"{call.name} ({reason or 'PD-old default'})"
    renderer.categorise(label)
    box = renderer.licence_box(reason or "PD-old")
    return (
        '<table class="layouttemplate"><tr><td>This is a faithful photographic reproduction of a two-dimensional, '
        f"public domain work of art.\n{box}</td></tr></table>"
    )


def _licensed_pd_art(renderer: _Renderer, call: Call) -> str:
    reason = renderer.plain(call, "1")
    renderer.categorise(f"PD-Art ({reason})")
    work = renderer.licence_box(reason)
    photograph = renderer.licence_box(renderer.plain(call, "2"))
    return f"<div>The work of art: {work}</div><div>The photographic reproduction: {photograph}</div>"


def _self(renderer: _Renderer, call: Call) -> str:
    renderer.categorise("Self-published work")
    names = [renderer.plain(call, key) for key in call.values if key.isdigit()]
    return "".join(renderer.licence_box(name) for name in names)


def _own(renderer: _Renderer, call: Call) -> str:
    return '<span class="int-own-work" lang="en">Own work</span>'


def _language(renderer: _Renderer, call: Call) -> str:
    code, label = LANGUAGES[call.name]
    text = renderer.value(call, "1")
    renderer.descriptions.setdefault(code, text)
    return (
        f'<div class="description mw-content-ltr {code}" dir="ltr" lang="{code}">'
        f'<span class="language {code}" title="{label}"><b>{label}: </b></span> {text}</div>'
    )


def _other_date(renderer: _Renderer, call: Call) -> str:
    kind, year = renderer.plain(call, "1"), renderer.plain(call, "2")
    words = {"ca": "circa ", "circa": "circa ", "before": "before ", "after": "after "}.get(kind, "")
    return f'{words}{year}<div style="display: none;">date QS:P,+{year}-00-00T00:00:00Z/9,P1480,Q5727902</div>'


def _delete(renderer: _Renderer, call: Call) -> str:
    renderer.deletion_reason = renderer.value(call, "reason", "1") or "no reason given"
    renderer.categorise("Deletion requests")
    return f'<div class="nuke">This file has been nominated for deletion: {renderer.deletion_reason}</div>'


def _no_licence(renderer: _Renderer, call: Call) -> str:
    renderer.categorise("Media without a license")
    return "<div>This media file is missing evidence of permission or a licence.</div>"


def _personality(renderer: _Renderer, call: Call) -> str:
    renderer.restrictions.append("personality")
    renderer.categorise("Personality rights warning")
    return '<div class="restriction-personality">This work depicts one or more persons who have rights.</div>'


def _trademarked(renderer: _Renderer, call: Call) -> str:
    renderer.restrictions.append("trademarked")
    return '<div class="restriction-trademarked">This work includes material that may be a trademark.</div>'


def _table(kind: str, rows: Mapping[str, tuple[str, ...]]) -> Callable[[_Renderer, Call], str]:
    """A description box: `rows` maps our field name to the parameter names it may have."""

    def box(renderer: _Renderer, call: Call) -> str:
        body = ""
        for field, parameters in rows.items():
            value = renderer.value(call, *parameters)
            if value:
                renderer.fields.setdefault(field, value)
                body += f'<tr><td class="fileinfo-paramfield">{parameters[0]}</td><td>{value}</td></tr>\n'
        return f'<table class="fileinfotpl-type-{kind} vevent mw-content-ltr" dir="ltr">\n{body}</table>'

    return box


_INFORMATION_ROWS = {
    "description": ("description", "Description"),
    "date": ("date", "Date"),
    "credit": ("source", "Source"),
    "artist": ("author", "Author"),
    "permission": ("permission", "Permission"),
}
_ARTWORK_ROWS = {
    "artist": ("artist", "Artist", "author"),
    "title": ("title", "Title"),
    "description": ("description", "Description"),
    "date": ("date", "Date"),
    "medium": ("medium", "technique"),
    "institution": ("institution", "gallery"),
    "credit": ("source", "Source"),
    "permission": ("permission", "Permission"),
}
TEMPLATES: Mapping[str, Callable[[_Renderer, Call], str]] = {
    "Information": _table("information", _INFORMATION_ROWS),
    "Artwork": _table("artwork", _ARTWORK_ROWS),
    "PD-Art": _pd_art,
    "PD-scan": _pd_art,
    "Licensed-PD-Art": _licensed_pd_art,
    "Self": _self,
    "Own": _own,
    "Other date": _other_date,
    "Delete": _delete,
    "No license": _no_licence,
    "Personality rights": _personality,
    "Trademarked": _trademarked,
    **dict.fromkeys(LANGUAGES, _language),
}
