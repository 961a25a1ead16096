"""The written answers lead where recorded ones of their form lead, and show every outcome that recorded ones have."""

import json
from collections import defaultdict

import pytest

from tests.material import WRITTEN, recorded
from tests.pd_assets.lib.rights.answers import Shown, is_licence, shown_pages
from tests.pd_assets.lib.rights.golden import Decided, decided_records, outcome

Form = tuple[object, ...]


@pytest.fixture(scope="module")
def written_pages() -> list[Shown]:
    return shown_pages(WRITTEN / "commons")


@pytest.fixture(scope="module")
def recorded_outcomes() -> dict[Form, set[tuple[str, ...]]]:
    """What the rules say of recorded pages, by form."""
    found: dict[Form, set[tuple[str, ...]]] = defaultdict(set)
    for page in shown_pages(recorded("commons")):
        found[form(page)].add(outcome(page))
    return found


def form(page: Shown) -> Form:
    """The licence of the summary, the licence categories, and the statements about rights."""
    metadata = json.loads(str(page.row["extmetadata"]))
    categories = page.row["categories"]
    assert isinstance(categories, list)
    named = (str(metadata.get(name, {}).get("value")) for name in ("LicenseShortName", "License"))
    return (*named, *sorted(filter(is_licence, categories)), *_rights(page))


def _rights(page: Shown) -> list[str]:
    """The items of copyright status and licence, each with the properties that qualify it."""
    entity = json.loads(str(page.row["mediainfo"] or "{}"))
    statements = entity.get("statements") or {}
    claims = [claim for name in ("P275", "P6216") for claim in statements.get(name, [])]
    return sorted(
        f"{claim['mainsnak']['datavalue']['value']['id']} {sorted(claim.get('qualifiers', {}))}" for claim in claims
    )


def test_a_written_page_is_decided_like_a_recorded_one_of_its_form(
    written_pages: list[Shown], recorded_outcomes: dict[Form, set[tuple[str, ...]]]
) -> None:
    unknown = [page.key for page in written_pages if form(page) not in recorded_outcomes]
    assert unknown == [], "no recorded page has such a licence"
    assert [page.key for page in written_pages if outcome(page) not in recorded_outcomes[form(page)]] == []


def test_every_outcome_of_a_recorded_page_is_shown_by_a_written_one(
    written_pages: list[Shown], recorded_outcomes: dict[Form, set[tuple[str, ...]]]
) -> None:
    shown = {outcome(page) for page in written_pages}
    outcomes = set().union(*recorded_outcomes.values())
    assert len(outcomes) > 20
    assert outcomes - shown == set()


def test_the_written_records_and_the_recorded_ones_have_the_same_outcomes_unit_by_unit() -> None:
    written = decided_records(WRITTEN / "smithsonian" / "lines.txt")
    assert _by_unit(written) == _by_unit(decided_records(recorded("smithsonian") / "sample_edan_lines.txt"))


def _by_unit(decided: Decided) -> dict[str, set[str]]:
    """What is said under all profiles of the records of `chndm`, `nasm` and so on."""
    found: dict[str, set[str]] = defaultdict(set)
    for key, by in decided.items():
        found[key.split(":")[1].split("_")[0]].add(json.dumps(by, sort_keys=True))
    return found
