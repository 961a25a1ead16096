"""Reading the prior system's flat folder and its exported shards."""

import json
from pathlib import Path

import pytest

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import open_home
from pd_assets.lib.prior.folder import read_folder
from pd_assets.lib.prior.importing import import_prior
from pd_assets.lib.prior.labels import Labels
from tests.pd_assets.lib.prior.left_behind import API, flat_folder


def test_titles_and_captions_of_the_flat_folder_are_read_with_pictures_or_without(tmp_path: Path) -> None:
    folder = flat_folder(tmp_path / "old" / "sets" / "wikimedia", ["File:Tree.jpg", "File:Hill.jpg"], label="A view")
    (folder / "0.jpg").write_bytes(b"a picture")
    (folder / "1.jpg.json").rename(folder / "1.jpg.bannedmetadata")
    for place in (folder, tmp_path / "old"):
        found = read_folder(place, api=API)
        assert found.by_title == {title: [("__label", "A view")] for title in ("File:Tree.jpg", "File:Hill.jpg")}
        assert (found.banned, found.unreadable.total) == (1, 0)


def test_a_file_that_says_nothing_usable_costs_itself(tmp_path: Path) -> None:
    folder = flat_folder(tmp_path / "old", ["File:Tree.jpg", "File:a|b.jpg", "Category:Trees"])
    (folder / "cut.json").write_text('{"item": {"title": "File:C')
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "bytes.json").write_bytes(b"\xff\xfe\x00")
    (folder / "list.json").write_text("[1, 2]")
    found = read_folder(folder, api=API)
    assert list(found.by_title) == ["File:Tree.jpg"]
    assert found.unreadable.counts["a file that is no JSON"] == 3 and found.unreadable.total == 6


def test_exported_shards_are_read_line_by_line(tmp_path: Path) -> None:
    rows = [
        {
            "dataset": f"WikimediaCommons:{API}",
            "id": "File:Tree.jpg",
            "image": "train_0/x",
            "title": "Tree",
            "medium": "",
        },
        {"dataset": "WikimediaCommons:https://another/api.php", "id": "File:Else.jpg", "image": "x"},
    ]
    (tmp_path / "train_0.json").write_text("\n".join(map(json.dumps, rows)) + "\n{cut\n\n")
    found = read_folder(tmp_path, api=API)
    assert found.by_title == {"File:Tree.jpg": [("title", "Tree"), ("medium", "")]}
    assert (found.elsewhere.total, found.unreadable.counts) == (1, {"a line that is no JSON": 1})


def test_a_folder_with_nothing_of_it_is_one_named_line(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="holds nothing; expected PD-Diffusion's flat folder"):
        import_prior(home, tmp_path / "empty", api=API, labels=Labels())
    (tmp_path / "empty" / "old.db").touch()
    with pytest.raises(ConfigError, match=r"holds old.db; expected .* of a database give the file itself"):
        import_prior(home, tmp_path / "empty", api=API, labels=Labels())
    (tmp_path / "empty" / "progress.json").write_text('{"last_epoch": 3}')
    with pytest.raises(ConfigError, match=r"no title of a file of .* in it .1 x the title is no text"):
        import_prior(home, tmp_path / "empty", api=API, labels=Labels())
