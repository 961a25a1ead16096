"""The site as files: every link leads to a file, and nothing is written that is not to be shown to everybody."""

import os
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from pd_assets.cli.open import run_export
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import open_home
from pd_assets.lib.release import index
from pd_assets.lib.settings import Settings
from pd_assets.web.export import ExportFailed, accepted, canonical, export, file_of
from pd_assets.web.export_folder import finished, written
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
    '<a href="/pictures?verdict=accept&amp;verdict=reject">B</a>'
    '<p class="to-facets"><a href="#facets">Narrow</a></p>'
    '<section class="facets" id="facets"><section><a href="/pictures">Medium</a></section>Oil</section>Foot',
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
    for gone in ("<form", "<button", "<script", "hx-", "Draw", "?artist", "Narrow", "Medium", "Oil"):
        assert gone not in gallery
    assert 'alt="A mill &amp; a tree"' in gallery
    assert '<a href="pictures_qpage_3d2.html">Next</a>' in gallery and "<span>A</span>" in gallery
    assert gallery.endswith("Foot") and "<a>" not in gallery and gallery.count("<a ") == gallery.count("</a>")
    page = (exported / "pictures/commons_3aM1.html").read_text()
    assert '<svg viewBox="0 0 1 1">' in page and "Without scripts" in page and '<a href="#evidence">' in page


def test_an_export_replaces_an_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    app = Starlette(routes=[Route("/{path:path}", answer)])
    out = tmp_path / "out"
    export(app, out, {"commons:M1", "commons:M2"}.__contains__)
    assert export(app, out, {"commons:M1"}.__contains__).pages == 6
    assert not list(out.rglob("*M2*")), "what it does not write any more is gone"
    (out / ".git").mkdir()
    for name in (".git/HEAD", "CNAME"):
        (out / name).touch()
    before = sorted(out.rglob("*"))
    with pytest.raises(ConfigError, match=r"has other things in it, which no export wrote: \.git/, CNAME;"):
        export(app, out, {"commons:M1"}.__contains__)
    assert sorted(out.rglob("*")) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "mark",
    [
        "{}",
        "no json",
        '{"written": "2026", "pages": 1}',
        '{"by": "somebody", "files": ["letter.txt"]}',
        '{"by": "pdd open --export", "files": "letter.txt"}',
        '{"by": "pdd open --export", "files": ["../letter.txt"]}',
    ],
)
def test_a_file_of_the_name_alone_makes_no_folder_an_earlier_export(tmp_path: Path, mark: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for path in (folder / "letter.txt", tmp_path / "letter.txt"):
        path.touch()
    (folder / "export.json").write_text(mark)
    with pytest.raises(ConfigError, match=r"other things in it.*letter\.txt"):
        export(Starlette(), folder, set[str]().__contains__)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["export.json", "letter.txt", "letter.txt", "out"]


def test_what_is_put_there_while_it_works_stays(tmp_path: Path) -> None:
    def put(request: Request) -> Response:
        (tmp_path / "out/CNAME").touch()
        return answer(request)

    export(Starlette(routes=[Route("/{path:path}", answer)]), tmp_path / "out", {"commons:M1"}.__contains__)
    with pytest.raises(ConfigError, match="CNAME"):
        export(Starlette(routes=[Route("/{path:path}", put)]), tmp_path / "out", set[str]().__contains__)
    assert (tmp_path / "out/CNAME").exists() and (tmp_path / "out/pictures/commons_3aM1.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_two_at_once_do_not_write_one_folder(tmp_path: Path) -> None:
    with written(tmp_path / "out") as new:
        with pytest.raises(ConfigError, match="another export writes"):
            export(Starlette(), tmp_path / "out", set[str]().__contains__)
        (new / "index.html").touch()
        finished(new, 1)
    assert (tmp_path / "out/index.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_export_that_was_killed_between_two_steps_loses_nothing(tmp_path: Path) -> None:
    app = Starlette(routes=[Route("/{path:path}", answer)])
    export(app, tmp_path / "out", {"commons:M1"}.__contains__)
    work = tmp_path / ".out.pdd-export"
    (work / "new").mkdir(parents=True)
    (tmp_path / "out").rename(work / "before")
    with pytest.raises(ExportFailed):
        export(Starlette(), tmp_path / "out", set[str]().__contains__)
    assert dead_links(tmp_path / "out") == [] and [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_link_is_followed_and_what_can_be_no_folder_is_refused_before_a_page_is_asked_for(tmp_path: Path) -> None:
    app = Starlette(routes=[Route("/{path:path}", answer)])
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    export(app, tmp_path / "link", {"commons:M1"}.__contains__)
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real/index.html").is_file()
    (tmp_path / "nowhere").symlink_to("missing")
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "letter.txt").touch()
    (tmp_path / "locked").mkdir(mode=0o555)
    for name, says in (
        ("nowhere", "leads nowhere"),
        ("round", "cannot be a folder"),
        ("letter.txt", "is a file"),
        ("letter.txt/out", "cannot be written"),
        ("locked/out", "cannot be written"),
    ):
        if name.startswith("locked") and os.access(tmp_path / "locked", os.W_OK):
            # Of root nothing is locked.
            continue
        with pytest.raises(ConfigError, match=says):
            export(Starlette(), tmp_path / name, set[str]().__contains__)


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
    export(app, tmp_path / "out", set[str]().__contains__)
    assert dead_links(tmp_path / "out") == []


def test_the_index_is_brought_in_step_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = open_home(tmp_path / "home")
    plant(home, ITEMS, [item(1)])
    monkeypatch.setenv("PD_HOME", str(home.root))
    run_export(tmp_path / "out", 1)
    (path,) = tables.files_of(home, ITEMS)
    place = index.place_of(home, "items", path)
    assert place is not None and place.is_file(), "else the page of each picture would read whole tables"
