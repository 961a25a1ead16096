"""Odd titles on a real MediaWiki, through the whole line: each keeps its identity, nothing leaves the home."""

from pathlib import Path

import pytest

from pd_assets.lib.home import open_home
from tests.integration.conftest import FilledSite
from tests.pd_assets.harvest import differences, harvest, standing, tree
from tests.pd_assets.odd_titles import (
    CATEGORIES,
    FILE_TITLES,
    assert_each_has_its_own_identity,
    assert_inside,
    decoys,
    picture_of,
    text_in,
)


@pytest.mark.extended
def test_odd_titles_keep_their_identity_and_nothing_is_written_outside_the_home(
    painted_site: FilledSite, tmp_path: Path
) -> None:
    parent = tmp_path / "parent"
    home = open_home(parent / "home")
    # It has the licence templates; its own files are in other categories.
    wiki = painted_site.wiki.copy_to(tmp_path / "site")
    contents = {title: picture_of(number) for number, title in enumerate(FILE_TITLES)}
    with wiki:
        for category in CATEGORIES:
            wiki.admin.edit(f"Category:{category}", "A category.")
        for number, (title, content) in enumerate(contents.items()):
            wiki.admin.upload(title, content, text_in(CATEGORIES[number % len(CATEGORIES)]))
        decoys(parent)
        before = tree(parent)
        assert harvest(home, wiki.api_url, CATEGORIES).success
        first = standing(home)
        assert_each_has_its_own_identity(home, contents, CATEGORIES)
        assert harvest(home, wiki.api_url, CATEGORIES).success
        assert differences(first, standing(home)) == []
    assert_inside(home, before, tree(parent))
