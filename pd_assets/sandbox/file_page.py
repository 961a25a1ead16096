"""The HTML of `/wiki/…` for people who follow a page's address, and of the edge's error pages."""

import html

from pd_assets.sandbox.archive import Archive
from pd_assets.sandbox.extmetadata import best_licence
from pd_assets.sandbox.records import Page
from pd_assets.sandbox.titles import CATEGORY, bare, file_path, namespace, page_path

STYLE = "body{font:16px sans-serif;max-width:60em;margin:2em auto}img{max-width:100%}pre{white-space:pre-wrap}"
MAX_LISTED = 500


def page_html(archive: Archive, page: Page) -> str:
    """The page with its picture, caption, licence boxes, categories and wikitext."""
    rendering = archive.rendering(page)
    parts = [f"<h1>{_escaped(page.title)}</h1>"]
    if page.versions:
        parts.append(f'<p><img alt="" src="/wikipedia/commons/{file_path(page.title)}"></p>')
    if page.latest.caption:
        parts.append(f"<p>Caption: <b>{_escaped(page.latest.caption)}</b></p>")
    best = best_licence(rendering.licences)
    if page.versions:
        parts.append(f"<p>Licence: <b>{_escaped(best.short) if best else 'none stated'}</b></p>")
    parts.append(f"<div>{rendering.html}</div>")
    if namespace(page.title) == CATEGORY:
        parts.append(_members(archive, bare(page.title)))
    links = " · ".join(_linked(f"Category:{link.name}") for link in rendering.categories)
    parts.append(f"<p>Categories: {links or 'none'}</p>")
    parts.append(f"<h2>Wikitext</h2><pre>{_escaped(page.latest.text)}</pre>")
    return document(page.title, "\n".join(parts))


def home_html(archive: Archive, roots: tuple[str, ...]) -> str:
    """The front page: what this is, and where the tree begins."""
    files = len(archive.files())
    links = "".join(f"<li>{_linked(f'Category:{root}')}</li>" for root in roots)
    return document("Sandbox archive", f"<h1>Sandbox archive</h1><p>{files} files.</p><ul>{links}</ul>")


def document(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{_escaped(title)}</title><style>{STYLE}</style>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def _members(archive: Archive, category: str) -> str:
    pages = [archive.page_by_id(member.pageid) for member in archive.members(category)[:MAX_LISTED]]
    return "<ul>" + "".join(f"<li>{_linked(page.title)}</li>" for page in pages if page) + "</ul>"


def _linked(title: str) -> str:
    return f'<a href="/wiki/{page_path(title)}">{_escaped(title)}</a>'


def _escaped(text: str) -> str:
    return html.escape(text)
