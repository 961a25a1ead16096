"""Recorded pages and records give the fields that a person reads on them; golden_labels.json was reviewed by eye.

It holds short values only, by the title of the page or the name of the file; longer ones are left out of it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pd_assets.lib.dataset.labels import Label, read_labels
from tests.conftest import ROOT

RECORDED = ROOT.parent / "shared" / "data"
GOLDEN = json.loads((Path(__file__).parent / "golden_labels.json").read_text())
LONGEST_VALUE = 160


@pytest.fixture(scope="module")
def pages() -> dict[str, dict[str, object]]:
    """CommonsMetadata of every recorded page, by title."""
    folder = RECORDED / "commons"
    if not folder.is_dir():
        pytest.skip(f"no recorded pages in {folder}")
    found: dict[str, dict[str, object]] = {}
    for file in sorted(folder.rglob("*.json")):
        for page in _pages(json.loads(file.read_text())):
            metadata = page["imageinfo"][0].get("extmetadata") if page["imageinfo"] else None
            if metadata:
                found.setdefault(page["title"], {"extmetadata": json.dumps(metadata)})
    return found


def _pages(answer: object) -> Iterator[dict]:
    for part in answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ():
        yield from _pages(part)
    if isinstance(answer, dict) and isinstance(answer.get("imageinfo"), list) and "title" in answer:
        yield answer


def short(labels: tuple[Label, ...]) -> list[Label]:
    return [label for label in labels if label.preferred and len(label.value) <= LONGEST_VALUE]


@pytest.mark.parametrize("title", sorted(GOLDEN["commons"]))
def test_a_recorded_page_gives_what_a_person_reads_on_it(title: str, pages: dict[str, dict[str, object]]) -> None:
    assert {label.field: label.value for label in short(read_labels(pages[title]))} == GOLDEN["commons"][title]


@pytest.mark.parametrize("name", sorted(GOLDEN["smithsonian"]))
def test_a_recorded_record_gives_what_a_person_reads_on_it(name: str) -> None:
    file = RECORDED / "smithsonian" / name
    if not file.is_file():
        pytest.skip(f"no recorded record in {file}")
    answer = json.loads(file.read_text())
    record = answer.get("response", answer)
    content = record["content"]
    described = content["descriptiveNonRepeating"]
    row = {
        "title": described["title"]["content"],
        "metadata_usage_access": described.get("metadata_usage", {}).get("access"),
        "freetext": json.dumps(content["freetext"]),
        "indexed": json.dumps(content["indexedStructured"]),
    }
    found: dict[str, list[str]] = {}
    for label in short(read_labels(row)):
        found.setdefault(label.field, []).append(label.value)
    assert found == GOLDEN["smithsonian"][name]


WIKITEXTS = {
    "1989 CPA": (
        "{{Information\n|Description={{ru|Почтовая марка СССР. 1989. Барсук}}\n|Source={{User:Butko/Scans}}\n|Date=\n"
        "|Author=Post of Soviet Union\n|Permission=Stamps are not objects of copyright\n|other_versions=\n}}",
        {"description": "Почтовая марка СССР. 1989. Барсук", "artist": "Post of Soviet Union"},
    ),
    "old German names": (
        "{{Information |Beschreibung = Stolpersteine in Wels |Quelle = selbst fotografiert |Urheber = ~~~ "
        "|Datum = 14.08.2008 |Genehmigung = }}",
        {"description": "Stolpersteine in Wels", "date": "14.08.2008"},
    ),
    "a licence ticket": (
        "{{Information |Description=Stanley Osher, 1968 |Source=http://museum.example/detail?photo_id=3157 |Date=1968 "
        "|Author=George Bergman |Permission={{GFDL}} {{OTRS|2008042410024381}} |other_versions= }}",
        {"description": "Stanley Osher, 1968", "date": "1968", "artist": "George Bergman"},
    ),
    "a stray list in the description": (
        "{{Information| |Description= Catherine d'Aragon\n*licence :\n*source : http://museum.example/a.htm |Source= "
        "|Date= |Author=User Somebody}}",
        {"description": "Catherine d'Aragon"},
    ),
}


@pytest.mark.parametrize("name", WIKITEXTS)
def test_wikitext_in_the_shapes_of_recorded_uploads_gives_its_fields(name: str) -> None:
    text, expected = WIKITEXTS[name]
    assert {label.field: label.value for label in read_labels({"wikitext": text})} == expected
