"""The painted archive: how many pictures of which kind, and a category tree that reaches all of them."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from pd_assets.sandbox import Archive
from pd_assets.sandbox.kinds import KINDS, shares
from pd_assets.sandbox.painting import Painting
from pd_assets.sandbox.titles import normalised
from tests.cost import cost_s
from tests.pd_assets.sandbox.asking import ROOTS, Asker, below_roots, files_in, subcategories


@pytest.fixture(scope="module")
def full() -> Archive:
    return Archive.painted(count=2600, seed=0)


def test_the_default_archive_holds_more_than_2050_pictures_that_are_free_and_decode(full: Archive) -> None:
    truth = full.truth()
    usable = [title for title, known in truth.items() if known.free and known.trap not in ("truncated", "duplicate")]
    assert len(truth) == 2600
    assert len(usable) >= 2050


def test_every_kind_of_trap_is_there(full: Archive) -> None:
    traps = Counter(known.trap for known in full.truth().values())
    plain = {"pd_old_100_expired", "pd_old_100", "cc0_own", "cc0_museum"}
    assert {kind.name for kind in KINDS} - plain <= traps.keys()
    assert traps["odd_title"] == 12


def test_making_the_default_archive_takes_under_two_seconds_of_cpu() -> None:
    assert cost_s(lambda: Archive.painted(count=2600, seed=3)) < 2


def test_the_same_seed_makes_the_same_archive_and_another_seed_another() -> None:
    first, again, other = (Archive.painted(count=60, seed=seed) for seed in (4, 4, 5))
    assert [page.latest for page in first.files()] == [page.latest for page in again.files()]
    assert [page.versions for page in first.files()] == [page.versions for page in again.files()]
    assert {page.title for page in first.files()} != {page.title for page in other.files()}


@pytest.mark.parametrize("count", [1, 30, 120, 2600])
def test_shares_add_up_to_the_count(count: int) -> None:
    given = shares(count)
    assert sum(given.values()) == count
    assert min(given.values()) >= (1 if count >= 120 else 0)


def test_every_file_is_reached_from_the_default_roots_within_four_steps(reading: Asker) -> None:
    categories = below_roots(reading)
    reached = set().union(*(files_in(reading, category) for category in categories))
    assert max(categories.values()) == 4
    assert {page.pageid for page in reading.server.archive.files()} <= reached


def test_traps_stand_outside_the_licence_roots_too(reading: Asker) -> None:
    archive = reading.server.archive
    roots = set().union(*(files_in(reading, root) for root in ROOTS))
    traps = {page.pageid for page in archive.files() if page.truth and not page.truth.free}
    assert traps - roots
    assert traps & roots


def test_the_tree_has_a_two_cycle_a_self_loop_several_parents_and_an_empty_category(reading: Asker) -> None:
    parents: dict[str, set[str]] = {}
    for category in below_roots(reading):
        for child in subcategories(reading, category):
            parents.setdefault(child, set()).add(category)
    assert "Sketchbooks" in parents["Sketchbook leaves"] and "Sketchbook leaves" in parents["Sketchbooks"]
    assert "Series of paintings" in parents["Series of paintings"]
    assert parents["PD-Art works by artist"] >= set(ROOTS)
    assert any(parent.startswith("Studies by") for parent in parents[ROOTS[1]])
    assert files_in(reading, "Paintings awaiting upload") == set()


def test_twins_share_their_bytes_and_one_of_a_restricted_pair_is_under_cc_by_sa(full: Archive) -> None:
    by_digest: dict[str, list[str]] = {}
    wanted = ("restricted_twin", "duplicate")
    twins = [page for page in full.files() if page.truth and page.truth.trap in wanted]
    plain = {page.versions[-1].content: page for page in full.files() if page.truth and page.truth.trap == ""}
    for page in twins:
        by_digest.setdefault(full.facts(page.versions[-1]).sha1, []).append(page.latest.text)
    pairs = [texts for texts in by_digest.values() if len(texts) == 2]
    assert len(pairs) == 8
    assert all(sum("Cc-by-sa-4.0" in text for text in texts) == 1 for texts in pairs)
    copies = [page for page in twins if page.truth and page.truth.trap == "duplicate"]
    assert len(copies) == 6
    for page in copies:
        original = plain[page.versions[-1].content]
        assert (page.latest.text, page.title) == (original.latest.text, original.title.replace(".jpg", " (copy).jpg"))


def test_uploads_lie_between_2012_and_2025_and_titles_are_in_normal_form(full: Archive) -> None:
    stamps = [page.versions[0].timestamp for page in full.files()]
    assert min(stamps) >= "2012-01-01" and max(stamps) < "2025-07-01"
    assert all(normalised(page.title) == page.title for page in full.files())
    assert max(len(page.title.partition(":")[2].encode()) for page in full.files()) > 220


def test_works_that_claim_100_years_were_painted_by_people_dead_for_longer() -> None:
    cutoff = datetime.now(UTC).year - 100
    for kind in KINDS:
        if kind.free and not kind.own:
            assert all(artist.died is not None and artist.died < cutoff for artist in kind.artists)


def test_every_description_and_caption_tells_the_truth_about_its_picture(full: Archive) -> None:
    for page in full.files():
        content = page.versions[-1].content
        assert isinstance(content, Painting)
        shown = content.scene
        assert page.truth is not None and page.truth.scene == shown
        for text in (page.latest.text.partition("|date")[0], page.latest.caption):
            if text is not None:
                assert f"{shown.sky} sky" in text and f"{shown.ground} ground" in text
                assert shown.object in text.lower() and shown.side in text and shown.season in text.lower()
