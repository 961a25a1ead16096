"""Everything that happens to a file on a real MediaWiki, between two harvests.

After each event, and after many in random order, every table equals that of a harvest from scratch, row by row, and
`status` tells the story of what went.
"""

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
from PIL import Image

from pd_assets.checks.catalog import only_free_pictures
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, FILES, ITEMS, LICENSED, PAGES
from pd_assets.lib.home import Home, open_home
from pd_assets.resources import Platform
from tests.bench.painted import mix, paint
from tests.integration.mediawiki.admin import Admin
from tests.integration.mediawiki.fill import fill
from tests.integration.mediawiki.kinds import EXPIRED
from tests.integration.mediawiki.pictures import Picture
from tests.integration.mediawiki.templates import ROOTS
from tests.integration.mediawiki.wiki import MediaWiki
from tests.pd_assets.harvest import Row, differences, harvest, rows, standing

FILES_IN_THE_WIKI = 60
SEED = 7
NOT_FREE = "\n{{Cc-by-sa-4.0}}"


@dataclass(frozen=True, kw_only=True)
class Site:
    """A filled wiki that is not served, to be copied, and what is in it."""

    wiki: MediaWiki
    pictures: tuple[Picture, ...]

    @property
    def categories(self) -> list[str]:
        return sorted({name for picture in self.pictures for name in picture.categories})


@dataclass(kw_only=True)
class Follower:
    """A home that follows a wiki; `free` are the titles of free files that nothing has happened to yet."""

    wiki: MediaWiki
    folder: Path
    free: list[str]
    categories: list[str]
    home: Home = field(init=False)
    scratches: int = 0
    painted: int = 0

    def __post_init__(self) -> None:
        self.home = open_home(self.folder / "home")
        self.harvest()

    @property
    def admin(self) -> Admin:
        return self.wiki.admin

    def harvest(self, home: Home | None = None) -> set[int]:
        """Harvest; returns the page ids that were asked for."""
        self.wiki.run_jobs()
        self.wiki.forget_requests()
        result = harvest(home or self.home, self.wiki.api_url, [*ROOTS, *self.categories])
        assert result.success
        ids = [request.query.get("pageids", "") for request in self.wiki.requests()]
        return {int(one) for batch in ids if batch for one in batch.split("|")}

    def assert_like_from_scratch(self) -> None:
        self.scratches += 1
        scratch = open_home(self.folder / f"scratch-{self.scratches}")
        self.harvest(scratch)
        assert differences(standing(self.home), standing(scratch)) == []

    def picture(self) -> bytes:
        """A new picture, unlike any other."""
        self.painted += 1
        buffer = io.BytesIO()
        colour = (self.painted * 29 % 256, self.painted * 83 % 256, self.painted % 256)
        Image.new("RGB", (120, 90), colour).save(buffer, "JPEG", comment=b"painted %d" % self.painted)
        return buffer.getvalue()

    def id_of(self, title: str) -> int:
        return int(str(self.admin.page(title)["pageid"]))

    def add(self, title: str, content: bytes | None = None) -> int:
        text = f"{{{{Artwork|artist=Nobody|date=1780|title=New}}}}\n{EXPIRED}\n[[Category:{self.categories[0]}]]"
        self.admin.upload(title, content or self.picture(), text)
        return self.id_of(title)

    def item(self, pageid: int) -> Row:
        return rows(self.home, ITEMS)[(f"commons:M{pageid}",)]

    def verdict(self, pageid: int) -> object:
        return rows(self.home, DECISIONS)[(f"commons:M{pageid}", "strict")]["verdict"]

    def licensed(self, pageid: int) -> Row | None:
        return rows(self.home, LICENSED).get((f"commons:M{pageid}",))

    def file(self, pageid: int) -> Row | None:
        return rows(self.home, FILES).get((f"commons:M{pageid}",))

    def statuses(self, pageid: int) -> dict[object, object]:
        """What each category's partition says of a page."""
        return {key[0]: row["status"] for key, row in rows(self.home, PAGES).items() if key[1] == pageid}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, mediawiki_installed: None) -> Site:
    """A wiki of painted pictures: what happens to them matters here, not what they show."""
    folder = tmp_path_factory.mktemp("events")
    wiki = MediaWiki.install(folder / "site")
    pictures = fill(wiki, paint(folder / "art", FILES_IN_THE_WIKI), mix(FILES_IN_THE_WIKI), SEED)
    return Site(wiki=wiki, pictures=tuple(pictures))


def follow(site: Site, folder: Path) -> Iterator[Follower]:
    with site.wiki.copy_to(folder / "site") as wiki:
        free = sorted(picture.title for picture in site.pictures if picture.free)
        yield Follower(wiki=wiki, folder=folder, free=free, categories=site.categories)


@pytest.fixture(scope="module")
def follower(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Follower]:
    """One home that follows one wiki through all the tests below; each test takes files of its own."""
    yield from follow(site, tmp_path_factory.mktemp("follower"))


def test_the_first_harvest_licenses_every_free_file_and_the_next_one_asks_for_nothing(follower: Follower) -> None:
    accepted = {key[0] for key, row in rows(follower.home, LICENSED).items()}
    assert accepted == {f"commons:M{follower.id_of(title)}" for title in follower.free}
    assert follower.harvest() == set()
    follower.assert_like_from_scratch()


@pytest.mark.extended
def test_an_added_file_is_licensed(follower: Follower) -> None:
    pageid = follower.add("File:Added painting.jpg")
    assert follower.harvest() == {pageid}
    assert follower.item(pageid)["status"] == "live"
    assert follower.licensed(pageid) is not None
    follower.assert_like_from_scratch()


def test_an_edit_of_the_licence_takes_the_picture_out_and_its_revert_brings_it_back(follower: Follower) -> None:
    title = follower.free.pop()
    pageid = follower.id_of(title)
    before = follower.licensed(pageid)
    text = follower.admin.read(title)
    follower.admin.append(title, NOT_FREE)
    assert follower.harvest() == {pageid}
    assert (follower.item(pageid)["status"], follower.verdict(pageid)) == ("live", "reject")
    assert follower.licensed(pageid) is None
    follower.assert_like_from_scratch()
    follower.admin.edit(title, text)
    assert follower.harvest() == {pageid}
    assert follower.licensed(pageid) == before
    follower.assert_like_from_scratch()


@pytest.mark.extended
def test_an_edit_of_the_licence_is_in_the_drift_log_with_its_revisions_and_the_check_says_so(
    follower: Follower,
) -> None:
    title = follower.free.pop()
    pageid = follower.id_of(title)
    before = follower.item(pageid)
    text = follower.admin.read(title)
    follower.admin.edit(title, text.replace(EXPIRED, "{{Cc-by-sa-4.0}}"))
    follower.harvest()
    assert follower.licensed(pageid) is None
    logged = [row for row in rows(follower.home, CHANGES).values() if row["item_id"] == f"commons:M{pageid}"]
    change = next(row for row in logged if row["profile"] == "strict")
    assert (change["from_verdict"], change["to_verdict"], change["cause"]) == ("accept", "reject", "upstream_edit")
    assert (change["from_revid"], change["to_revid"]) == (before["revid"], follower.item(pageid)["revid"])
    said = only_free_pictures(Platform(pd_home=str(follower.home.root)))
    assert isinstance(said, dg.AssetCheckResult) and said.passed
    withdrawn = said.metadata["withdrawn"].value
    assert f"commons:M{pageid}: accept" in str(withdrawn) and "upstream_edit, revision" in str(withdrawn)
    follower.admin.edit(title, text)
    follower.harvest()
    assert follower.licensed(pageid) is not None


@pytest.mark.extended
def test_an_overwritten_file_is_fetched_again(follower: Follower) -> None:
    title = follower.free.pop()
    pageid = follower.id_of(title)
    before, old_file = follower.item(pageid), follower.file(pageid)
    follower.admin.upload(title, follower.picture())
    assert follower.harvest() == {pageid}
    assert follower.item(pageid)["sha1"] != before["sha1"]
    file, licensed = follower.file(pageid), follower.licensed(pageid)
    assert old_file is not None and file is not None and licensed is not None
    assert file["sha256"] != old_file["sha256"]
    assert licensed["sha256"] == file["sha256"]
    follower.assert_like_from_scratch()


@pytest.mark.extended
@pytest.mark.parametrize("leave_redirect", [True, False])
def test_a_renamed_file_keeps_its_identity_and_its_picture(follower: Follower, leave_redirect: bool) -> None:
    title = follower.free.pop()
    pageid, new_title = follower.id_of(title), title.replace("File:", "File:Better name of ")
    before = follower.file(pageid)
    follower.admin.move(title, new_title, leave_redirect=leave_redirect)
    assert follower.harvest() == {pageid}
    item = follower.item(pageid)
    assert (item["status"], item["title"]) == ("live", new_title.removeprefix("File:").removesuffix(".jpg"))
    assert follower.licensed(pageid) is not None
    assert follower.file(pageid) == before
    follower.assert_like_from_scratch()


def test_a_deleted_file_goes_with_its_picture_and_comes_back_when_it_is_restored(follower: Follower) -> None:
    title = follower.free.pop()
    pageid = follower.id_of(title)
    before, evidence = follower.licensed(pageid), follower.item(pageid)
    follower.admin.delete(title)
    assert follower.harvest() == {pageid}
    gone = follower.item(pageid)
    assert gone["status"] == "deleted" and set(follower.statuses(pageid).values()) == {"deleted"}
    # What was known of it stays beside the status.
    assert (gone["sha1"], gone["categories"]) == (evidence["sha1"], evidence["categories"])
    assert follower.licensed(pageid) is None and follower.file(pageid) is None
    follower.assert_like_from_scratch()
    assert follower.harvest() == set()
    follower.admin.undelete(title)
    follower.harvest()
    assert follower.item(pageid)["status"] == "live"
    assert follower.licensed(pageid) == before
    follower.assert_like_from_scratch()


@pytest.mark.extended
def test_a_file_that_was_deleted_and_restored_between_two_harvests_is_there(follower: Follower) -> None:
    title = follower.free.pop()
    pageid = follower.id_of(title)
    before = follower.licensed(pageid)
    follower.admin.delete(title)
    follower.admin.undelete(title)
    follower.harvest()
    assert follower.item(pageid)["status"] == "live"
    assert follower.licensed(pageid) == before is not None
    follower.assert_like_from_scratch()


@pytest.mark.extended
def test_a_recategorised_file_left_one_category_and_is_live_in_the_other(follower: Follower) -> None:
    title = follower.free.pop()
    pageid = follower.id_of(title)
    (old,) = [name for name in follower.categories if follower.statuses(pageid).get(name) == "live"]
    new = next(name for name in follower.categories if name != old)
    follower.admin.edit(title, follower.admin.read(title).replace(f"[[Category:{old}]]", f"[[Category:{new}]]"))
    assert follower.harvest() == {pageid}
    assert (follower.statuses(pageid)[old], follower.statuses(pageid)[new]) == ("left", "live")
    assert follower.item(pageid)["status"] == "live"
    assert follower.licensed(pageid) is not None
    follower.assert_like_from_scratch()


@pytest.mark.extended
def test_a_file_without_any_of_the_categories_left(follower: Follower) -> None:
    title = follower.free.pop()
    pageid = follower.id_of(title)
    follower.admin.edit(title, "Neither a tag nor a category is left.")
    assert follower.harvest() == {pageid}
    assert follower.item(pageid)["status"] == "left"
    assert set(follower.statuses(pageid).values()) == {"left"}
    assert follower.licensed(pageid) is None
    follower.assert_like_from_scratch()


@pytest.mark.extended
def test_the_suppression_of_an_old_version_changes_nothing_of_the_present_one(follower: Follower) -> None:
    title = follower.free.pop()
    pageid = follower.id_of(title)
    follower.admin.upload(title, follower.picture())
    follower.harvest()
    before = follower.item(pageid), follower.licensed(pageid)
    follower.admin.revision_delete(title)
    follower.harvest()
    assert (follower.item(pageid), follower.licensed(pageid)) == before
    assert before[0]["status"] == "live" and before[0]["problem"] is None
    follower.assert_like_from_scratch()


@pytest.mark.extended
def test_of_equal_bytes_under_two_titles_one_is_licensed_and_the_other_takes_its_place(follower: Follower) -> None:
    content = follower.picture()
    first = follower.add("File:The first of two.jpg", content)
    second = follower.add("File:The second of two.jpg", content)
    assert follower.harvest() == {first, second}
    assert follower.item(first)["sha1"] == follower.item(second)["sha1"]
    assert [follower.item(pageid)["status"] for pageid in (first, second)] == ["live", "live"]
    licensed = [pageid for pageid in (first, second) if follower.licensed(pageid)]
    assert len(licensed) == 1
    follower.assert_like_from_scratch()
    follower.admin.delete("File:The first of two.jpg")
    follower.harvest()
    assert follower.item(first)["status"] == "deleted"
    assert follower.licensed(second) is not None
    follower.assert_like_from_scratch()


@pytest.mark.extended
def test_a_duplicate_under_conditions_takes_its_free_copy_out(follower: Follower) -> None:
    content = follower.picture()
    free = follower.add("File:A free copy.jpg", content)
    follower.harvest()
    assert follower.licensed(free) is not None
    follower.add("File:A copy under conditions.jpg", content)
    follower.admin.append("File:A copy under conditions.jpg", NOT_FREE)
    follower.harvest()
    assert (follower.verdict(free), follower.licensed(free)) == ("quarantine", None)
    follower.assert_like_from_scratch()


@pytest.mark.extended
@pytest.mark.parametrize("seed", [1])
def test_many_events_in_random_order_end_where_a_harvest_from_scratch_does(
    site: Site, tmp_path: Path, seed: int
) -> None:
    """Forty events, harvested after random numbers of them, several often to the same file; the seed names a run."""
    for follower in follow(site, tmp_path):
        world = World(follower=follower, chance=random.Random(seed), live=list(follower.free))
        for _ in range(8):
            for _ in range(world.chance.randint(1, 9)):
                world.happen()
            follower.harvest()
            deleted = {title: pageid for title, pageid in world.deleted.items() if pageid in world.known()}
            assert {follower.item(pageid)["status"] for pageid in deleted.values()} <= {"deleted"}
            assert {follower.item(follower.id_of(title))["status"] for title in world.live} <= {"live", "left"}
        follower.assert_like_from_scratch()
        assert follower.harvest() == set()


@dataclass(kw_only=True)
class World:
    """What can happen, and the titles that are there or were deleted."""

    follower: Follower
    chance: random.Random
    live: list[str]
    deleted: dict[str, int] = field(default_factory=dict)
    number: int = 0

    def known(self) -> set[int]:
        """The page ids that the following home has rows of."""
        return {int(str(key[0]).removeprefix("commons:M")) for key in rows(self.follower.home, ITEMS)}

    def happen(self) -> None:
        self.number += 1
        events: list[Callable[[], None]] = [
            *(self.add, self.edit, self.overwrite, self.rename, self.rename_without_redirect, self.delete),
            *(self.restore, self.recategorise, self.leave, self.suppress, self.duplicate),
        ]
        self.chance.choice(events)()

    def some(self) -> str:
        return self.chance.choice(self.live)

    def add(self) -> None:
        title = f"File:Happened {self.number}.jpg"
        self.follower.add(title)
        self.live.append(title)

    def edit(self) -> None:
        title, text = self.some(), self.chance.choice([NOT_FREE, "\n{{Delete|reason=x}}", "\nA word more."])
        self.follower.admin.append(title, text)

    def overwrite(self) -> None:
        self.follower.admin.upload(self.some(), self.follower.picture())

    def rename(self, leave_redirect: bool = True) -> None:
        title = self.some()
        new_title = f"File:Renamed {self.number}.jpg"
        self.follower.admin.move(title, new_title, leave_redirect=leave_redirect)
        self.live[self.live.index(title)] = new_title

    def rename_without_redirect(self) -> None:
        self.rename(leave_redirect=False)

    def delete(self) -> None:
        title = self.some()
        self.deleted[title] = self.follower.id_of(title)
        self.follower.admin.delete(title)
        self.live.remove(title)

    def restore(self) -> None:
        if self.deleted:
            title = self.chance.choice(sorted(self.deleted))
            del self.deleted[title]
            self.follower.admin.undelete(title)
            self.live.append(title)

    def recategorise(self) -> None:
        title, category = self.some(), self.chance.choice(self.follower.categories)
        text = self.follower.admin.read(title).split("[[Category:")[0]
        self.follower.admin.edit(title, f"{text}[[Category:{category}]]")

    def leave(self) -> None:
        self.follower.admin.edit(self.some(), f"Nothing is left, {self.number}.")

    def suppress(self) -> None:
        title = self.some()
        self.follower.admin.upload(title, self.follower.picture())
        self.follower.admin.revision_delete(title)

    def duplicate(self) -> None:
        content, titles = self.follower.picture(), [f"File:Copy {self.number} {name}.jpg" for name in "ab"]
        for title in titles:
            self.follower.add(title, content)
        self.live += titles
