"""What curators say of pictures that wait is kept as it was said, and counts once. What follows: test_judged.py."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pd_assets.cli import main
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, PAGES
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.claims import digest_of
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.judgements import (
    FOLDER,
    Judgement,
    judge,
    judged_in_words,
    read_judgements,
    valid_role,
)
from pd_assets.lib.rights.waiting import Waiting, in_line, waiting_item, waiting_rules, why
from tests.pd_assets.lib.planting import decision, file, item, page, plant
from tests.pd_assets.lib.rights.cases import EXPIRED, box

TODAY = date(2026, 12, 1)
REASON = "The painter died in 1925, says the museum's own page."
PAGE = box(EXPIRED + "{{PD-Atlantis}}", artist="Anna Vester (1830-1880)", description="Colorized")
EVIDENCE = from_page({"status": "live", "revid": 7, "wikitext": PAGE}).to_json()


def waits(
    number: int, rule: str = "later-hand", reasons: tuple[str, ...] = ("alteration_unclear",)
) -> dict[str, object]:
    return decision(
        number, "quarantine", rule_id=rule, reasons=list(reasons), evidence=EVIDENCE,
        evidence_digest=digest_of(EVIDENCE),
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """One item is accepted, one refused, five wait: three of one rule, one of them for another reason as well."""
    home = open_home(tmp_path / "home")
    plant(home, ITEMS, [item(number) for number in range(7)])
    plant(home, FILES, [file(2)])
    plant(
        home, DECISIONS,
        [
            decision(0, "accept"),
            decision(1, "reject", reasons=["obligation"]),
            *(waits(number) for number in (2, 3)),
            waits(4, reasons=("alteration_unclear", "unknown_tag")),
            *(waits(number, "unknown-tag", ("unknown_tag",)) for number in (5,)),
            waits(6, "fresh-upload", ("fresh_upload", "unknown_tag")),
        ],
    )  # fmt: skip
    return home


def one(home: Home, number: int = 2) -> Waiting:
    found = waiting_item(home, "strict", f"commons:M{number}")
    assert found is not None
    return found


def say(home: Home, answer: str, role: str, *, number: int = 2, reason: str = REASON) -> Judgement:
    seen = one(home, number)
    return judge(home, seen, answer=answer, reason=reason, role=role, today=TODAY, seen_digest=seen.looked_at)


def test_those_come_first_that_one_person_could_settle_and_whose_reason_holds_back_most(home: Home) -> None:
    numbers = [int(line.item_id.removeprefix("commons:M")) for line in in_line(home, "strict")]
    assert (sorted(numbers[:2]), numbers[2:]) == ([2, 3], [5, 4, 6])
    rules = [(rule.rule_id, rule.items, rule.alone) for rule in waiting_rules(home, "strict")]
    assert rules == [("later-hand", 3, 2), ("fresh-upload", 1, 0), ("unknown-tag", 1, 1)]
    assert [line.item_id for line in in_line(home, "strict", rule="unknown-tag")] == ["commons:M5"]
    assert len(in_line(home, "strict", but=["commons:M5"])) == 4
    assert [line.item_id for line in in_line(home, "strict", only=["commons:M5"])] == ["commons:M5"]
    assert in_line(home, "strict", only=[]) == []


def test_what_does_not_wait_is_not_judged_and_what_waits_says_why(home: Home) -> None:
    assert waiting_item(home, "strict", "commons:M0") is None and waiting_item(home, "strict", "commons:M1") is None
    assert waiting_item(home, "us", "commons:M2") is None
    told = why(home, one(home, 4), TODAY)
    assert told.sentence.startswith("Waits: ") and "olorized" in told.sentence
    assert any("olorized" in line for line in told.looked_at) and len(told.others) == 1


def test_a_judgement_is_kept_with_what_was_looked_at_and_waits_for_the_next_decision(home: Home) -> None:
    before = tables.stored_digest(home, DECISIONS)
    made = say(home, "free", "curator A")
    (path,) = (home.root / FOLDER).glob("*.json")
    told = json.loads(path.read_text())
    assert path.name == f"{told['sha256']}.json" and told["sha256"] == made.sha256
    assert (told["item_id"], told["evidence_digest"], told["revid"]) == ("commons:M2", digest_of(EVIDENCE), 7)
    assert (told["answer"], told["reason"], told["role"], told["day"]) == ("free", REASON, "curator A", "2026-12-01")
    say(home, "free", "curator B")
    assert tables.stored_digest(home, DECISIONS) == before and one(home).rule_id == "later-hand"


def test_two_judge_without_seeing_one_another_and_a_third_settles_what_they_differ_about(home: Home) -> None:
    digest = digest_of(EVIDENCE)

    def words() -> list[str]:
        return judged_in_words(read_judgements(home).of_item("commons:M2"), digest)

    assert words() == []
    say(home, "free", "curator A")
    assert words() == ["under strict: one person has judged it; it waits for a second"], "no answer is given away"
    with pytest.raises(ConfigError, match="the first answer counts"):
        say(home, "not_free", "curator A")
    say(home, "not_free", "curator B", reason="")
    standing = read_judgements(home).standing("commons:M2", "strict", digest)
    assert standing.is_open and standing.answer is None and [one.number for one in standing.answers] == [1, 2]
    with pytest.raises(ConfigError, match="the first answer counts"):
        say(home, "free", "curator B")
    say(home, "not_free", "rights officer")
    standing = read_judgements(home).standing("commons:M2", "strict", digest)
    assert (standing.is_open, standing.answer, standing.says) == (False, "not_free", "settled: not free")
    assert [line.partition(":")[0] for line in words()] == [
        f"{role} on 2026-12-01, under strict" for role in ("curator A", "curator B", "rights officer")
    ]
    with pytest.raises(ConfigError, match="nothing is left to judge"):
        say(home, "free", "volunteer")


def test_agreement_counts_the_two_who_judged_blind_and_no_settlement(home: Home) -> None:
    for number, first, second in ((2, "free", "free"), (3, "not_free", "not_free"), (4, "free", "not_free")):
        say(home, first, "curator A", number=number)
        say(home, second, "curator B", number=number)
    say(home, "not_free", "curator C", number=4)
    say(home, "free", "curator A", number=5)
    found = read_judgements(home).agreement("strict")
    assert (found.pairs, found.same, round(found.kappa or 0, 2)) == (3, 2, 0.4)
    assert read_judgements(home).agreement("us").pairs == 0


def test_when_the_evidence_changes_a_judgement_is_kept_and_counts_no_longer(home: Home) -> None:
    for role in ("curator A", "curator B"):
        say(home, "free", role)
    seen = one(home)
    other = from_page(
        {"status": "live", "revid": 8, "wikitext": PAGE.replace("Colorized", "Colorized in 2018")}
    ).to_json()
    plant(home, DECISIONS, [{**waits(2), "evidence": other, "evidence_digest": digest_of(other)}])
    now = one(home)
    judged = read_judgements(home)
    assert judged.standing("commons:M2", "strict", now.looked_at).answers == ()
    told = judged_in_words(judged.of_item("commons:M2"), now.looked_at)
    assert len(told) == 2 and all("which has changed" in line for line in told)
    with pytest.raises(ConfigError, match="has changed since its page was opened"):
        judge(home, now, answer="free", reason=REASON, role="curator C", today=TODAY, seen_digest=seen.looked_at)
    with pytest.raises(ConfigError, match="has changed since its page was opened"):
        judge(home, now, answer="free", reason=REASON, role="curator C", today=TODAY, seen_digest="")


@pytest.mark.parametrize(
    ("name", "value"),
    [("answer", "not_free"), ("role", "curator Z"), ("evidence_digest", "0"), ("number", 2), ("item_id", "commons:M3"),
     ("answer", "accept"), ("number", True), ("sha256", "0" * 64)],
)  # fmt: skip
def test_a_judgement_that_was_altered_is_named_and_counts_for_nothing(home: Home, name: str, value: object) -> None:
    say(home, "free", "curator A")
    say(home, "free", "curator B")
    path = next(path for path in (home.root / FOLDER).glob("*.json") if '"number": 1' in path.read_text())
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    judged = read_judgements(home)
    assert judged.damaged == (path.name,)
    standing = judged.standing("commons:M2", "strict", digest_of(EVIDENCE))
    assert len(standing.answers) == 1 and standing.answer is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"item_id": "commons:M2"}', "\xff"])
def test_a_file_that_is_no_judgement_is_named_and_hides_no_other(home: Home, text: str) -> None:
    say(home, "free", "curator A")
    (home.root / FOLDER / f"{'0' * 64}.json").write_bytes(text.encode("latin-1"))
    judged = read_judgements(home)
    assert judged.damaged == (f"{'0' * 64}.json",)
    assert len(judged.of_item("commons:M2")) == 1


def test_a_whole_judgement_under_another_name_counts_for_nothing(home: Home) -> None:
    say(home, "free", "curator A")
    (path,) = (home.root / FOLDER).glob("*.json")
    (home.root / FOLDER / "copy.json").write_text(path.read_text())
    judged = read_judgements(home)
    assert judged.damaged == ("copy.json",) and len(judged.of_item("commons:M2")[0].answers) == 1


@pytest.mark.parametrize(
    "role",
    ["", " ", "Anna Schmidt", "anna@museum.org", "curator Anna", "curator\nB", "curator 1234567", "c" * 41, "../x",
     "curator AB", "<b>curator</b>", "Ängström", "12", "A"],
)  # fmt: skip
def test_a_role_that_may_be_a_person_is_refused(role: str) -> None:
    if role == "curator\nB":
        assert valid_role(role) == "curator B"
        return
    with pytest.raises(ConfigError, match="expected the name of a role"):
        valid_role(role)


@pytest.mark.parametrize(
    "role", ["curator A", " rights  officer 2 ", "kuratorin", "volunteer", "stage-hand 12", "куратор"]
)
def test_a_role_is_the_name_of_one(role: str) -> None:
    assert valid_role(role) == " ".join(role.split())


@settings(max_examples=40)
@given(st.text(max_size=45))
def test_whatever_is_given_as_a_role_is_a_role_or_refused_by_name(role: str) -> None:
    try:
        kept = valid_role(role)
    except ConfigError:
        return
    assert "@" not in kept and len(kept) <= 40 and kept == " ".join(kept.split())


@pytest.mark.parametrize(
    ("answer", "reason", "told"),
    [
        ("free", "", "at least 12"),
        ("free", "because", "at least 12"),
        ("not_free", "x" * 2001, "at most 2000"),
        ("free", "ask me: anna@museum.org", "e-mail address"),
        ("free", "call me at +49 30 1234567", "telephone"),
        ("cannot_tell", "a\x00b", "no text"),
        ("accept", REASON, "expected one of free"),
        ("", REASON, "expected one of free"),
    ],
)
def test_what_cannot_be_an_answer_is_refused_and_nothing_is_kept(
    home: Home, answer: str, reason: str, told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        say(home, answer, "curator A", reason=reason)
    assert read_judgements(home).by_evidence == {}


def test_a_home_that_is_only_asked_keeps_no_judgement(home: Home) -> None:
    asked = open_home(home.root, to_ask=True)
    with pytest.raises(ConfigError, match="is read-only"):
        say(asked, "free", "curator A")


def test_of_one_role_that_answers_several_times_at_once_one_answer_is_kept(home: Home) -> None:
    def answered(answer: str) -> bool:
        try:
            say(home, answer, "curator A")
        except ConfigError:
            return False
        return True

    with ThreadPoolExecutor(4) as hands:
        kept = list(hands.map(answered, ["free", "not_free", "free", "cannot_tell"]))
    assert kept.count(True) == 1
    assert len(read_judgements(home).of_item("commons:M2")[0].answers) == 1


def test_decide_tells_what_people_said_of_another_revision(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PD_HOME", str(home.root))
    plant(home, PAGES, [page(2, "A", wikitext=PAGE)], partition="A")
    assert main(["decide", "commons:M2"]) == 0
    assert "What people said" not in capsys.readouterr().out
    say(home, "free", "curator A")
    assert main(["decide", "commons:M2"]) == 0
    told = capsys.readouterr().out
    assert "What people said of it:" in told and REASON not in told and told.startswith("May not be used yet: ")
    say(home, "free", "curator B")
    assert main(["decide", "commons:M2"]) == 0
    told = capsys.readouterr().out
    # The page here is another revision than the one that was judged.
    assert told.startswith("May not be used yet: ") and told.count("which has changed") == 2 and "curator B" in told
