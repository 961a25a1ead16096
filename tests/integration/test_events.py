"""Everything that happens to a file on a real MediaWiki, between two harvests.

Each single event happens to a file of its own, all of them before one harvest. After that, and after many events in
random order, every table equals that of a harvest from scratch, row by row, and `status` tells the story of what went.
"""

import io
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import dagster as dg
import pytest
from PIL import Image

from pd_assets.checks.catalog import only_free_pictures
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, FILES, ITEMS, LICENSED, PAGES
from pd_assets.lib.home import Home, open_home
from pd_assets.resources import Platform
from tests.integration.conftest import FilledSite
from tests.integration.mediawiki.admin import Admin
from tests.integration.mediawiki.kinds import EXPIRED
from tests.integration.mediawiki.templates import ROOTS
from tests.integration.mediawiki.wiki import MediaWiki
from tests.pd_assets.harvest import Key, Row, differences, harvest, rows, standing

NOT_FREE = "\n{{Cc-by-sa-4.0}}"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The tables after a harvest, the page ids that it asked for, and in what they differ from those of a new home."""

    asked: set[int]
    tables: Mapping[str, Mapping[Key, Row]]
    differences: list[str] | None = None

    def item(self, pageid: int) -> Row:
        return self.tables[ITEMS.key][(f"commons:M{pageid}",)]

    def verdict(self, pageid: int) -> object:
        return self.tables[DECISIONS.key][(f"commons:M{pageid}", "strict")]["verdict"]

    def licensed(self, pageid: int) -> Row | None:
        return self.tables[LICENSED.key].get((f"commons:M{pageid}",))

    def file(self, pageid: int) -> Row | None:
        return self.tables[FILES.key].get((f"commons:M{pageid}",))

    def statuses(self, pageid: int) -> dict[object, object]:
        """What each category's partition says of a page."""
        return {key[0]: row["status"] for key, row in self.tables[PAGES.key].items() if key[1] == pageid}


@dataclass(kw_only=True)
class Follower:
    """A home that follows a wiki; `free` are the titles of free files that nothing has happened to yet."""

    wiki: MediaWiki
    folder: Path
    free: list[str]
    categories: list[str]
    scratches: int = 0
    painted: int = 0

    @cached_property
    def home(self) -> Home:
        return open_home(self.folder / "home")

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

    def moment(self, *, like_scratch: bool = False) -> Moment:
        """Harvest, and what lies there then; if asked, also in what it differs from a harvest from scratch."""
        asked = self.harvest()
        found = {table.key: rows(self.home, table) for table in (ITEMS, DECISIONS, LICENSED, FILES, PAGES, CHANGES)}
        differing = self.unlike_from_scratch() if like_scratch else None
        return Moment(asked=asked, tables=found, differences=differing)

    def unlike_from_scratch(self) -> list[str]:
        self.scratches += 1
        scratch = open_home(self.folder / f"scratch-{self.scratches}")
        self.harvest(scratch)
        return differences(standing(self.home), standing(scratch))

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


@dataclass(frozen=True, kw_only=True)
class Story:
    """What happened to which page: the first harvest, one after the events, one after what undid some of them."""

    free: set[int]
    ids: Mapping[str, int]
    first: Moment
    after: Moment
    later: Moment
    # The check of the licensed pictures, after the events.
    said: dg.AssetCheckResult
    # The categories that the recategorised file left and came to.
    left: str
    joined: str
    # What one more harvest asked for.
    asked_at_last: set[int]


@pytest.fixture(scope="module")
def follower(painted_site: FilledSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Follower]:
    """One home that follows one wiki of painted pictures: what happens to them matters here, not what they show."""
    folder = tmp_path_factory.mktemp("follower")
    with painted_site.wiki.copy_to(folder / "site") as wiki:
        free = sorted(picture.title for picture in painted_site.pictures if picture.free)
        categories = sorted({name for picture in painted_site.pictures for name in picture.categories})
        yield Follower(wiki=wiki, folder=folder, free=free, categories=categories)


@pytest.fixture(scope="module")
def story(follower: Follower) -> Story:
    """Everything that happens, each event to a file of its own, and the harvests."""
    admin = follower.admin
    first = follower.moment()
    free = {follower.id_of(title) for title in follower.free}
    names = (
        *("relicensed", "overwritten", "renamed", "renamed without a redirect", "deleted", "deleted and restored"),
        *("recategorised", "left", "with a suppressed version"),
    )
    titles = {name: follower.free.pop() for name in names}
    ids = {name: follower.id_of(title) for name, title in titles.items()}
    texts = {name: admin.read(title) for name, title in titles.items()}

    ids["added"] = follower.add("File:Added painting.jpg")
    admin.append(titles["relicensed"], NOT_FREE)
    admin.upload(titles["overwritten"], follower.picture())
    for name in ("renamed", "renamed without a redirect"):
        admin.move(titles[name], better(titles[name]), leave_redirect=name == "renamed")
    admin.delete(titles["deleted"])
    admin.delete(titles["deleted and restored"])
    admin.undelete(titles["deleted and restored"])
    (left,) = [name for name, status in first.statuses(ids["recategorised"]).items() if name in follower.categories]
    joined = next(name for name in follower.categories if name != left)
    moved = texts["recategorised"].replace(f"[[Category:{left}]]", f"[[Category:{joined}]]")
    admin.edit(titles["recategorised"], moved)
    admin.edit(titles["left"], "Neither a tag nor a category is left.")
    admin.upload(titles["with a suppressed version"], follower.picture())
    content = follower.picture()
    ids["first of two"] = follower.add("File:The first of two.jpg", content)
    ids["second of two"] = follower.add("File:The second of two.jpg", content)
    content = follower.picture()
    ids["free copy"] = follower.add("File:A free copy.jpg", content)
    after = follower.moment(like_scratch=True)
    said = only_free_pictures(Platform(pd_home=str(follower.home.root)))
    assert isinstance(said, dg.AssetCheckResult)

    admin.edit(titles["relicensed"], texts["relicensed"])
    admin.undelete(titles["deleted"])
    admin.revision_delete(titles["with a suppressed version"])
    admin.delete("File:The first of two.jpg")
    ids["copy under conditions"] = follower.add("File:A copy under conditions.jpg", content)
    admin.append("File:A copy under conditions.jpg", NOT_FREE)
    later = follower.moment(like_scratch=True)
    return Story(
        free=free,
        ids=ids,
        first=first,
        after=after,
        later=later,
        said=said,
        left=str(left),
        joined=joined,
        asked_at_last=follower.harvest(),
    )


def better(title: str) -> str:
    return title.replace("File:", "File:Better name of ")


def test_the_first_harvest_licenses_every_free_file(story: Story) -> None:
    assert story.first.tables[LICENSED.key].keys() == {(f"commons:M{pageid}",) for pageid in story.free}


def test_after_all_events_every_table_is_that_of_a_harvest_from_scratch(story: Story) -> None:
    assert story.after.differences == []
    assert story.later.differences == []


def test_exactly_the_pages_to_which_something_happened_are_asked_for(story: Story) -> None:
    happened = {pageid for name, pageid in story.ids.items() if name != "copy under conditions"}
    assert story.after.asked == happened
    undone = ("relicensed", "deleted", "with a suppressed version", "first of two", "free copy")
    assert story.ids["relicensed"] in story.later.asked
    assert story.later.asked <= {story.ids[name] for name in (*undone, "copy under conditions")}
    assert story.asked_at_last == set()


def test_an_added_file_is_licensed(story: Story) -> None:
    pageid = story.ids["added"]
    assert story.after.item(pageid)["status"] == "live"
    assert story.after.licensed(pageid) is not None


def test_an_edit_of_the_licence_takes_the_picture_out_and_its_revert_brings_it_back(story: Story) -> None:
    pageid = story.ids["relicensed"]
    assert (story.after.item(pageid)["status"], story.after.verdict(pageid)) == ("live", "reject")
    assert story.after.licensed(pageid) is None
    assert story.later.licensed(pageid) == story.first.licensed(pageid) is not None


def test_an_edit_of_the_licence_is_in_the_drift_log_with_its_revisions_and_the_check_says_so(story: Story) -> None:
    pageid = story.ids["relicensed"]
    logged = [row for row in story.after.tables[CHANGES.key].values() if row["item_id"] == f"commons:M{pageid}"]
    change = next(row for row in logged if row["profile"] == "strict")
    assert (change["from_verdict"], change["to_verdict"], change["cause"]) == ("accept", "reject", "upstream_edit")
    revisions = (story.first.item(pageid)["revid"], story.after.item(pageid)["revid"])
    assert (change["from_revid"], change["to_revid"]) == revisions
    assert story.said.passed
    withdrawn = story.said.metadata["withdrawn"].value
    assert f"commons:M{pageid}: accept" in str(withdrawn) and "upstream_edit, revision" in str(withdrawn)


def test_an_overwritten_file_is_fetched_again(story: Story) -> None:
    pageid = story.ids["overwritten"]
    assert story.after.item(pageid)["sha1"] != story.first.item(pageid)["sha1"]
    old_file, file, licensed = story.first.file(pageid), story.after.file(pageid), story.after.licensed(pageid)
    assert old_file is not None and file is not None and licensed is not None
    assert file["sha256"] != old_file["sha256"]
    assert licensed["sha256"] == file["sha256"]


@pytest.mark.parametrize("name", ["renamed", "renamed without a redirect"])
def test_a_renamed_file_keeps_its_identity_and_its_picture(story: Story, name: str) -> None:
    pageid = story.ids[name]
    item, before = story.after.item(pageid), story.first.item(pageid)
    assert (item["status"], item["title"]) == ("live", f"Better name of {before['title']}")
    assert story.after.licensed(pageid) is not None
    assert story.after.file(pageid) == story.first.file(pageid)


def test_a_deleted_file_goes_with_its_picture_and_comes_back_when_it_is_restored(story: Story) -> None:
    pageid = story.ids["deleted"]
    gone, evidence = story.after.item(pageid), story.first.item(pageid)
    assert gone["status"] == "deleted" and set(story.after.statuses(pageid).values()) == {"deleted"}
    # What was known of it stays beside the status.
    assert (gone["sha1"], gone["categories"]) == (evidence["sha1"], evidence["categories"])
    assert story.after.licensed(pageid) is None and story.after.file(pageid) is None
    assert story.later.item(pageid)["status"] == "live"
    assert story.later.licensed(pageid) == story.first.licensed(pageid) is not None


def test_a_file_that_was_deleted_and_restored_between_two_harvests_is_there(story: Story) -> None:
    pageid = story.ids["deleted and restored"]
    assert story.after.item(pageid)["status"] == "live"
    assert story.after.licensed(pageid) == story.first.licensed(pageid) is not None


def test_a_recategorised_file_left_one_category_and_is_live_in_the_other(story: Story) -> None:
    pageid = story.ids["recategorised"]
    assert story.first.statuses(pageid).get(story.left) == "live"
    statuses = story.after.statuses(pageid)
    assert (statuses[story.left], statuses[story.joined]) == ("left", "live")
    assert story.after.item(pageid)["status"] == "live"
    assert story.after.licensed(pageid) is not None


def test_a_file_without_any_of_the_categories_left(story: Story) -> None:
    pageid = story.ids["left"]
    assert story.after.item(pageid)["status"] == "left"
    assert set(story.after.statuses(pageid).values()) == {"left"}
    assert story.after.licensed(pageid) is None


def test_the_suppression_of_an_old_version_changes_nothing_of_the_present_one(story: Story) -> None:
    pageid = story.ids["with a suppressed version"]
    before = story.after.item(pageid), story.after.licensed(pageid)
    assert (story.later.item(pageid), story.later.licensed(pageid)) == before
    assert before[0]["status"] == "live" and before[0]["problem"] is None


def test_of_equal_bytes_under_two_titles_one_is_licensed_and_the_other_takes_its_place(story: Story) -> None:
    first, second = story.ids["first of two"], story.ids["second of two"]
    assert story.after.item(first)["sha1"] == story.after.item(second)["sha1"]
    assert [story.after.item(pageid)["status"] for pageid in (first, second)] == ["live", "live"]
    licensed = [pageid for pageid in (first, second) if story.after.licensed(pageid)]
    assert len(licensed) == 1
    assert story.later.item(first)["status"] == "deleted"
    assert story.later.licensed(second) is not None


def test_a_duplicate_under_conditions_takes_its_free_copy_out(story: Story) -> None:
    free = story.ids["free copy"]
    assert story.after.licensed(free) is not None
    assert (story.later.verdict(free), story.later.licensed(free)) == ("quarantine", None)


@pytest.mark.extended
@pytest.mark.parametrize("seed", [1])
def test_many_events_in_random_order_end_where_a_harvest_from_scratch_does(
    story: Story, follower: Follower, seed: int
) -> None:
    """Forty events, harvested after random numbers of them, several often to the same file; the seed names a run."""
    world = World(follower=follower, chance=random.Random(seed), live=list(follower.free))
    while world.number < 40:
        for _ in range(world.chance.randint(4, 16)):
            world.happen()
        follower.harvest()
        items = rows(follower.home, ITEMS)
        statuses = {int(str(key[0]).removeprefix("commons:M")): row["status"] for key, row in items.items()}
        assert {statuses[pageid] for pageid in world.deleted.values() if pageid in statuses} <= {"deleted"}
        assert {statuses[follower.id_of(title)] for title in world.live} <= {"live", "left"}
    assert follower.unlike_from_scratch() == []
    assert follower.harvest() == set()


@dataclass(kw_only=True)
class World:
    """What can happen, and the titles that are there or were deleted."""

    follower: Follower
    chance: random.Random
    live: list[str]
    deleted: dict[str, int] = field(default_factory=dict)
    number: int = 0

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
