"""Models in memory: the last few of each kind, each as long as the `run.json` of its folder is the one it was read by.

Errors: ProvenanceError.
"""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from pd_ml.errors import ProvenanceError
from pd_ml.provenance import RUN, verify_outputs

T = TypeVar("T")


class Shelf(Generic[T]):
    """At most `places` models, those that were asked for last. Every file is compared with `run.json` once a load."""

    def __init__(self, places: int, load: Callable[[Path], T]) -> None:
        self._places = places
        self._load = load
        self._kept: OrderedDict[Path, tuple[bytes, T]] = OrderedDict()

    def holds(self, folder: Path) -> bool:
        """Whether the model of a folder, as it is now, is in memory."""
        kept = self._kept.get(folder.resolve())
        return kept is not None and kept[0] == _record_of(folder)

    def take(self, folder: Path) -> T:
        """The model of a finished folder."""
        place, record = folder.resolve(), _record_of(folder)
        kept = self._kept.get(place)
        if kept is None or kept[0] != record:
            self._kept.pop(place, None)
            while len(self._kept) >= self._places:
                self._kept.popitem(last=False)
            verify_outputs(folder)
            self._kept[place] = kept = (record, self._load(folder))
        self._kept.move_to_end(place)
        return kept[1]


def _record_of(folder: Path) -> bytes:
    try:
        return (folder / RUN).read_bytes()
    except OSError as error:
        raise ProvenanceError(f"{folder}: no {RUN} ({error.strerror}); expected a finished model") from error
