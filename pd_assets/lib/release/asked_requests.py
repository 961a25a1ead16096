"""Requests for a takedown: what somebody asks for on our site, until an operator confirms or declines it.

`rights/takedowns/requests/<number>.json`, and beside it `<number>.answer.json` once somebody answered. Each file is
written whole; nobody but its owner may read it, and no table and no dataset is made of it: who asks may leave an
address, which is forgotten with the answer. Errors: ConfigError.
"""

import fcntl
import json
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pd_assets.lib.catalog.schemas import TAKEDOWNS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, alone, at_work, is_read_only, named_if_full
from pd_assets.lib.release import notes
from pd_assets.lib.release.asked_picture import named
from pd_assets.lib.release.notes import DIGITS, DIGITS_IN_A_NUMBER
from pd_assets.lib.release.pictures import as_named, require_text
from pd_assets.lib.release.receipts import as_written
from pd_assets.lib.release.takedowns import Asked, Takedown, resume, table_in_step, take_down_all

FOLDER = "requests"
MOST_OPEN = 500
LONGEST: Mapping[str, int] = {"which": 2_000, "reason": 4_000, "contact": 300}
NUMBER = re.compile(rf"R-\d{{8}}-[{DIGITS}]{{{DIGITS_IN_A_NUMBER}}}")
MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Request:
    """What somebody asks for. `items` are those that it named then; `contact` is how to reach who asks, or empty."""

    number: str
    asked_at: datetime
    which: str
    items: tuple[str, ...]
    reason: str
    contact: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What an operator did: `confirmed`, with the number of the takedown's receipt, or `declined`, and why."""

    what: str
    answered_at: datetime
    reason: str
    receipt: str = ""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A request as it stands; `answered` is None while it is open."""

    request: Request
    answered: Answered | None


def why_not(home: Home) -> str:
    """Why a home cannot take requests; nothing where it can."""
    if home.copy is not None:
        return "this home is the working copy of a bucket, and takes no requests; an operator runs pdd takedown"
    if not home.may_write or is_read_only(home.root):
        return "this home is read-only and cannot take requests; an operator runs pdd takedown where it may be written"
    return ""


def ask(home: Home, *, which: str, reason: str, contact: str = "") -> Request:
    """Keep a request; ConfigError where it says too little or too much, or where no more are taken."""
    if refused := why_not(home):
        raise ConfigError(refused)
    said = {"which": which.strip(), "reason": reason.strip(), "contact": " ".join(contact.split())}
    _require(said)
    now = datetime.now(UTC).replace(microsecond=0)
    request = Request(number=_new_number(now), asked_at=now, items=_items(home, said["which"]), **said)
    folder = _folder(home)
    with alone(folder, "keeps a request"):
        if (waiting := _count_open(folder)) >= MOST_OPEN:
            raise ConfigError(f"{waiting} requests wait for an operator, and no more are taken; ask again later")
        _write(folder / f"{request.number}.json", _plain(request))
    return request


def find(home: Home, number: str) -> Asking:
    """The request of a number, however it is written; ConfigError where there is none."""
    wanted = as_written(number[:100])
    path = _folder(home) / f"{wanted}.json"
    if not NUMBER.fullmatch(wanted) or not path.is_file():
        raise ConfigError(f"found no request with the number {wanted!r}; expected one like R-20261201-7Q4ZK2MX")
    return _read(path)


def all_of_them(home: Home) -> tuple[list[Asking], list[str]]:
    """Every request, the open ones first and each the oldest first; and the files that cannot be read."""
    found, damaged = [], []
    for path in sorted(_folder(home).glob("R-*.json")):
        if not path.name.endswith(".answer.json"):
            try:
                found.append(_read(path))
            except ConfigError as error:
                damaged.append(str(error))
    return sorted(found, key=lambda one: (one.answered is not None, one.request.asked_at)), damaged


def confirm(home: Home, number: str, *, reason: str, purge: bool = False, ground: str = "") -> Takedown:
    """Take down what a request names, under a receipt of its own; the request stays open where that fails.

    The number of the receipt follows from the request: one that was interrupted is gone on with, and not made twice.
    """
    with _alone_with(home, number) as request, at_work(home):
        given = notes.number_of(request.asked_at, request.number)
        done = _gone_on_with(home, given, purge=purge)
        if done is None:
            names = request.items or (request.which,)
            asked = Asked(names=names, reason=reason, purge=purge, ground=ground, is_sure=True, number=given)
            # What is noted under the number of an undone one would be undone.
            done = take_down_all(home, replace(asked, number="") if notes.is_undone(home, given) else asked)
        _answer(home, request, what="confirmed", reason=" ".join(reason.split()), receipt=done.number)
    return done


def decline(home: Home, number: str, *, reason: str) -> None:
    """Say no to a request, and why."""
    with _alone_with(home, number) as request:
        if not (said := " ".join(reason.split())):
            raise ConfigError("found no reason; expected one: whoever asked is told why it was declined")
        _require({"which": request.which, "reason": said})
        if _noted(home, given := notes.number_of(request.asked_at, request.number)):
            raise ConfigError(f"its takedown is noted as {given} already: confirm it, or undo that first")
        _answer(home, request, what="declined", reason=said)


@contextmanager
def _alone_with(home: Home, number: str) -> Iterator[Request]:
    """The open request of a number; one at a time is answered, in whichever process. ConfigError where it is."""
    if refused := why_not(home):
        raise ConfigError(refused)
    find(home, number)
    # Not the request's own file, which the answer replaces.
    folder = os.open(_folder(home), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        found = find(home, number)
        if found.answered is not None:
            raise ConfigError(f"request {found.request.number} was {found.answered.what} already")
        yield found.request
    finally:
        os.close(folder)


def _gone_on_with(home: Home, number: str, *, purge: bool) -> Takedown | None:
    """What an interrupted confirmation noted, and is left of it; None where there is no such."""
    if not (noted := _noted(home, number)):
        return None
    for note in noted:
        if purge and not note.is_purge:
            notes.write(home, replace(note, is_purge=True))
    return Takedown(
        number=number, pictures=tuple(one for note in noted for one in note.pictures), left=tuple(resume(home))
    )


def _noted(home: Home, number: str) -> list[notes.Note]:
    """The notes of a number that stand. One that is damaged may be proven by the table."""
    table_in_step(home)
    return [note for note in notes.standing(home) if note.number == number]


def _require(said: Mapping[str, str]) -> None:
    for name, value in said.items():
        require_text(value)
        if len(value) > LONGEST[name]:
            raise ConfigError(f"found {len(value):,} characters under {name!r}; expected at most {LONGEST[name]:,}")
    if missing := [name for name in ("which", "reason") if not said[name]]:
        raise ConfigError(f"found nothing under {' and '.join(map(repr, missing))}; say which picture, and why")


def _items(home: Home, which: str) -> tuple[str, ...]:
    """The one item that is meant; none where nobody knows of it yet."""
    found = named(home, which)
    if len(found.items) > 1:
        few = ", ".join(f"{item} ({title})" for item, title in found.items[:MOST_NAMED])
        raise ConfigError(f"{len(found.items)} pictures are called {which!r}; give the id of one of them: {few}")
    return tuple(item for item, _ in found.items) or tuple(one.item_id for one in as_named(home, which) if one.item_id)


def _new_number(now: datetime) -> str:
    """Nobody can guess it: whoever has it may see how the request stands."""
    return f"R-{now:%Y%m%d}-{''.join(secrets.choice(DIGITS) for _ in range(DIGITS_IN_A_NUMBER))}"


def _answer(home: Home, request: Request, *, what: str, reason: str, receipt: str = "") -> None:
    """Answer a request, and forget first how to reach whoever asked."""
    now = datetime.now(UTC).replace(microsecond=0)
    told = {"what": what, "answered_at": now.isoformat(), "reason": reason, "receipt": receipt}
    folder = _folder(home)
    _write(folder / f"{request.number}.json", _plain(replace(request, contact="")), put=os.replace)
    _write(folder / f"{request.number}.answer.json", told)


def _plain(request: Request) -> Mapping[str, object]:
    return {**asdict(request), "asked_at": request.asked_at.isoformat()}


def _folder(home: Home) -> Path:
    return home.table(TAKEDOWNS.key) / FOLDER


def _count_open(folder: Path) -> int:
    names = {path.name for path in folder.glob("R-*.json")}
    return sum(1 for name in names if not name.endswith(".answer.json") and f"{name[:-5]}.answer.json" not in names)


def _write(path: Path, told: Mapping[str, object], *, put: Callable[[str, Path], None] = os.link) -> None:
    """Write a file whole, for its owner alone; ConfigError where it is there, unless `put` replaces it."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".partial")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
            put(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
    except FileExistsError as error:
        raise ConfigError(f"{path.stem.partition('.')[0]} was answered a moment ago") from error
    except OSError as error:
        raise named_if_full(error, path.parent) or ConfigError(
            f"the request cannot be kept ({error.strerror or error}); expected a home that may be written"
        ) from error


def _read(path: Path) -> Asking:
    try:
        told = json.loads(path.read_text())
        request = Request(
            **{name: str(told[name]) for name in ("number", "which", "reason", "contact")},
            asked_at=datetime.fromisoformat(told["asked_at"]),
            items=tuple(map(str, told["items"])),
        )
        answer = path.with_suffix(".answer.json")
        if not answer.is_file():
            return Asking(request=request, answered=None)
        said = json.loads(answer.read_text())
        answered = Answered(
            what=str(said["what"]),
            answered_at=datetime.fromisoformat(said["answered_at"]),
            reason=str(said["reason"]),
            receipt=str(said["receipt"]),
        )
        return Asking(request=request, answered=answered)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path.name}: damaged ({error!r}); restore it from a copy") from error
