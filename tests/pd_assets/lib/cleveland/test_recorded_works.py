"""The recorded works of the museum, and the written refusals beside them, are decided as they say."""

import json
from collections.abc import Iterator

import pytest

from pd_assets.lib.cleveland.bulk import POINTER
from tests.material import recorded
from tests.pd_assets.lib.cleveland.works import Work, evidence, row_of, rules, verdicts, work

ACCEPTED, FREE_FOR_70, US_ONLY, NOWHERE = (
    ["accept"] * 3,
    ["quarantine", "accept", "accept"],
    ["quarantine", "quarantine", "accept"],
    ["quarantine"] * 3,
)
# What `expect` says, by its own words: the verdicts under strict, life70 and us.
EXPECTED: dict[str, list[str]] = {
    "refuse: not CC0": ["reject"] * 3,
    "wait": NOWHERE,
    "refuse under strict and life70; the work is not old": NOWHERE,
    "refuse under strict and life70; us by date of publication only": US_ONLY,
    "no picture: not an item to fetch": ["reject"] * 3,
    "no picture": ["reject"] * 3,
    "take web": FREE_FOR_70,
    "sizes are strings and may be empty": FREE_FOR_70,
    "refuse: unknown status": ["reject"] * 3,
    "refuse or accept by an exact rule: must be decided in one place": ["reject"] * 3,
    "undated: age must come from the creators": ACCEPTED,
    "old": ACCEPTED,
    "not proven old": NOWHERE,
    "not old for strict": NOWHERE,
    "use latest": FREE_FOR_70,
    "refuse: a second maker": NOWHERE,
    "read the qualifier; age by date": ACCEPTED,
    "firm has no life; read the roles": FREE_FOR_70,
    "read the description": FREE_FOR_70,
    "strings, not numbers": ACCEPTED,
    "may have died after 1956": US_ONLY,
    "3-D: the photograph is the museum's own and CC0 covers it; the work must be old too": FREE_FOR_70,
    "age by date only": US_ONLY,
    "date of the forgery, not of the model": NOWHERE,
    "one item, several pictures; ids by url": FREE_FOR_70,
    "the picture is of the cover": NOWHERE,
    "must not stop the run": FREE_FOR_70,
    "[M] not the museum's own: refuse": ["reject"] * 3,
    "text is HTML": FREE_FOR_70,
}


def written() -> Iterator[tuple[str, str, Work]]:
    for line in (recorded("archives/cleveland") / "written.jsonl").read_text().splitlines():
        told = json.loads(line)
        yield told["case"], told["expect"], told["record"]


def works_of(*names: str) -> list[Work]:
    folder = recorded("archives/cleveland")
    return [work for name in names for work in json.loads((folder / name).read_text())["data"]]


def test_every_written_case_comes_out_as_it_expects() -> None:
    cases = list(written())
    assert len(cases) == 33
    found = {case: verdicts(work) for case, _, work in cases}
    assert found == {case: EXPECTED[expect] for case, expect, _ in cases}


def test_the_written_cases_are_read_as_they_expect() -> None:
    told = {expect: work for _, expect, work in written()}
    assert str(row_of(told["take web"])["file_url"]).endswith("_web.jpg")
    assert row_of(told["text is HTML"])["title"] == "Written & case"
    assert evidence(told["read the description"]).death_year == 1948
    assert evidence(told["firm has no life; read the roles"]).death_year == 1944
    latest = evidence(told["use latest"]).made
    assert latest is not None and latest.last == 1933
    model = evidence(told["read the qualifier; age by date"])
    assert (model.death_year, model.artist) == (None, "workshop of Jacopo Example")


def test_the_recorded_works_are_accepted_but_for_those_of_makers_who_died_too_late_and_what_asks_for_care() -> None:
    pages = works_of("page-2020.json", "page-2022-05.json", "page-skip-30000.json")
    assert len(pages) == 85
    waits = {str(work["title"]): rules(work) for work in pages if verdicts(work) != ACCEPTED}
    late = {title for title, found in waits.items() if found[0] == "no-origin-ground"}
    delicate = {title for title, found in waits.items() if found == ["sensitive"] * 3}
    assert late == {
        *("The Red Kerchief", "Water Lilies (Agapanthus)", "Gardener's House at Antibes", "The Drive, Central Park"),
        "Church Street El",
    }
    assert {"Nathaniel Hurd", "The Call"} < delicate and len(delicate) == 3
    assert late | delicate == waits.keys()


def test_no_work_of_the_other_form_is_accepted_whatever_it_is_taken_for() -> None:
    lines = (recorded("archives/cleveland") / "works-2019-other-form.jsonl").read_text().splitlines()
    works: list[Work] = [json.loads(line) for line in lines]
    noticed = [one for one in works if "©" in str(one["tombstone"])]
    assert len(works) == 76 and noticed
    for one in noticed:
        old = {"creation_date_earliest": 1790, "creation_date_latest": 1800, "share_license_status": "CC0"}
        picture = {"web": {"url": "https://openaccess-cdn.clevelandart.org/a.jpg", "width": "900", "height": "600"}}
        assert rules({**one, "id": one["artwork_id"], "images": picture, **old}) == ["rights-conflict"] * 3
    for one in works:
        assert "accept" not in verdicts({**one, "id": one["artwork_id"]}), "no status, no picture"
        with pytest.raises(ValueError, match="no id"):
            row_of(one)


def test_what_changed_between_two_readings_keeps_its_id() -> None:
    before, after = ({work["id"]: work for work in works_of(name)} for name in ("page-2020.json", "page-2022-05.json"))
    moved = {one for one in before.keys() & after if before[one]["accession_number"] != after[one]["accession_number"]}
    assert 93014 in moved
    old, new = row_of(before[93014]), row_of(after[93014])
    assert old["item_id"] == new["item_id"] and old["file_url"] != new["file_url"]
    assert old["media_signature"] != new["media_signature"]


def test_the_recorded_pointer_is_known_for_one() -> None:
    assert POINTER.fullmatch((recorded("archives/cleveland") / "data.json.lfs-pointer.txt").read_bytes())


def test_our_written_works_have_no_part_that_recorded_ones_never_have() -> None:
    known = {key for one in works_of("page-2020.json", "page-2022-05.json") for key in one}
    known |= set(json.loads((recorded("archives/cleveland") / "report-2026-08-20.json").read_text()))
    assert set(work(1)) <= known
