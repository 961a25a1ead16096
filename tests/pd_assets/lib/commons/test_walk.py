"""The category walk on small archives with the knots that real category trees have."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest

from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.walk import Category, walk
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.http import PoliteSession
from pd_assets.sandbox import Archive, SandboxServer
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


def test_a_category_with_nothing_below_it_costs_no_request() -> None:
    archive = Archive()
    archive.add("Category:Root", wikitext="")
    for number in range(60):
        archive.add(f"Category:Leaf {number}", wikitext="[[Category:Root]]")
    with SandboxServer(archive) as server, PoliteSession("tests", sleep=no_sleep) as session:
        found = walk(CommonsClient(server.api_url, session, thumb_side=640), ["Root"], depth=4)
        # One for the root's facts, one for its subcategories and theirs.
        assert len(server.faults.log) == 2
    assert len(found) == 61
