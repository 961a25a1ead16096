"""Every recorded page and record decided under every profile, frozen: a changed rule shows here what it changes."""

import pytest

from tests.material import recorded
from tests.pd_assets.lib.rights.golden import OF_RECORDED, Decided, accepted, decided_recorded, frozen

# What was read and found free: a page of a manuscript of about 1255, and a portrait of the 16th century whose tag gives
# no reason.
JUDGED_FREE = {
    "wikimedia-commoner/api/imageinfo-categories-File-Stepan-Blois-jpg-50fb1a.json#File:Stepan Blois.jpg",
    "wikimedia-commoner/api/imageinfo-categories-File-Catherine-aragon-jpg-e0bbad.json#File:Catherine aragon.jpg",
}


@pytest.fixture(scope="module")
def decided() -> Decided:
    for part in ("commons", "smithsonian"):
        recorded(part)
    return decided_recorded()


def test_every_recorded_page_is_decided_as_it_was_frozen(decided: Decided) -> None:
    golden = frozen(OF_RECORDED)
    assert len(decided) > 500
    assert {key: (golden.get(key), now) for key, now in decided.items() if golden.get(key) != now} == {}
    assert decided.keys() == golden.keys()


def test_no_recorded_page_is_accepted_but_those_that_a_person_judged_free(decided: Decided) -> None:
    pages = {key.removesuffix(" rebuilt") for key in accepted(decided) if not key.startswith("smithsonian:")}
    assert pages == JUDGED_FREE
    records = {key.split(":")[1] for key in accepted(decided) if key.startswith("smithsonian:")}
    assert records == {"chndm_1931-66-88", "fsg_F1900.47", "nasm_A19710896000", "nmnhvz_14800560"}
