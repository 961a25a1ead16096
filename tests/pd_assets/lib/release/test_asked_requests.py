"""Requests for a takedown: one answer each, whoever answers at the same time, and nothing kept that is not needed."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from stat import S_IMODE

import pytest

from pd_assets.lib.catalog.schemas import TAKEDOWNS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import notes
from pd_assets.lib.release.asked_requests import FOLDER, Request, ask, confirm, decline, find
from pd_assets.lib.release.receipts import receipts
from pd_assets.lib.release.undoing import undo
from tests.pd_assets.lib.release.planted import catalogue

CONFIRMS = (
    "import sys; from pathlib import Path; from pd_assets.lib.home import open_home;"
    "from pd_assets.lib.release.asked_requests import confirm;"
    "confirm(open_home(Path(sys.argv[1])), sys.argv[2], reason='of another process')"
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    catalogue(made, range(4))
    return made


@pytest.fixture
def request_of_ada(home: Home) -> Request:
    return ask(home, which="commons:M3", reason="I painted it", contact="ada@painters.test")


def files_of(home: Home, request: Request) -> list[Path]:
    return sorted((home.table(TAKEDOWNS.key) / FOLDER).glob(f"{request.number}*"))


def interrupted(home: Home, request: Request, *, purge: bool = False) -> str:
    """A confirmation that ended once the takedown was noted; its number."""
    number = confirm(home, request.number, reason="hers", purge=purge).number
    (answer, _) = files_of(home, request)
    answer.unlink()
    assert find(home, request.number).answered is None
    return number


def test_two_who_confirm_a_request_at_once_make_one_takedown(home: Home, request_of_ada: Request) -> None:
    def confirmed(at: int) -> str:
        try:
            return confirm(home, request_of_ada.number, reason=f"hers {at}").number
        except ConfigError as error:
            return str(error)

    number = request_of_ada.number
    with subprocess.Popen([sys.executable, "-c", CONFIRMS, str(home.root), number], stderr=subprocess.DEVNULL) as other:
        with ThreadPoolExecutor(2) as at_once:
            told = list(at_once.map(confirmed, range(2)))
        other.wait()
    (one,) = {note.number for note in notes.read_all(home)[0]}
    answered = find(home, number).answered
    assert answered is not None and answered.receipt == one
    assert sum(told_one == one for told_one in told) + (other.returncode == 0) == 1
    assert sum("was confirmed already" in told_one for told_one in told) >= 1


def test_a_confirmation_that_was_interrupted_is_gone_on_with_and_not_made_twice(
    home: Home, request_of_ada: Request
) -> None:
    number = interrupted(home, request_of_ada)
    with pytest.raises(ConfigError, match=f"noted as {number} already"):
        decline(home, request_of_ada.number, reason="no")
    assert confirm(home, request_of_ada.number, reason="once more", purge=True).number == number
    (receipt,), _ = receipts(home)
    assert (receipt.number, receipt.reason, receipt.is_purge) == (number, "hers", True)
    answered = find(home, request_of_ada.number).answered
    assert answered is not None and answered.receipt == number
    (note,) = notes.standing(home)
    assert note.purged_at is not None


def test_one_that_was_undone_meanwhile_is_confirmed_under_a_number_that_stands(
    home: Home, request_of_ada: Request
) -> None:
    number = interrupted(home, request_of_ada)
    undo(home, number, reason="by mistake")
    again = confirm(home, request_of_ada.number, reason="hers after all").number
    assert again != number and [note.number for note in notes.standing(home)] == [again]


@pytest.mark.parametrize("answer", [confirm, decline])
def test_how_to_reach_whoever_asked_is_forgotten_with_the_answer(
    home: Home, request_of_ada: Request, answer: Callable[..., object]
) -> None:
    assert b"ada@" in b"".join(path.read_bytes() for path in files_of(home, request_of_ada))
    answer(home, request_of_ada.number, reason="hers")
    files = files_of(home, request_of_ada)
    assert len(files) == 2 and b"ada@" not in b"".join(path.read_bytes() for path in files)
    assert {S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert find(home, request_of_ada.number).request.reason == "I painted it"
