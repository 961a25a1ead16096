"""What is kept of a request, how many are, and how many files are looked at at once."""

import json
import threading
from pathlib import Path

import pytest

from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS, TAKEDOWNS
from pd_assets.lib.errors import ConfigError, WorkUnderWay
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import asked_requests
from pd_assets.lib.release.asked import Turns, by_name
from pd_assets.lib.release.asked_picture import about
from pd_assets.lib.release.asked_requests import FOLDER, MOST_OPEN, all_of_them, ask, confirm, decline, find
from pd_assets.lib.release.asked_standing import stands
from pd_assets.lib.release.takedowns import take_down
from pd_assets.lib.soundness import faults
from tests.pd_assets.lib.planting import decision, item, plant


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    plant(home, ITEMS, [item(1), item(2, title="Twin"), item(3, title="Twin")])
    plant(home, DECISIONS, [decision(1)])
    return home


def lying(home: Home) -> list[Path]:
    return sorted((home.table(TAKEDOWNS.key) / FOLDER).glob("[!.]*"))


def test_a_request_is_one_file_that_only_its_owner_reads_and_that_nobody_changes(home: Home) -> None:
    kept = ask(home, which="https://archive.test/wiki/1", reason=" mine ", contact="me@painters.test\nBcc: all")
    (path,) = lying(home)
    assert path.stat().st_mode & 0o777 == 0o600 and path.stem == kept.number
    assert (kept.items, kept.reason, kept.contact) == (("commons:M1",), "mine", "me@painters.test Bcc: all")
    before = path.read_text()
    decline(home, kept.number, reason="not yours")
    assert path.read_text() == before.replace(kept.contact, ""), "nothing but the contact, which is forgotten"
    assert [one.name for one in lying(home)] == [
        f"{kept.number}.answer.json",
        path.name,
    ]
    with pytest.raises(ConfigError, match="was declined already"):
        confirm(home, kept.number, reason="yes")
    assert find(home, kept.number.lower().replace("-", " - ")).answered is not None


def test_two_operators_cannot_answer_one_request_at_once(home: Home) -> None:
    kept = ask(home, which="M1", reason="mine")
    answers = lying(home)[0].with_name(f"{kept.number}.answer.json")
    asked_requests._answer(home, kept, what="declined", reason="the first")
    before = answers.read_bytes()
    with pytest.raises(ConfigError, match="was answered a moment ago"):
        asked_requests._answer(home, kept, what="declined", reason="the second")
    assert answers.read_bytes() == before


def test_no_more_are_taken_than_an_operator_can_read(home: Home) -> None:
    ask(home, which="M1", reason="mine")
    (first,) = lying(home)
    for number in range(MOST_OPEN - 1):
        first.with_name(f"R-20261201-{number:08}.json").write_bytes(first.read_bytes())
    with pytest.raises(ConfigError, match="500 requests wait for an operator"):
        ask(home, which="M1", reason="mine")
    decline(home, first.stem, reason="no")
    ask(home, which="M1", reason="mine")


def test_a_name_of_several_pictures_is_asked_for_again(home: Home) -> None:
    with pytest.raises(ConfigError, match=r"2 pictures are called 'Twin'; .*commons:M2 \(Twin\), commons:M3"):
        ask(home, which="Twin", reason="mine")
    assert lying(home) == []


def test_a_damaged_request_is_named_and_hides_no_other(home: Home) -> None:
    kept = ask(home, which="M1", reason="mine")
    (path,) = lying(home)
    for body in (b"", b"[]", b"{", json.dumps({"number": 1}).encode()):
        path.with_name("R-20261201-00000000.json").write_bytes(body)
        (one,), damaged = all_of_them(home)
        assert one.request == kept and damaged[0].startswith("R-20261201-00000000.json: damaged")


def test_requests_are_no_takedowns_and_no_damage(home: Home) -> None:
    kept = ask(home, which="M1", reason="mine")
    assert stands(home, "commons:M1").downs == () and not [one for one in faults(home) if "request" in str(one)]
    confirm(home, kept.number, reason="theirs")
    (down,) = stands(home, "commons:M1").downs
    assert (down.number, down.reason) == (find(home, kept.number).answered.receipt, "theirs")  # type: ignore[union-attr]


def test_a_few_wait_for_their_turn_and_the_next_is_asked_to_come_again() -> None:
    turns, inside, done = Turns(most_waiting=1), threading.Event(), threading.Event()

    def first() -> None:
        with turns.taken():
            inside.set()
            done.wait()

    def second() -> None:
        with turns.taken():
            pass

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    inside.wait()
    threads[1].start()
    while turns._here < 2:
        inside.wait(0.001)
    with pytest.raises(WorkUnderWay, match="2 files are being looked at or wait"), turns.taken():
        pass
    done.set()
    for one in threads:
        one.join()
    with turns.taken():
        pass


def test_what_is_said_of_a_picture_is_the_same_by_name_and_on_its_page(home: Home) -> None:
    asked = by_name(home, "M1", profile="strict", fresh_days=30).matches[0]
    page = about(home, "commons:M1", profile="strict", fresh_days=30)
    assert asked.why == page.verdicts[0].why and not page.verdicts[0].why.may_be_used
    take_down(home, "commons:M1", reason="a complaint")
    assert by_name(home, "M1", profile="strict", fresh_days=30).matches[0].is_gone


def test_evidence_of_another_version_is_said_to_be_unreadable_and_breaks_nothing(home: Home) -> None:
    plant(home, DECISIONS, [decision(1, "accept", rule_id="accept-free-work", evidence=None)])
    page = about(home, "commons:M1", profile="strict", fresh_days=30)
    assert page.evidence == () and page.rules == () and page.verdicts[0].why.first.startswith("May not be used yet")
