"""One person's way through the unlabelled pictures: done, skip, next, and what came of each.

What was done is noted in PD_HOME/labelling/log.jsonl, so that whoever comes back goes on where they were.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pd_assets.lib.dataset.labels import Label, read_labels
from pd_assets.lib.home import Home
from pd_assets.lib.labelling.queue import Unlabelled, stored_page

log = logging.getLogger(__name__)

Reread = Callable[[Unlabelled], Mapping[str, object]]
LOG = Path("labelling/log.jsonl")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What "done" found: the labels that the page has now and had not before. `status` is the page's own."""

    new: tuple[Label, ...]
    status: str

    @property
    def says(self) -> str:
        """In a sentence."""
        if self.status != "live":
            return f"The page is {self.status}: the picture leaves the dataset with the next run."
        if not self.new:
            return "Nothing new on the page yet. Is the caption published there?"
        told = "; ".join(f"{label.field}: {label.value} ({label.licence})" for label in self.new)
        return f"Read from the page: {told}. It enters dataset/captions with the next run."


@dataclass(kw_only=True)
class LabellingWork:
    """The queue and where its reader is. `reread` asks the archive for one page and stores it."""

    home: Home
    queue: list[Unlabelled]
    reread: Reread
    at: int = 0
    labelled: int = 0
    skipped: int = 0
    outcome: Outcome | None = None
    _known: dict[str, tuple[Label, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Leave out what was labelled before, and show last what was skipped."""
        before = _read_log(self.home.root / LOG)
        rest = [picture for picture in self.queue if before.get(picture.item_id) != "labelled"]
        self.queue = sorted(rest, key=lambda picture: before.get(picture.item_id) == "skipped")

    @property
    def current(self) -> Unlabelled | None:
        """The picture that is shown, or None at the end of the queue."""
        return self.queue[self.at] if self.at < len(self.queue) else None

    def known(self, picture: Unlabelled) -> tuple[Label, ...]:
        """The labels of a picture as they are stored."""
        if picture.item_id not in self._known:
            self._known[picture.item_id] = read_labels(stored_page(self.home, picture))
        return self._known[picture.item_id]

    def done(self) -> Outcome | None:
        """Read the current picture's page again; what is new on it counts as labelled."""
        picture = self.current
        if picture is None:
            return None
        before = {(label.field, label.value) for label in self.known(picture)}
        page = self.reread(picture)
        now = read_labels(page)
        self._known[picture.item_id] = now
        new = tuple(label for label in now if (label.field, label.value) not in before)
        first_time = not (self.outcome and self.outcome.new)
        self.outcome = Outcome(new=new or (self.outcome.new if self.outcome else ()), status=str(page["status"]))
        if new and first_time:
            self.labelled += 1
            self._note(picture, "labelled")
        return self.outcome

    def skip(self) -> None:
        """Leave the current picture for another time."""
        if self.current is not None:
            self.skipped += 1
            self._note(self.current, "skipped")
            self.next()

    def next(self) -> None:
        """Go on to the next picture."""
        self.at = min(self.at + 1, len(self.queue))
        self.outcome = None

    def _note(self, picture: Unlabelled, what: str) -> None:
        path = self.home.root / LOG
        path.parent.mkdir(parents=True, exist_ok=True)
        entry = {"item_id": picture.item_id, "outcome": what, "at": datetime.now(UTC).isoformat(timespec="seconds")}
        with path.open("a") as file:
            file.write(json.dumps(entry) + "\n")


def labelled_before(home: Home) -> list[str]:
    """The items that somebody labelled."""
    return [item_id for item_id, outcome in _read_log(home.root / LOG).items() if outcome == "labelled"]


def _read_log(path: Path) -> dict[str, str]:
    """item id -> its last outcome; a line that was cut off costs nothing but itself."""
    outcomes: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines() if path.is_file() else (), start=1):
        try:
            entry = json.loads(line)
            outcomes[str(entry["item_id"])] = str(entry["outcome"])
        except (ValueError, KeyError, TypeError):
            log.warning("%s: line %d cannot be read and is passed over", path, number)
    return outcomes
