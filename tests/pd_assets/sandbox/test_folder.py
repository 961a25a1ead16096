"""An archive made of somebody's folder of pictures."""

import json
from pathlib import Path

import pytest
from PIL import Image

from pd_assets.lib.errors import SandboxError
from pd_assets.sandbox import Archive, SandboxServer
from tests.pd_assets.sandbox.asking import ROOTS, Asker, below_roots, files_in

ROW = {"file": "a.jpg", "title": "A boat", "artist": "Jan Example", "year": "1850", "caption": "A boat at sea"}


def folder_with(path: Path, *rows: dict) -> Path:
    Image.new("RGB", (120, 80), (9, 90, 200)).save(path / "a.jpg")
    (path / "metadata.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("fields", "tag"),
    [
        ({}, "{{PD-Art|PD-old-100-expired}}"),
        ({"year": "circa 1899"}, None),
        ({"year": None}, None),
        ({"pd_scope": "by-age"}, "{{PD-Art|PD-old-100-expired}}"),
        ({"pd_scope": "life+70", "artist_death_year": 1880}, "{{PD-Art|PD-old-100-expired}}"),
        ({"pd_scope": "life+70", "artist_death_year": 1940}, "{{PD-Art|PD-old-70-expired}}"),
        ({"pd_scope": "life+70"}, "{{PD-Art|PD-old-70-expired}}"),
        ({"pd_scope": "us-only"}, "{{PD-Art|PD-US-expired}}"),
        ({"pd_scope": "us-government"}, "{{PD-USGov}}"),
        ({"pd_scope": "source-statement-only"}, None),
        ({"license_templates": ["{{Cc-by-sa-4.0}}"]}, "{{Cc-by-sa-4.0}}"),
    ],
)
def test_the_licence_template_follows_from_scope_and_dates(tmp_path: Path, fields: dict, tag: str | None) -> None:
    archive = Archive.from_folder(folder_with(tmp_path, {**ROW, **fields}))
    text = archive.files()[0].latest.text
    assert (tag in text) if tag else ("PD-" not in text and "Cc-" not in text)
    truth = next(iter(archive.truth().values()))
    assert truth.free is (tag == "{{PD-Art|PD-old-100-expired}}")


def test_every_picture_is_reached_from_the_roots_and_served_as_it_is(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ROW, {**ROW, "year": "1999"}, ROW, {**ROW, "title": 'Odd: "a|b" #[1]/2'})
    with SandboxServer(Archive.from_folder(folder)) as server:
        asker = Asker(server)
        reached = set().union(*(files_in(asker, category) for category in below_roots(asker)))
        assert reached == {page.pageid for page in server.archive.files()}
        assert len(files_in(asker, ROOTS[0])) == 3
        titles = [page.title for page in server.archive.files()]
        assert titles[0] == "File:A boat, Jan Example, 1850.jpg" and titles[2].endswith("1850 (2).jpg")
        info = asker.page(titles[0], prop="imageinfo", iiprop="url|size")["imageinfo"][0]
        assert asker.get(info["url"]).content == (folder / "a.jpg").read_bytes()
        assert (info["width"], info["height"]) == (120, 80)


def test_a_folder_without_metadata_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"No metadata.jsonl"):
        Archive.from_folder(tmp_path)
    (tmp_path / "metadata.jsonl").write_text("\n")
    with pytest.raises(SandboxError, match="is empty"):
        Archive.from_folder(tmp_path)


def test_every_bad_line_is_named_at_once(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ROW, {**ROW, "file": "missing.jpg"}, {"file": "a.jpg"})
    with (folder / "metadata.jsonl").open("a") as lines:
        lines.write('\n{"file": \n[]\n')
    with pytest.raises(SandboxError) as caught:
        Archive.from_folder(folder)
    message = str(caught.value)
    for words in ("line 2: no picture missing.jpg", "line 3: no title, artist, caption", "line 4: not JSON", "line 5"):
        assert words in message
    assert "\n" not in message
