"""Written pages and records give the fields that a person reads on them; the golden file was reviewed by eye."""

import json

import pytest

from pd_assets.lib.dataset.labels import read_labels
from tests.pd_assets.lib.dataset.golden import OF_WRITTEN, Told, written

GOLDEN = json.loads(OF_WRITTEN.read_text())
# Whoever took or uploaded a picture on the written pages.
PEOPLE = ("Paintbox", "Una Wells", "00000001@N00")


@pytest.fixture(scope="module")
def labels() -> dict[str, dict[str, Told]]:
    return written()


@pytest.mark.parametrize("kind", ["pages", "smithsonian", "summaries"])
def test_the_written_answers_give_what_a_person_reads_on_them(kind: str, labels: dict[str, dict[str, Told]]) -> None:
    assert len(labels[kind]) > 5
    wrong = {key: (GOLDEN[kind].get(key), now) for key, now in labels[kind].items() if GOLDEN[kind].get(key) != now}
    assert wrong == {}
    assert labels[kind].keys() == GOLDEN[kind].keys()


def test_nobody_who_uploaded_or_took_a_picture_is_named_by_a_whole_page(labels: dict[str, dict[str, Told]]) -> None:
    values = [value for told in labels["pages"].values() for found in told.values() for value in found]
    assert len(values) > 200
    assert [value for value in values if any(name in value for name in PEOPLE)] == []


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
