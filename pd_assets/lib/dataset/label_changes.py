"""What a new reading of the stored pages made different: labels now against those of the table before.

Only items whose sources are the same count as changed by the parser; what an archive changed is told apart.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS
from pd_assets.lib.dataset.labels import Label, labels_version
from pd_assets.lib.home import Home

MOST_EXAMPLES = 20


@dataclass(frozen=True, kw_only=True)
class Example:
    """One field of one item, before and now; "" where it was or is not there."""

    item_id: str
    field: str
    before: str
    now: str


@dataclass(frozen=True, kw_only=True)
class LabelChanges:
    """By field: labels that the parser added, removed or reads differently. `edited` items changed at their source."""

    from_version: str | None
    to_version: str
    added: Mapping[str, int] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    altered: Mapping[str, int] = field(default_factory=dict)
    edited: int = 0
    examples: tuple[Example, ...] = ()


class Previous:
    """The labels of the table before, for comparing items with theirs in the order of their ids."""

    def __init__(self, home: Home) -> None:
        columns = ("item_id", "labels", "source_digest", "labels_version")
        self._rows = tables.rows(tables.read_or_empty(home, CAPTIONS, columns))
        self._row: Mapping[str, object] | None = next(self._rows, None)
        self._version = str(self._row["labels_version"]) if self._row and self._row["labels_version"] else None
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in ("added", "removed", "altered")}
        self._edited = 0
        self._examples: list[Example] = []

    def compare(self, item_id: str, source_digest: str, labels: Iterable[Label]) -> None:
        """Note what differs for one item; ids must come in ascending order."""
        while self._row is not None and str(self._row["item_id"]) < item_id:
            self._row = next(self._rows, None)
        if self._row is None or self._row["item_id"] != item_id or self._row["source_digest"] is None:
            return
        if self._row["source_digest"] != source_digest:
            self._edited += 1
            return
        before = _by_place(_stored(self._row))
        now = _by_place((label.seen_in, label.language, label.field, label.value) for label in labels)
        for place in sorted(before.keys() | now.keys()):
            self._note(item_id, place[-1], before.get(place, ""), now.get(place, ""))

    def _note(self, item_id: str, name: str, before: str, now: str) -> None:
        if before == now:
            return
        kind = "added" if not before else "removed" if not now else "altered"
        self._counts[kind][name] += 1
        if len(self._examples) < MOST_EXAMPLES:
            self._examples.append(Example(item_id=item_id, field=name, before=before, now=now))

    def changes(self) -> LabelChanges:
        """What was noted."""
        return LabelChanges(
            from_version=self._version,
            to_version=labels_version(),
            added=dict(self._counts["added"]),
            removed=dict(self._counts["removed"]),
            altered=dict(self._counts["altered"]),
            edited=self._edited,
            examples=tuple(self._examples),
        )


def _stored(row: Mapping[str, object]) -> Iterable[tuple[str, str, str, str]]:
    labels = row["labels"]
    for label in labels if isinstance(labels, list) else ():
        yield label["seen_in"], label["language"] or "", label["field"], label["value"]


def _by_place(labels: Iterable[tuple[str, str, str, str]]) -> dict[tuple[str, str, str], str]:
    """Values by where they stand; several at one place are joined."""
    found: dict[tuple[str, str, str], str] = {}
    for seen_in, language, name, value in labels:
        place = (seen_in, language, name)
        found[place] = f"{found[place]}; {value}" if place in found else value
    return found
