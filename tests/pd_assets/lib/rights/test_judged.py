"""What two people agree on about a picture that waits counts from the next decision on, for that evidence alone."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pd_assets.cli import main
from pd_assets.lib.catalog.schemas import EVIDENCE
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.claims import Evidence, Settled, digest_of
from pd_assets.lib.rights.judgements import FOLDER, judge, settled_by_people
from pd_assets.lib.rights.known import load_knowledge, spool, spooled
from pd_assets.lib.rights.rules import decide, for_others
from pd_assets.lib.rights.waiting import in_line, waiting_item
from tests.pd_assets.lib.rights.cases import CASES, EXPIRED, OLD, PROFILES, TODAY, Case, box
from tests.pd_assets.lib.rights.deciding import Catalogue, Row, rows
from tests.pd_assets.lib.rights.test_cases import read
from tests.pd_assets.web.furnished import over

REASON = "The parish register of her town has her death in 1871."
# Old enough for two profiles; the strict one asks when its maker died.
WAITS = box(OLD, artist="Anna Vester")


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """One page that waits under `strict`, and one that is free, decided."""
    made = Catalogue(home=open_home(tmp_path / "home"))
    made.put(1, WAITS)
    made.put(2, box(EXPIRED))
    made.decide()
    return made


def say(home: Home, *answers: str, number: int = 1, profile: str = "strict", on: date = TODAY) -> None:
    """One answer each of another role about what waits now."""
    for place, answer in enumerate(answers):
        seen = waiting_item(home, profile, f"commons:M{number}")
        assert seen is not None
        judge(
            home, seen, answer=answer, reason=REASON, role=f"curator {'ABC'[place]}", today=on,
            seen_digest=seen.evidence_digest,
        )  # fmt: skip


def stands(catalogue: Catalogue, number: int = 1) -> tuple[str, str]:
    row = catalogue.decisions()[number]
    return str(row["verdict"]), str(row["rule_id"])


def evidence_of(row: Row) -> Evidence:
    return Evidence.from_json(str(row["evidence"]))


def test_two_who_say_free_let_it_in_and_its_evidence_tells_so_for_ever(catalogue: Catalogue) -> None:
    before = catalogue.decisions()
    assert stands(catalogue) == ("quarantine", "maker-unknown-death")
    say(catalogue.home, "free", "free")
    counts = catalogue.decide()
    assert (counts.pages_read, stands(catalogue)) == (1, ("accept", "accept-judged"))
    after = catalogue.decisions()
    assert after[2] == before[2], "nothing else is touched"
    row, evidence = after[1], evidence_of(after[1])
    (settled,) = evidence.judged
    assert (settled.answer, settled.profile, settled.roles) == ("free", "strict", ("curator A", "curator B"))
    assert settled.of == before[1]["evidence_digest"] == evidence.unjudged_digest
    assert {f"{one}.json" for one in settled.judgements} == {
        path.name for path in (catalogue.home.root / FOLDER).iterdir() if path.suffix == ".json"
    }
    assert REASON not in str(row["evidence"])
    assert decide(evidence, "strict", TODAY).rule_id == "accept-judged", "it can be replayed from the evidence alone"
    assert row["evidence_digest"] == digest_of(str(row["evidence"]))
    assert row["evidence_digest"] in {kept["digest"] for kept in rows(catalogue.home, EVIDENCE)}
    (change,) = catalogue.changes()
    assert (change["cause"], change["from_verdict"], change["to_verdict"]) == ("judgement", "quarantine", "accept")
    assert catalogue.decide().pages_read == 0 and stands(catalogue) == ("accept", "accept-judged")


def test_it_counts_under_its_own_profile_only(catalogue: Catalogue) -> None:
    before = {profile: catalogue.decisions(profile)[1]["verdict"] for profile in PROFILES}
    assert before == {"strict": "quarantine", "life70": "accept", "us": "accept"}
    say(catalogue.home, "not_free", "not_free")
    catalogue.decide()
    assert stands(catalogue) == ("reject", "judged-not-free")
    assert catalogue.decisions()[1]["reasons"][0] == "judged_not_free"  # type: ignore[index]
    assert {catalogue.decisions(profile)[1]["rule_id"] for profile in ("life70", "us")} == {"accept-free-work"}


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        (("free",), "quarantine"),
        (("not_free",), "quarantine"),
        (("cannot_tell", "cannot_tell"), "quarantine"),
        (("free", "not_free"), "quarantine"),
        (("free", "cannot_tell", "free"), "accept"),
        (("not_free", "cannot_tell", "free"), "quarantine"),
        (("free", "not_free", "cannot_tell"), "quarantine"),
        (("free", "cannot_tell", "not_free"), "reject"),
    ],
)
def test_free_needs_two_who_say_so(catalogue: Catalogue, answers: tuple[str, ...], verdict: str) -> None:
    say(catalogue.home, *answers)
    catalogue.decide()
    assert stands(catalogue)[0] == verdict


def test_an_edit_takes_its_effect_away_and_an_edit_back_gives_none(catalogue: Catalogue) -> None:
    say(catalogue.home, "free", "free")
    catalogue.decide()
    catalogue.put(1, WAITS + "[[Category:Gardens]] {{PD-Atlantis}}")
    catalogue.decide()
    assert stands(catalogue) == ("quarantine", "unknown-tag")
    assert catalogue.changes()[-1]["cause"] == "upstream_edit"
    catalogue.put(1, WAITS)
    catalogue.decide()
    assert stands(catalogue)[0] == "quarantine", "another revision is another evidence"


@pytest.mark.parametrize("how", ["lost", "damaged"])
def test_a_judgement_that_is_lost_or_damaged_counts_no_longer(catalogue: Catalogue, how: str) -> None:
    say(catalogue.home, "free", "free")
    catalogue.decide()
    path = next((catalogue.home.root / FOLDER).glob("*.json"))
    if how == "lost":
        path.unlink()
    else:
        path.write_text(path.read_text().replace("1871", "1872"))
    catalogue.decide()
    assert stands(catalogue) == ("quarantine", "maker-unknown-death")
    assert [change["cause"] for change in catalogue.changes()] == ["judgement", "judgement"]


def test_what_time_or_the_archive_settles_is_not_judged_and_comes_last(tmp_path: Path) -> None:
    catalogue = Catalogue(home=open_home(tmp_path / "home"))
    catalogue.put(1, box(f"{EXPIRED}{{{{Delete|somebody asks}}}}"))
    catalogue.put(2, box(EXPIRED, artist="Anna Vester (1880-1950)"))
    catalogue.put(3, WAITS)
    catalogue.decide()
    found = [(line.item_id, line.is_for_others) for line in in_line(catalogue.home, "strict")]
    assert found[0] == ("commons:M3", False) and [is_last for _, is_last in found[1:]] == [True, True]
    for number in (1, 2):
        with pytest.raises(ConfigError, match="nobody can tell by looking at it"):
            say(catalogue.home, "free", number=number)
    assert settled_by_people(catalogue.home) == {}


def test_a_deletion_request_that_comes_later_holds_against_it_and_so_does_a_copy_that_is_refused(
    catalogue: Catalogue,
) -> None:
    say(catalogue.home, "free", "free")
    catalogue.decide()
    catalogue.put(3, box("{{Cc-by-sa-4.0}}"))
    for number in (1, 3):
        catalogue.pages[number]["sha1"] = "5" * 40
    catalogue.decide()
    assert stands(catalogue) in {("quarantine", "copy-conflict"), ("quarantine", "maker-unknown-death")}
    catalogue.put(1, WAITS + "{{Delete|somebody asks}}")
    catalogue.decide()
    assert stands(catalogue)[1] == "deletion-pending"


@pytest.mark.parametrize("buckets", [1, 4])
def test_each_bucket_of_a_home_learns_of_its_own(tmp_path: Path, buckets: int) -> None:
    home = open_home(tmp_path / "home")
    home.fix_buckets(buckets)
    catalogue = Catalogue(home=home)
    for number in range(1, 13):
        catalogue.put(number, WAITS)
    catalogue.decide()
    for number in (3, 8):
        say(home, "free", "free", number=number)
    read = [catalogue.decide(buckets=[bucket]).pages_read for bucket in range(buckets)]
    assert sum(read) == 2
    assert {number for number, row in catalogue.decisions().items() if row["verdict"] == "accept"} == {3, 8}


def test_other_processes_know_it_too(catalogue: Catalogue, tmp_path: Path) -> None:
    say(catalogue.home, "free", "free")
    known = load_knowledge(catalogue.home).judged
    (folder := tmp_path / "spool").mkdir()
    assert spooled(str(spool(catalogue.home, folder))).judged == known == settled_by_people(catalogue.home)
    catalogue.decide(crew=2)
    assert stands(catalogue) == ("accept", "accept-judged")


def judged(evidence: Evidence, answer: str) -> Evidence:
    said = tuple(
        Settled(profile=profile, answer=answer, of=evidence.unjudged_digest, roles=("curator A", "curator B"),
                judgements=("a" * 64, "b" * 64), day="2026-11-20")
        for profile in PROFILES
    )  # fmt: skip
    return replace(evidence, judged=said)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.trap)
def test_of_every_case_free_lets_in_what_waits_for_people_alone_and_nothing_else(case: Case) -> None:
    evidence = read(case)
    free, not_free = judged(evidence, "free"), judged(evidence, "not_free")
    for profile in PROFILES:
        own, found = decide(evidence, profile, TODAY), decide(free, profile, TODAY)
        if own.verdict == "accept" or (own.verdict == "quarantine" and not for_others(own.reasons)):
            assert found.verdict == "accept" and found.reasons == ()
        else:
            assert (found.verdict, found.reasons) == (own.verdict, own.reasons)
        assert decide(not_free, profile, TODAY).verdict == (
            "quarantine" if own.rule_id == "page-unreadable" else "reject"
        )


def test_decide_and_the_page_say_who_judged_it(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PD_HOME", str(catalogue.home.root))
    say(catalogue.home, "free", "free")
    catalogue.decide()
    assert main(["decide", "commons:M1"]) == 0
    told = capsys.readouterr().out
    free = "free because two people looked at what its page says and say that it is free (curator A and curator B, "
    assert free in told.splitlines()[0] and told.count(REASON) == 2 and "accept-judged" in told
    served = over(catalogue.home).get("/pictures/commons:M1").text
    assert free in served and REASON in served


def test_evidence_that_nobody_judged_has_the_text_that_it_had(catalogue: Catalogue) -> None:
    for row in catalogue.decisions().values():
        told: Mapping[str, object] = json.loads(str(row["evidence"]))
        assert "judged" not in told and not any("judged:" in str(mark) for mark in row["looked_up"])  # type: ignore[union-attr]
