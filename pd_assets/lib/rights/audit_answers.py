"""Who answered what in an audit: two roles that do not see one another, and a third that settles where they differ.

Nobody is named. Each answer is a line that is on the disk before the next question is asked, so that an interruption
loses nothing. An audit of before there were roles has the answers of one person in answers.json.
"""

import json
import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pd_assets.lib.errors import ConfigError

log = logging.getLogger(__name__)

Answers = Mapping[str, str]
ANSWERS = ("free", "not_free", "cannot_tell")
FIRST, SECOND, SETTLE = ROLES = ("first", "second", "settle")
ANSWERED_LONG_AGO = "answers.json"


def answers_of(folder: Path, role: str) -> dict[str, str]:
    """item id -> answer of one role; of several answers about one item the last counts."""
    path = _log_of(folder, role)
    found: dict[str, str] = _of_one_person(folder) if role == FIRST and not path.is_file() else {}
    for number, line in enumerate(path.read_text().splitlines() if path.is_file() else (), start=1):
        try:
            entry = json.loads(line)
            if entry["answer"] not in ANSWERS:
                raise ValueError(f"found answer {entry['answer']}, expected {', '.join(ANSWERS)}")
            found[str(entry["item_id"])] = str(entry["answer"])
        except (ValueError, KeyError, TypeError) as error:
            log.warning("%s: line %d cannot be read (%s) and is passed over", path, number, error)
    return found


def note_answer(folder: Path, role: str, item_id: str, answer: str) -> None:
    """Append one answer; it is on the disk when this returns."""
    assert role in ROLES and answer in ANSWERS
    before = answers_of(folder, role)
    path = _log_of(folder, role)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        for item, said in before.items():
            _append(path, item, said)
    _append(path, item_id, answer)


def take_file(folder: Path, role: str, answers: Answers) -> None:
    """Take the answers of a file as those of one role; ConfigError where that role has answered otherwise before."""
    before = answers_of(folder, role)
    if other := [item for item, answer in answers.items() if before.get(item, answer) != answer]:
        raise ConfigError(
            f"found other answers of the role {role} for {len(other)} pictures (such as {other[0]}), expected the same "
            f"person's; if they are another's, give --role {SECOND if role == FIRST else FIRST}"
        )
    for item, answer in answers.items():
        if item not in before:
            note_answer(folder, role, item, answer)


def read_file(path: Path) -> tuple[str, Answers]:
    """The sample and the answers in a file that the audit's page gave to download."""
    try:
        said = json.loads(path.read_text())
        name, answers = said["sample"], said["answers"]
        if not isinstance(name, str) or not isinstance(answers, dict) or Path(name).name != name:
            raise ValueError("not an object with a sample's name and answers")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} holds no answers ({error}); expected the file that the audit's page gives to download"
        ) from error
    if unknown := sorted({str(value) for value in answers.values()} - set(ANSWERS)):
        raise ConfigError(f"{path}: found answers {', '.join(unknown)}, expected {', '.join(ANSWERS)}")
    return name, answers


def differing(first: Answers, second: Answers) -> tuple[str, ...]:
    """The items that both have judged, and not alike."""
    return tuple(item for item, answer in first.items() if second.get(item, answer) != answer)


def final_answers(first: Answers, second: Answers, settle: Answers) -> dict[str, str]:
    """What counts: what both say, what one says alone, or what settled it; what is open, nobody can tell."""
    final = {**second, **first}
    for item in differing(first, second):
        final[item] = settle.get(item, "cannot_tell")
    return final


def _log_of(folder: Path, role: str) -> Path:
    return folder / f"answers-{role}.jsonl"


def _append(path: Path, item_id: str, answer: str) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    line = json.dumps({"item_id": item_id, "answer": answer, "at": now}) + "\n"
    with path.open("ab+") as file:
        if file.tell() and not _ends_a_line(path):
            line = "\n" + line
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


def _ends_a_line(path: Path) -> bool:
    """Whether the last line is whole: a cut one must not swallow the next."""
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _of_one_person(folder: Path) -> dict[str, str]:
    path = folder / ANSWERED_LONG_AGO
    return dict(read_file(path)[1]) if path.is_file() else {}
