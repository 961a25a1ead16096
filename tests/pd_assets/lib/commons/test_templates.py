"""The table commons/templates, asked of a sandbox: redirects, continuations, what is remembered, what stays open."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES, TEMPLATES
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.templates import TemplateCounts, due_by_now, learn_templates, wanted
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.knowledge import Knowledge, Questions, TemplateFact, TemplateKind
from pd_assets.lib.rights.rules import decide
from pd_assets.lib.rights.stored_templates import of_one_name, templates_known
from pd_assets.sandbox import Archive, SandboxServer
from tests.integration.fault_proxy import FaultProxy, api_error
from tests.pd_assets.lib.planting import page, plant
from tests.pd_assets.lib.rights.cases import mediainfo
from tests.pd_assets.lib.scraping import no_sleep

NOW = datetime(2026, 11, 29, tzinfo=UTC)
TEMPLATES_OF = {
    "PD-pond": "[[Category:Tags of ponds]]",
    "Pond database": "[[Category:Source templates]]",
    "Pond note": "A note.",
    "PD-puddle": "#REDIRECT [[Template:PD-pond]]",
    "Puddle": "#REDIRECT [[User:Paintbox/puddle]]",
    "Pond deleted": "[[Category:License redirects to speedy deletion]]",
}
CATEGORIES_OF = {"Tags of ponds": "[[Category:Tags of waters]]", "Tags of waters": "[[Category:PD license tags]]"}
WRITTEN = (
    "{{PD puddle}}{{PD-puddle}} {{subst:pond note}}\n{{PD-Art|1=PD-gone}} {{Information|source={{own}}}}"
    "{{User:Paintbox/tag}} {{int:license-header}} {{#if:x|{{Puddle}}}} {{Template:Pond database}}{{Creator:Jan Roy}}"
)


@pytest.fixture
def archive() -> Archive:
    archive = Archive()
    for name, text in TEMPLATES_OF.items():
        archive.add(f"Template:{name}", wikitext=text)
    for name, text in CATEGORIES_OF.items():
        archive.add(f"Category:{name}", wikitext=text)
    archive.add("User:Paintbox/puddle", wikitext="mine")
    return archive


@pytest.fixture
def server(archive: Archive) -> Iterator[SandboxServer]:
    with SandboxServer(archive) as server:
        yield server


@pytest.fixture
def client(server: SandboxServer) -> Iterator[CommonsClient]:
    with PoliteSession("tests", sleep=no_sleep) as session:
        yield CommonsClient(server.api_url, session, thumb_side=64)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    used = ["PD-Art", "PD-pond", "PD-pond/en", "Pond deleted", "Information", "En", "License template tag"]
    plant(home, PAGES, [page(1, "A", wikitext=WRITTEN, templates=used)], partition="A")
    return home


def requests(client: CommonsClient) -> int:
    return sum(one.requests for one in client.session.traffic.values())


def kinds(home: Home) -> dict[str, str | None]:
    return {str(row["name"]): row["kind"] for row in tables.rows(tables.read(home, TEMPLATES))}  # type: ignore[misc]


def learn(home: Home, client: CommonsClient, now: datetime = NOW) -> TemplateCounts:
    return learn_templates(home, client, now=now)


def test_the_names_asked_for_are_those_of_templates_that_the_reader_does_not_understand(home: Home) -> None:
    assert wanted(home) == {
        *("PD-Art", "PD-pond", "PD puddle", "PD-puddle", "PD-gone", "Pond deleted", "Pond note", "Pond database"),
        *("Puddle", "License template tag"),
    }


def test_each_template_is_what_the_categories_above_its_target_say(home: Home, client: CommonsClient) -> None:
    counts = learn(home, client)
    assert templates_known(home) == {
        name: TemplateFact(name=name, target=target, kind=kind)
        for name, target, kind in (
            ("pd-pond", "pd-pond", TemplateKind.LICENCE),
            ("pd-puddle", "pd-pond", TemplateKind.LICENCE),
            ("pond database", "pond database", TemplateKind.SOURCE),
            ("pond note", "pond note", TemplateKind.UNCLASSIFIED),
            ("pond deleted", "pond deleted", TemplateKind.WARNING),
            ("puddle", "puddle", TemplateKind.UNCLASSIFIED),
            *(
                (name, name, TemplateKind.MISSING)
                for name in ("pd-art", "pd puddle", "pd-gone", "license template tag")
            ),
        )
    }
    assert (counts.asked, counts.untold, counts.problem) == (10, 0, None)
    assert not any("Paintbox" in str(row) for row in tables.rows(tables.read(home, TEMPLATES)))


def test_a_night_without_news_asks_nothing_and_one_new_template_costs_one_request(
    home: Home, client: CommonsClient
) -> None:
    first = learn(home, client)
    spent = requests(client)
    assert spent == 3, "the templates, and two levels of categories"
    assert learn(home, client, NOW + timedelta(days=1)).digest == first.digest
    assert requests(client) == spent
    plant(home, PAGES, [page(2, "B", wikitext="{{Pond in winter}}")], partition="B")
    assert learn(home, client, NOW + timedelta(days=1)).asked == 1
    assert requests(client) == spent + 1


def test_what_was_asked_long_ago_is_asked_again_and_a_moved_redirect_is_seen(
    home: Home, client: CommonsClient, archive: Archive
) -> None:
    learn(home, client)
    archive.edit("Template:PD-puddle", "#REDIRECT [[Template:Pond deleted]]")
    archive.edit("Template:Pond note", "[[Category:Source templates]]")
    assert due_by_now(home, now=NOW + timedelta(days=29)) == 0
    learn(home, client, NOW + timedelta(days=31))
    known = templates_known(home)
    assert known["pond note"].kind is TemplateKind.SOURCE, "what nobody had classified is asked again sooner"
    assert known["pd-puddle"].target == "pd-pond"
    assert due_by_now(home, now=NOW + timedelta(days=91)) > 0
    learn(home, client, NOW + timedelta(days=91))
    assert templates_known(home)["pd-puddle"] == TemplateFact(
        name="pd-puddle", target="pond deleted", kind=TemplateKind.WARNING
    )


def test_an_answer_that_is_cut_at_its_limit_is_followed_to_its_end(tmp_path: Path) -> None:
    archive, home = Archive(), open_home(tmp_path / "home")
    filler = "".join(f"[[Category:Filler {number:02}]]" for number in range(11))
    names = [f"Note {number:02}" for number in range(50)]
    for name in names:
        archive.add(f"Template:{name}", wikitext=f"{filler}[[Category:Source templates]]")
    plant(home, PAGES, [page(1, "A", templates=names)], partition="A")
    with SandboxServer(archive) as server, PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(server.api_url, session, thumb_side=64)
        learn(home, client)
        assert requests(client) == 3, "600 categories take two answers, and what is above them one"
    assert {fact.kind for fact in templates_known(home).values()} == {TemplateKind.SOURCE}


@pytest.mark.parametrize("good", [0, 1, 2])
def test_what_the_archive_did_not_tell_stays_unknown_and_is_asked_again(
    home: Home, server: SandboxServer, client: CommonsClient, good: int
) -> None:
    """It fails after so many requests: a template is no use while a category above it is not known."""
    fails = api_error("readapidenied")
    with (
        FaultProxy(server.base_url, lambda kind, number, target: None if number < good else fails) as proxy,
        PoliteSession("tests", sleep=no_sleep) as session,
    ):
        counts = learn(home, CommonsClient(proxy.api_url, session, thumb_side=64))
    assert counts.problem is not None and counts.untold > 0
    assert "pd-pond" not in templates_known(home) and "pd-puddle" not in templates_known(home)
    assert due_by_now(home, now=NOW) > 0
    assert learn(home, client).untold == 0
    assert templates_known(home)["pd-puddle"].kind is TemplateKind.LICENCE


def accepted_of(rows: list[dict[str, object]], known: Knowledge) -> set[str]:
    read = {str(row["title"]): from_page(row, Questions(known=known)) for row in rows}
    return {title for title, seen in read.items() if decide(seen, "strict", NOW.date()).verdict == "accept"}


def test_the_painted_archive_is_decided_alike_where_its_templates_are_known(tmp_path: Path) -> None:
    """What makes the others unfree lies in their bytes or in another page."""
    archive, home = Archive.painted(count=200, seed=6), open_home(tmp_path / "home")
    truth = archive.truth()
    judged = [page for page in archive.files() if truth[page.title].trap not in ("svg", "pdf", "restricted_twin")]
    rows = [
        page(
            file.pageid, "A", title=file.title, wikitext=file.latest.text, sha1="a",
            templates=list(archive.rendering(file).templates),
            categories=[link.name for link in archive.rendering(file).categories],
            mediainfo=mediainfo(tuple(file.latest.statements)),
        )
        for file in judged
    ]  # fmt: skip
    plant(home, PAGES, rows, partition="A")
    with SandboxServer(archive) as server, PoliteSession("tests", sleep=no_sleep) as session:
        learn(home, CommonsClient(server.api_url, session, thumb_side=64))
        assert sum(one.requests for one in session.traffic.values()) <= 3
    known = Knowledge(templates=templates_known(home))
    assert known.templates["pd-old-100-expired"].kind is TemplateKind.LICENCE
    accepted = accepted_of(rows, known)
    assert accepted == accepted_of(rows, Knowledge())
    assert accepted and accepted <= {file.title for file in judged if truth[file.title].free}


def test_without_a_table_nothing_is_known(tmp_path: Path) -> None:
    assert templates_known(open_home(tmp_path / "home")) == {}


def test_two_pages_whose_names_differ_in_case_alone_say_only_what_both_say() -> None:
    def told(*of: tuple[str, TemplateKind]) -> tuple[str, TemplateKind]:
        fact = of_one_name([TemplateFact(name="pd-pond", target=target, kind=kind) for target, kind in of])
        return fact.target, fact.kind

    licence, missing = ("pd-pond", TemplateKind.LICENCE), ("pd-pond", TemplateKind.MISSING)
    assert told(licence, missing) == licence
    assert told(licence, ("pd-lake", TemplateKind.LICENCE)) == missing
    assert told(licence, ("lake", TemplateKind.WARNING)) == ("pd-pond", TemplateKind.WARNING)
    assert told(("lake", TemplateKind.SOURCE), ("note", TemplateKind.SOURCE)) == ("lake", TemplateKind.SOURCE)
    assert told(licence, ("note", TemplateKind.SOURCE)) == missing
