"""The category walk on small archives with the knots that real category trees have."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from pd_assets.lib.catalog.looks import Looks
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.walk import Category, Earlier, walk
from pd_assets.lib.errors import ArchiveError, ConfigError
from pd_assets.lib.http import PoliteSession
from pd_assets.sandbox import Archive, SandboxServer
from tests.integration.fault_proxy import FaultProxy, Script, api_error
from tests.pd_assets.lib.local_server import LocalServer, Reply
from tests.pd_assets.lib.scraping import no_sleep

Walk = Callable[..., dict[str, Category]]


@pytest.fixture
def walked() -> Iterator[Walk]:
    """Walk an archive of the given categories (name -> parents) and files (name -> categories)."""
    with ExitStack() as stack:

        def run(
            tree: Mapping[str, str],
            *roots: str,
            depth: int = 4,
            exclude: tuple[str, ...] = (),
            files: Mapping[str, str] | None = None,
        ) -> dict[str, Category]:
            archive = Archive()
            for name, parents in tree.items():
                archive.add(f"Category:{name}", wikitext="".join(f"[[Category:{p}]]" for p in parents.split()))
            for name, parents in (files or {}).items():
                text = "".join(f"[[Category:{p}]]" for p in parents.split())
                archive.add(f"File:{name}.jpg", wikitext=text, content=b"\xff\xd8\xff")
            server = stack.enter_context(SandboxServer(archive))
            session = stack.enter_context(PoliteSession("tests", sleep=no_sleep))
            client = CommonsClient(server.api_url, session, thumb_side=640)
            found = walk(client, roots, depth=depth, exclude=exclude)
            assert len({category.category for category in found}) == len(found)
            return {category.category: category for category in found}

        yield run


CHAIN = {"Root": "", "A": "Root", "B": "A", "C": "B"}


def test_every_category_below_the_root_is_found_with_its_path(walked: Walk) -> None:
    found = walked(CHAIN, "Root", files={"One": "A Root", "Two": "A"})
    assert list(found) == ["A", "B", "C", "Root"]
    assert found["C"].path == ("Root", "A", "B", "C")
    assert (found["C"].depth, found["C"].parents) == (3, ("B",))
    assert (found["Root"].depth, found["Root"].parents, found["Root"].path) == (0, (), ("Root",))
    assert (found["A"].files, found["A"].subcategories, found["Root"].files) == (2, 1, 1)
    assert all(category.pageid and category.status == "live" for category in found.values())


@pytest.mark.parametrize(("depth", "names"), [(0, ["Root"]), (1, ["A", "Root"]), (2, ["A", "B", "Root"])])
def test_the_depth_limit_holds(walked: Walk, depth: int, names: list[str]) -> None:
    assert list(walked(CHAIN, "Root", depth=depth)) == names


def test_cycles_end_and_their_parents_are_all_named(walked: Walk) -> None:
    found = walked({"Root": "B", "A": "Root A", "B": "A"}, "Root", depth=9)
    assert {name: one.parents for name, one in found.items()} == {"Root": ("B",), "A": ("A", "Root"), "B": ("A",)}
    assert found["Root"].depth == 0


def test_of_several_ways_the_shortest_counts(walked: Walk) -> None:
    found = walked({"Root": "", "A": "Root", "B": "A", "Deep": "B Root"}, "Root")
    assert (found["Deep"].depth, found["Deep"].path, found["Deep"].parents) == (1, ("Root", "Deep"), ("B", "Root"))


def test_a_root_below_another_root_stays_a_root(walked: Walk) -> None:
    found = walked(CHAIN, "B", "Root")
    assert (found["B"].depth, found["B"].path, found["B"].parents) == (0, ("B",), ("A",))
    assert found["C"].path == ("B", "C")


def test_excluded_categories_are_never_entered(walked: Walk) -> None:
    tree = {**CHAIN, "Side": "Root", "Below": "B Side"}
    found = walked(tree, "Root", exclude=("A",))
    assert list(found) == ["Below", "Root", "Side"]
    assert found["Below"].parents == ("Side",)


@pytest.mark.parametrize("written", ["side_street", "Category:Side street", " Side  street ", "side street"])
def test_titles_are_taken_as_people_write_them(walked: Walk, written: str) -> None:
    tree = {"Root": "", "A": "Root", "Below": "Side_street"}
    archive_tree = {**tree, "Side street": "Root"}
    assert "Side street" not in walked(archive_tree, "root", exclude=(written,))
    assert list(walked(archive_tree, written)) == ["Below", "Side street"]


def test_a_root_written_twice_is_walked_once(walked: Walk) -> None:
    assert list(walked(CHAIN, "root", "Root", "Category:Root", depth=0)) == ["Root"]


def test_an_excluded_root_is_left_out(walked: Walk) -> None:
    assert list(walked(CHAIN, "Root", "C", exclude=("Root",))) == ["C"]


def test_unknown_roots_are_all_named(walked: Walk) -> None:
    with pytest.raises(ConfigError) as failed:
        walked(CHAIN, "Root", "Nowhere", "Also nowhere")
    assert "Category:Nowhere, Category:Also nowhere" in str(failed.value)
    assert "PD_COMMONS_ROOTS" in str(failed.value) and "Category:Root" not in str(failed.value)


def test_a_category_without_a_page_but_with_members_is_walked(walked: Walk) -> None:
    found = walked({"Root": "", "A": "Root Red"}, "Root", "Red", files={"One": "Red"})
    assert (found["Red"].pageid, found["Red"].files) == (None, 1)
    assert found["A"].parents == ("Red", "Root")


# --- counters drift, and categories that cannot be listed ------------------------------------------------------------


def night(
    server: SandboxServer, looks: Looks, day: int, before: Sequence[Category] = ()
) -> tuple[list[Category], Earlier]:
    """One walk from Root, which knows what an earlier one found."""
    now = datetime(2026, 11, day, 2, tzinfo=UTC)
    earlier = Earlier(categories={one.category: one for one in before}, looks=looks, now=now)
    with PoliteSession("tests", sleep=no_sleep) as session:
        server.faults.log.clear()
        return walk(CommonsClient(server.api_url, session, thumb_side=640), ["Root"], depth=4, earlier=earlier), earlier


def test_a_category_with_nothing_below_it_costs_one_request_a_week() -> None:
    archive = Archive()
    archive.add("Category:Root", wikitext="")
    for number in range(28):
        archive.add(f"Category:Leaf {number}", wikitext="[[Category:Root]]")
    looks, asked = Looks(), []
    with SandboxServer(archive) as server:
        for day in range(1, 16):
            assert len(night(server, looks, day)[0]) == 29
            asked.append(len(server.faults.log))
    # One for the root's facts, one for its subcategories and theirs; and the leaves, the first time and then in turn.
    assert asked[:4] == [30, 2, 2, 2]
    assert max(asked[1:]) < 2 + 28
    assert 2 * 28 <= sum(asked[1:]) - 2 * 14 <= 3 * 28


@pytest.mark.parametrize("said", [0, -3])
def test_what_lies_below_a_category_is_found_whatever_its_counters_say(said: int) -> None:
    archive = Archive()
    for name, parent in {"Root": "", "A": "[[Category:Root]]", "Below": "[[Category:A]]"}.items():
        archive.add(f"Category:{name}", wikitext=parent)
        archive.oddities.counters[name] = said
    with SandboxServer(archive) as server:
        found, _ = night(server, Looks(), 1)
    assert [(one.category, one.files) for one in found] == [("A", said), ("Below", said), ("Root", said)]


def test_a_root_without_a_page_exists_where_it_has_members_whatever_its_counters_say() -> None:
    archive = Archive()
    archive.add("File:One.jpg", wikitext="[[Category:Root]]", content=b"\xff\xd8\xff")
    archive.oddities.counters["Root"] = 0
    with SandboxServer(archive) as server:
        assert [one.category for one in night(server, Looks(), 1)[0]] == ["Root"]


def test_a_root_that_was_there_and_is_deleted_ends_nothing_but_itself() -> None:
    archive = Archive()
    archive.add("Category:Root", wikitext="")
    known = Category(category="Gone", pageid=1, depth=0, parents=(), path=("Gone",), files=1, subcategories=0)
    earlier = Earlier(categories={"Gone": known})
    with SandboxServer(archive) as server, PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(server.api_url, session, thumb_side=640)
        assert [one.category for one in walk(client, ["Gone", "Root"], depth=0, earlier=earlier)] == ["Root"]
        with pytest.raises(ConfigError, match="names Category:Gone, which"):
            walk(client, ["Gone"], depth=0, earlier=earlier)


def test_a_root_of_which_nothing_is_said_is_not_gone() -> None:
    def silent(_: int, __: str) -> Reply:
        return Reply(body=b'{"query": {"pages": []}}', headers={"Content-Type": "application/json"})

    known = Category(category="Root", pageid=1, depth=0, parents=(), path=("Root",), files=1, subcategories=0)
    with LocalServer(silent) as server, PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(f"{server.url}/w/api.php", session, thumb_side=640)
        assert walk(client, ["Root"], depth=0, earlier=Earlier(categories={"Root": known})) == [known]
        with pytest.raises(ArchiveError, match="says nothing of Root"):
            walk(client, ["Root"], depth=0)


def test_counters_beyond_all_bounds_are_kept_as_the_greatest_that_a_table_holds() -> None:
    archive = Archive()
    archive.add("Category:Root", wikitext="")
    archive.oddities.counters["Root"] = 2**70
    with SandboxServer(archive) as server:
        assert night(server, Looks(), 1)[0][0].files == 2**31 - 1


def test_a_root_whose_title_cannot_be_is_named() -> None:
    archive = Archive()
    archive.add("Category:Root", wikitext="")
    with SandboxServer(archive) as server, PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(server.api_url, session, thumb_side=640)
        with pytest.raises(ConfigError, match=r"names Category:Bad\[, which"):
            walk(client, ["Root", "Bad["], depth=1)


def failing(*names: str) -> Script:
    """The subcategories of these cannot be listed."""
    titles = {f"Category:{name}" for name in names}
    return lambda _, __, target: (
        api_error("internal_api_error_Odd")
        if dict(parse_qsl(urlsplit(target).query)).get("gcmtitle") in titles
        else None
    )


def test_categories_that_cannot_be_listed_keep_what_was_below_them_and_cost_no_other() -> None:
    archive = Archive()
    names = [f"Bad {number}" for number in range(7)]
    archive.add("Category:Root", wikitext="")
    for name in names:
        archive.add(f"Category:{name}", wikitext="[[Category:Root]]")
        archive.add(f"Category:Below {name}", wikitext=f"[[Category:{name}]]")
    with SandboxServer(archive) as server, FaultProxy(server.base_url) as proxy:
        before, _ = night(server, Looks(), 1)
        proxy.begin(failing(*names))
        archive.add("Category:New", wikitext="[[Category:Root]]")
        earlier = Earlier(categories={one.category: one for one in before})
        with PoliteSession("tests", sleep=no_sleep) as session:
            client = CommonsClient(proxy.api_url, session, thumb_side=640)
            found = walk(client, ["Root"], depth=4, earlier=earlier)
            assert {one.category for one in found} == {one.category for one in before} | {"New"}
            assert sorted(earlier.unlisted) == names
            with pytest.raises(ArchiveError, match="internal_api_error_Odd"):
                proxy.begin(lambda *_: api_error("internal_api_error_Odd"))
                walk(client, ["Root"], depth=4)
