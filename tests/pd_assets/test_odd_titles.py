"""Odd titles through the whole line, from an archive that lets a title be what it likes."""

from pathlib import Path

import pytest

from pd_assets.lib.home import open_home
from pd_assets.sandbox import Archive, SandboxServer
from pd_assets.sandbox.templates import template_pages
from pd_assets.sandbox.titles import InvalidTitle
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

WITH_SLASHES = (
    "File:Left/right.jpg",
    "File:..hidden/..still.jpg",
    "File:\\..\\windows.jpg",
    "File:A" + "/a" * 117 + ".jpg",
)


def test_odd_titles_keep_their_identity_and_nothing_is_written_outside_the_home(tmp_path: Path) -> None:
    contents = {title: picture_of(number) for number, title in enumerate([*FILE_TITLES, *WITH_SLASHES])}
    archive = Archive(template_pages())
    for category in CATEGORIES:
        archive.add(f"Category:{category}", wikitext="")
    for number, (title, content) in enumerate(contents.items()):
        archive.add(title, wikitext=text_in(CATEGORIES[number % len(CATEGORIES)]), content=content)
    home = open_home(tmp_path / "home")
    decoys(tmp_path)
    before = tree(tmp_path)
    with SandboxServer(archive) as server:
        assert harvest(home, server.api_url, CATEGORIES).success
        first = standing(home)
        assert_each_has_its_own_identity(home, contents, CATEGORIES)
        assert harvest(home, server.api_url, CATEGORIES).success
        assert differences(first, standing(home)) == []
    assert_inside(home, before, tree(tmp_path))


@pytest.mark.parametrize("title", ["File:../../etc/passwd.jpg", "File:a/../b.jpg", "File:..", "Category:./x"])
def test_a_title_that_climbs_is_no_title(title: str) -> None:
    with pytest.raises(InvalidTitle, match="relative path"):
        Archive().add(title, wikitext="")
