"""`pdd decide ITEM --as-of DATE` tells the decision of a day that is gone, and hands out its evidence to the byte."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pd_assets.cli import main
from pd_assets.lib.home import open_home
from tests.pd_assets.lib.rights.cases import EXPIRED, box
from tests.pd_assets.lib.rights.deciding import Catalogue

FREE, BOUND = box(EXPIRED), box("{{Cc-by-sa-4.0}}")


@pytest.fixture(scope="module")
def decided_once(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    catalogue = Catalogue(home=open_home(tmp_path_factory.mktemp("decided") / "home"))
    for day, text in ((1, FREE), (2, FREE + " A word more."), (5, BOUND)):
        catalogue.put(1, text)
        catalogue.decide(today=date(2026, 6, day))
    catalogue.mark(1, "deleted")
    catalogue.decide(today=date(2026, 6, 9))
    return catalogue


@pytest.fixture
def catalogue(decided_once: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """A page that was free on the first and on the second of June, by other evidence, and is gone since the ninth."""
    catalogue = decided_once.copied_to(tmp_path / "home")
    monkeypatch.setenv("PD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PD_RIGHTS_PROFILE", "strict")
    return catalogue


def test_it_says_verdict_rule_page_revision_day_and_digest_of_then(
    catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decide", "File:Picture 1.jpg", "--as-of", "2026-06-03"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("commons:M1 on 2026-06-03: accepted under the profile strict, since 2026-06-01\n")
    assert "accept-free-work" in said
    assert "it rested on revision 2 of https://archive.test/wiki/1, first seen on 2026-06-02" in said
    (change,) = [row for row in catalogue.changes() if row["to_verdict"] == "reject"]
    assert f"SHA-256 {change['from_evidence']}" in said


def test_of_a_rule_that_is_known_of_a_day_before_it_is_said_of_which(
    catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    for day, said in ((5, ""), (7, " (as decided on 2026-06-05; another rule may have given the same verdict since")):
        assert main(["decide", "commons:M1", "--as-of", f"2026-06-{day:02}"]) == 0
        (line,) = [one for one in capsys.readouterr().out.splitlines() if "the rule that decided" in one]
        assert (said in line) and ("(" in line) is bool(said), line


def test_a_script_gets_the_exact_bytes(catalogue: Catalogue, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    digests = []
    for day in (1, 3, 6, 30):
        assert main(["decide", "commons:M1", "--as-of", f"2026-06-{day:02}", "--evidence"]) == 0
        digests.append(hashlib.sha256(capfdbinary.readouterr().out).hexdigest())
    told = [row["from_evidence"] for row in catalogue.changes()] + [catalogue.decisions()[1]["evidence_digest"]]
    assert len(set(digests)) == 4 and digests[1] in told and digests[3] == told[-1]
    assert main(["decide", "commons:M1", "--evidence"]) == 0
    assert hashlib.sha256(capfdbinary.readouterr().out).hexdigest() == digests[3]


def test_an_item_that_left_the_catalogue_is_told_by_its_id(
    catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    del catalogue.pages[1]
    catalogue.put(2, FREE)
    catalogue.decide(today=date(2026, 6, 10))
    assert main(["decide", "commons:M1", "--as-of", "2026-06-01", "--all"]) == 0
    assert '"revid":1' in capsys.readouterr().out


def test_a_day_before_anything_was_known_names_the_first_day_that_is(
    catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decide", "commons:M1", "--as-of", "2026-05-31"]) == 1
    assert "the first day known is 2026-06-01" in capsys.readouterr().err
    assert main(["decide", "commons:M7", "--as-of", "2026-05-31"]) == 1
    assert "nothing was ever decided of it" in capsys.readouterr().err


def test_an_item_is_named_as_for_a_trace(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    for called in ("M1", "1", "https://archive.test/wiki/1"):
        assert main(["decide", called, "--as-of", "2026-06-03"]) == 0
        assert capsys.readouterr().out.startswith("commons:M1 on 2026-06-03: accepted")


@pytest.mark.parametrize("command", ["decide", "trace"])
def test_a_day_to_come_is_wrong_usage_of_both_commands(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    with pytest.raises(SystemExit) as ended:
        main([command, "commons:M1", "--as-of", tomorrow.isoformat()])
    assert ended.value.code == 2
    assert f"{tomorrow} is still to come; expected" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["yesterday", "2026-13-01", "20260601", "2026-6-1", "2026-06-01T00:00", ""])
def test_what_is_no_day_is_wrong_usage(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["decide", "commons:M1", "--as-of", wrong])
    assert ended.value.code == 2
    assert "expected one such as 2026-11-30" in capsys.readouterr().err
