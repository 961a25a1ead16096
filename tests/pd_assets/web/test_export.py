"""The site as files: every link leads to a file, and nothing is written that is not to be shown to everybody."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import open_home
from pd_assets.lib.settings import Settings
from pd_assets.web.export import ExportFailed, accepted, canonical, export, file_of
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.pd_assets.lib.planting import decision, file, item, plant

BAR = '<nav><ul><li><a href="/pictures">Pictures</a></li>\n<li><a href="/draw">Draw</a></li></ul></nav>'
HEAD = '<!doctype html><link rel="stylesheet" href="/static/a.css"><script src="/static/a.js"></script>'
PAGES = {
    "/": f"{HEAD}{BAR}<a href='/models?a=1&amp;b=2#loss'>Models</a> <a href='https://commons.wikimedia.org/'>Wiki</a>",
    "/pictures": f"{HEAD}{BAR}<form><input name=q><button>Find</button></form>"
    '<a href="/pictures/commons:M1"><img src="/thumb/commons:M1" alt="A mill &amp; a tree"></a>'
    '<a href="/pictures/commons:M2"><img src="/thumb/commons:M2" alt="not to be shown"></a>'
    '<a href="/pictures?page=2" hx-get="/pictures?page=2">Next</a> <a href="/pictures?artist=A">A</a>'
    '<a href="/pictures?verdict=accept&amp;verdict=reject">B</a>',
    "/pictures?page=2": f"{HEAD}{BAR}<a href='/pictures?page=1'>Back</a><a href='/old'>Old</a>",
    "/pictures/commons:M1": f'{HEAD}{BAR}<img src="/image/commons:M1" alt="large"> <a href="#evidence">Evidence</a>'
    '<svg viewBox="0 0 1 1"><path d="M0 0"/></svg><noscript>Without scripts</noscript>',
    "/pictures/commons:M2": HEAD,
    "/models": f"{HEAD}{BAR}<h1 id=loss>Models</h1><a href='/models/bundle'>Bundle</a><a href='/reports'>Reports</a>",
}


def answer(request: Request) -> Response:
    """A small site of the paths that the real one has."""
    path = request.url.path
    if path.startswith("/thumb/"):
        return StreamingResponse(iter([path.encode()]), media_type="image/webp")
    if path == "/static/a.css":
        return Response("h1 { background: url('/static/dot.svg') }", media_type="text/css")
    if path == "/static/dot.svg":
        return Response("<svg xmlns='http://www.w3.org/2000/svg'/>", media_type="image/svg+xml")
    if path == "/models/bundle":
        return StreamingResponse(iter([b"weights"] * 3), media_type="application/zip")
    if path == "/reports":
        return RedirectResponse("/reports/first", 303)
    if path == "/reports/first":
        return PlainTextResponse("a report")
    page = PAGES.get(f"{path}?page=2" if request.query_params.get("page") == "2" else path)
    return HTMLResponse(page) if page else PlainTextResponse("none", status_code=404)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "a folder"
    export(Starlette(routes=[Route("/{path:path}", answer)]), folder, {"commons:M1"}.__contains__)
    return folder


def dead_links(folder: Path) -> list[str]:
    """The links of all pages in a folder that lead to no file of it, and to no other host."""

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            for name, value in attrs:
                if name in ("href", "src") and value and not value.startswith(("https://", "#", "data:")):
                    found.append(value)

    dead = []
    for page in folder.rglob("*.html"):
        found: list[str] = []
        Links().feed(page.read_text())
        dead += [f"{page.name}: {one}" for one in found if not (page.parent / unquote(one.split("#")[0])).is_file()]
    return dead


def test_every_link_leads_to_a_file_of_the_folder(exported: Path) -> None:
    assert dead_links(exported) == []
    first = (exported / "index.html").read_text()
    assert 'href="pictures.html"' in first and 'href="models_qa_3d1_26b_3d2.html#loss"' in first
    assert 'href="https://commons.wikimedia.org/"' in first.replace("'", '"')
    assert "reports/first.txt" in (exported / "models.html").read_text()
    assert "../" in (exported / "pictures/commons_3aM1.html").read_text()
    assert (exported / "static/a.css").read_text() == "h1 { background: url(dot.svg) }"


def test_only_what_is_to_be_shown_is_written_and_only_in_small(exported: Path) -> None:
    assert [path.name for path in (exported / "thumb").iterdir()] == ["commons_3aM1.webp"]
    assert [path.name for path in (exported / "pictures").iterdir()] == ["commons_3aM1.html"]
    galleries = sorted(path.name for path in exported.glob("pictures*.html"))
    assert galleries == ["pictures.html", "pictures_qpage_3d2.html"], "of what is refused there is no page"
    page = (exported / "pictures/commons_3aM1.html").read_text()
    assert '<img src="../thumb/commons_3aM1.webp" alt="large">' in page
    assert not list(exported.rglob("*bundle*"))


def test_what_needs_a_server_is_left_out_and_the_rest_is_as_it_was(exported: Path) -> None:
    gallery = (exported / "pictures.html").read_text()
    for gone in ("<form", "<button", "<script", "hx-", "Draw", "?artist"):
        assert gone not in gallery
    assert 'alt="A mill &amp; a tree"' in gallery
    assert '<a href="pictures_qpage_3d2.html">Next</a>' in gallery and "<a>A</a>" in gallery
    page = (exported / "pictures/commons_3aM1.html").read_text()
    assert '<svg viewBox="0 0 1 1">' in page and "Without scripts" in page and '<a href="#evidence">' in page


def test_an_export_replaces_an_earlier_one_and_nothing_else(exported: Path, tmp_path: Path) -> None:
    app = Starlette(routes=[Route("/{path:path}", answer)])
    (exported / "old.html").touch()
    assert export(app, exported, {"commons:M1"}.__contains__).pages == 6
    assert not (exported / "old.html").exists()
    (tmp_path / "letter.txt").touch()
    with pytest.raises(ConfigError, match="has other things in it"):
        export(app, tmp_path, {"commons:M1"}.__contains__)
    with pytest.raises(ConfigError, match="is a file"):
        export(app, tmp_path / "letter.txt", {"commons:M1"}.__contains__)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_so_many_pictures_as_were_asked_for_have_a_page_of_their_own(tmp_path: Path) -> None:
    app = Starlette(routes=[Route("/{path:path}", answer)])
    export(app, tmp_path / "out", {"commons:M1", "commons:M2"}.__contains__, most=1)
    assert [path.name for path in (tmp_path / "out/pictures").iterdir()] == ["commons_3aM1.html"]
    assert len(list((tmp_path / "out/thumb").iterdir())) == 2
    assert dead_links(tmp_path / "out") == []


def test_a_site_without_a_first_page_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed, match="first page"):
        export(Starlette(), tmp_path / "out", {"commons:M1"}.__contains__)
    assert list(tmp_path.iterdir()) == []


def test_names_of_files_are_plain_and_their_own() -> None:
    addresses = ["/pictures/commons:M1", "/pictures/commons_M1", "/pictures/commons_3aM1", "/pictures/%2e%2e%2fx", "/"]
    places = [file_of(one, "text/html; charset=utf-8") for one in addresses]
    assert len(set(places)) == len(places)
    assert all(".." not in place and ":" not in place for place in places)
    assert canonical("//evil.com/pictures") is None and canonical("javascript:alert(1)") is None


def test_the_accepted_are_those_of_the_settings_profile_and_an_empty_home_has_none(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    assert accepted(served(home, Settings(home=home.root))) == set()
    rows = [decision(1), decision(2, verdict="reject"), decision(3, profile="us")]
    plant(home, DECISIONS, rows)
    plant(home, ITEMS, [item(number) for number in range(1, 4)])
    assert accepted(served(home, Settings(home=home.root))) == set(), "nothing was fetched"
    plant(home, FILES, [file(number) for number in range(1, 4)])
    assert accepted(served(home, Settings(home=home.root))) == {"commons:M1"}


def test_every_link_of_the_real_site_leads_to_a_file_too(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    app = site(served(home, Settings(home=home.root), read_only=True))
    if not any(isinstance(route, Route) and route.path == "/" for route in app.routes):
        pytest.skip("the site has no first page yet")
    export(app, tmp_path / "out", set[str]().__contains__)
    assert dead_links(tmp_path / "out") == []
