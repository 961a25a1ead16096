"""The items of Wikidata that the sandbox answers for, in the form of the real service."""

import requests

from pd_assets.sandbox.items import item_of
from tests.pd_assets.sandbox.asking import Asker

PAINTER = "Anna Vester"


def entities(asker: Asker, *ids: str, props: str = "info|labels|claims") -> dict:
    answer = asker.query(action="wbgetentities", ids="|".join(ids), props=props, languages="en")
    return answer["entities"]


def death(entity: dict) -> str:
    (claim,) = entity["claims"]["P570"]
    return claim["mainsnak"]["datavalue"]["value"]["time"]


def edit(asker: Asker, **body: object) -> requests.Response:
    return asker.post("/sandbox/edit_item", body)


def test_a_painter_has_a_creator_page_that_leads_to_an_item_with_life_dates(reading: Asker) -> None:
    item = item_of(PAINTER)
    page = reading.page(f"Creator:{PAINTER}", prop="revisions", rvprop="content", rvslots="main")
    assert f"| Wikidata = {item}\n" in page["revisions"][0]["slots"]["main"]["content"]
    told = entities(reading, item)[item]
    assert (told["id"], told["labels"]["en"]["value"], told["lastrevid"]) == (item, PAINTER, 1)
    assert death(told) == "+1872-00-00T00:00:00Z"
    assert told["claims"]["P31"][0]["mainsnak"]["datavalue"]["value"]["id"] == "Q5"


def test_only_what_was_asked_for_is_told(reading: Asker) -> None:
    item = item_of(PAINTER)
    assert set(entities(reading, item, props="labels")[item]) == {"type", "id", "labels"}
    assert entities(reading, "Q6")["Q6"] == {"id": "Q6", "missing": ""}


def test_one_ill_formed_id_fails_the_whole_batch(reading: Asker) -> None:
    answer = reading.query(action="wbgetentities", ids=f"{item_of(PAINTER)}|bogus", props="claims")
    assert answer["error"]["code"] == "no-such-entity"


def test_the_death_year_of_an_item_is_edited_over_http(changing: Asker) -> None:
    item = item_of(PAINTER)
    before = entities(changing, item)[item]
    assert edit(changing, item=item, died=1961).status_code == 200
    told = entities(changing, item)[item]
    assert (death(told), told["lastrevid"]) == ("+1961-00-00T00:00:00Z", 2)
    assert told["modified"] > before["modified"]
    edit(changing, item=item, died=None)
    assert "P570" not in entities(changing, item)[item]["claims"]


def test_a_merged_item_answers_under_the_old_id_with_the_new_one(changing: Asker) -> None:
    old, new = item_of(PAINTER), item_of("Jan Holmgaard")
    changing.server.archive.edit_item(old, merged_into=new)
    told = entities(changing, old)[old]
    assert (told["id"], told["redirects"]) == (new, {"from": old, "to": new})


def test_an_edit_of_an_item_that_is_none_is_refused(changing: Asker) -> None:
    assert edit(changing, item="Q6", died=1900).status_code == 400
    assert edit(changing, item=item_of(PAINTER), died="1900").status_code == 400
