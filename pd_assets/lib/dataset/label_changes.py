"""What a new reading of the stored pages made different: labels now against those of the table before.

Only items whose sources are the same count as changed by the parser; what an archive changed is told apart.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from pd_assets.lib.dataset.labels import Label, labels_version

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


class Differences:
    """What differs, added up from batches that come in any order; the examples are the first by item id."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in ("added", "removed", "altered")}
        self._edited = 0
        self._examples: list[tuple[str, int, Example]] = []

    def add(self, batch: pa.RecordBatch) -> None:
        """Rows of caption_crew.DIFFERENT."""
        for row in batch.to_pylist():
            place = row.pop("place")
            if row["field"] is None:
                self._edited += 1
                continue
            one = Example(**row)
            kind = "added" if not one.before else "removed" if not one.now else "altered"
            self._counts[kind][one.field] += 1
            self._examples.append((one.item_id, place, one))
        self._examples = sorted(self._examples, key=lambda found: found[:2])[:MOST_EXAMPLES]

    def changes(self, from_version: str | None) -> LabelChanges:
        """What was added up, `from_version` being that of what read the labels before."""
        return LabelChanges(
            from_version=from_version,
            to_version=labels_version(),
            added=dict(self._counts["added"]),
            removed=dict(self._counts["removed"]),
            altered=dict(self._counts["altered"]),
            edited=self._edited,
            examples=tuple(one for _, _, one in self._examples),
        )


def is_edited(page: Mapping[str, object], source_digest: str) -> bool:
    """Whether what labels are read from was another when the row before was made."""
    return page["source_digest_before"] is not None and page["source_digest_before"] != source_digest


def differences(page: Mapping[str, object], labels: Iterable[Label]) -> Iterator[Example]:
    """The fields of an item that another reader reads differently, in the order of where they stand."""
    stored = page["labels_before"]
    if not isinstance(stored, list) or page["source_digest_before"] is None:
        return
    before = _by_place((one["seen_in"], one["language"] or "", one["field"], one["value"]) for one in stored)
    now = _by_place((label.seen_in, label.language, label.field, label.value) for label in labels)
    for place in sorted(before.keys() | now.keys()):
        if before.get(place, "") != now.get(place, ""):
            yield Example(
                item_id=str(page["item_id"]), field=place[-1], before=before.get(place, ""), now=now.get(place, "")
            )


def _by_place(labels: Iterable[tuple[str, str, str, str]]) -> dict[tuple[str, str, str], str]:
    """Values by where they stand; several at one place are joined."""
    found: dict[tuple[str, str, str], str] = {}
    for seen_in, language, name, value in labels:
        place = (seen_in, language, name)
        found[place] = f"{found[place]}; {value}" if place in found else value
    return found
