"""The calendar decides: terms run to 31 December, and an upload is fresh for so many days and no longer."""

from datetime import date, timedelta

import pytest

from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import decide, valid_until
from tests.pd_assets.lib.rights.cases import EXPIRED, box, own

OLD_AUTO = box("{{PD-Art|PD-old-auto-expired|deathyear=1926}}", date="1900")


def rule(text: str, profile: str, today: date, **row: object) -> str:
    return decide(from_page({"status": "live", "wikitext": text, **row}), profile, today).rule_id


def test_life_plus_100_ends_with_the_year() -> None:
    assert rule(OLD_AUTO, "strict", date(2026, 12, 31)) == "maker-lived-on"
    assert rule(OLD_AUTO, "strict", date(2027, 1, 1)) == "accept-free-work"


def test_life_plus_70_ends_with_the_year() -> None:
    text = OLD_AUTO.replace("1926", "1956")
    assert rule(text, "life70", date(2026, 12, 31)) == "maker-lived-on"
    assert rule(text, "life70", date(2027, 1, 1)) == "accept-free-work"


@pytest.mark.parametrize("year", [1929, 1930, 1931, 1935])
def test_the_us_term_of_95_years_ends_with_the_year(year: int) -> None:
    text = box("{{PD-Art|PD-old-70}}", date=str(year), artist="Jan Roy")
    assert rule(text, "us", date(year + 95, 12, 31)) == "no-us-ground"
    assert rule(text, "us", date(year + 96, 1, 1)) == "accept-free-work"


def test_a_work_is_old_enough_by_age_alone_from_a_new_year_on() -> None:
    text = box("{{PD-Art|PD-US-expired}}", date="1851", artist="Jan Roy")
    assert rule(text, "strict", date(2026, 12, 31)) == "maker-unknown-death"
    assert rule(text, "strict", date(2027, 1, 1)) == "accept-free-work"


def test_an_upload_is_free_on_the_day_that_its_decision_was_valid_until() -> None:
    evidence = from_page({"status": "live", "wikitext": box(EXPIRED), "uploaded_at": "2026-11-20T23:59:59Z"})
    today = date(2026, 11, 22)
    until = valid_until(evidence, today)
    assert until == date(2026, 12, 20)
    assert decide(evidence, "strict", until - timedelta(days=1)).rule_id == "fresh-upload"
    assert decide(evidence, "strict", until).verdict == "accept"
    assert valid_until(evidence, until) == date(2027, 1, 1)
    assert decide(evidence, "strict", today, fresh_days=0).verdict == "accept"
    assert valid_until(evidence, today, fresh_days=0) == date(2027, 1, 1)


def test_a_page_that_does_not_say_when_it_was_uploaded_is_not_fresh() -> None:
    for uploaded_at in (None, "", "never"):
        assert rule(box(EXPIRED), "strict", date(2026, 11, 22), uploaded_at=uploaded_at) == "accept-free-work"


def test_an_own_work_is_too_old_by_its_own_date_whatever_the_day() -> None:
    assert rule(own("{{self|cc-zero}}", date="1969"), "strict", date(2026, 11, 22)) == "own-work-too-old"
    assert rule(own("{{self|cc-zero}}", date="1970"), "strict", date(2026, 11, 22)) == "accept-own-work-released"
