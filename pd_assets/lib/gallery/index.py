"""An index of the gallery that is there, mapped into memory: a page of what is asked for, and the counts of each facet.

A facet is counted over what is found; one of which any chosen value is enough over what the others leave, so that one
sees what else there is. Errors: DamagedIndex.
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pd_assets.lib.gallery import facets
from pd_assets.lib.gallery.asked import Query
from pd_assets.lib.gallery.building import SHOWN, TOLD, crc
from pd_assets.lib.gallery.facets import FACETS, Facet
from pd_assets.lib.home import read_checked

PAGE = 60
# So many values of a facet are listed.
TOP = 10
# What was found lately is kept: so many answers, of up to 4 bytes an item.
KEPT = 16
# From such a share of all items on, it costs less to look at every value than to gather those of each.
GATHERED = 0.2
Rows = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


class DamagedIndex(Exception):
    """An index that is not what was written."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """What the gallery shows of one. `has_picture`: it may be used and is fetched. `left_out`: what keeps it
    from that though it is accepted.
    """

    item_id: str
    title: str | None
    page_url: str | None
    sha1: str | None
    sha256: str | None
    path: str | None
    mime: str | None
    width: int | None
    height: int | None
    artist: str
    date: str
    has_picture: bool
    taken_down: str | None
    error: str | None
    verdict: str
    rule: str
    left_out: str | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value of a facet, and how many items of what is found have it."""

    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A facet with its values, and how many more there are."""

    facet: Facet
    values: tuple[Value, ...]
    more: int


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of what was found. `unknown`: values and words that nothing here has."""

    items: tuple[Item, ...]
    total: int
    number: int
    pages: int
    facets: tuple[Counted, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Found:
    rows: Rows
    facets: tuple[Counted, ...]
    unknown: tuple[str, ...]


class _Values:
    """The values of a facet, and which items have them."""

    def __init__(self, folder: Path, facet: Facet, count: int) -> None:
        self.facet = facet
        self.names = _texts(folder / f"{facet.name}.values.arrow")
        self.codes = np.load(folder / f"{facet.name}.codes.npy", mmap_mode="r")
        self.begins: Counts | None = None
        if facet.is_many:
            self.begins = np.load(folder / f"{facet.name}.begins.npy", mmap_mode="r")
        if (len(self.codes) if self.begins is None else len(self.begins) - 1) != count:
            raise DamagedIndex(f"{folder}: {facet.name} is of another number of items")
        self.every = self._counts(None)

    def code(self, value: str) -> int | None:
        """The number of a value."""
        at = _at(self.names, value)
        return at if at < len(self.names) and self.names[at].as_py() == value else None

    def mask(self, codes: Sequence[int | None], count: int) -> Mask:
        """The items that have any of some values, or all of them where one may have several; None is of no item."""
        found: Mask = np.full(count, self.facet.is_many)
        for code in codes:
            if self.begins is None:
                found |= self.codes == (-1 if code is None else code)
            else:
                has: Mask = np.zeros(count, bool)
                if code is not None:
                    has[np.searchsorted(self.begins, np.flatnonzero(self.codes == code), side="right") - 1] = True
                found &= has
        return found

    def counts(self, mask: Mask | None, rows: Rows | None) -> Counts:
        """How many of some items have each value."""
        return self.every if mask is None else self._counts(mask, rows)

    def _counts(self, mask: Mask | None, rows: Rows | None = None) -> Counts:
        size = len(self.names)
        if mask is None:
            return np.bincount(self.codes, minlength=size)
        if self.begins is None:
            return np.bincount(self.codes[mask if rows is None else rows], minlength=size)
        if rows is not None:
            first, last = self.begins[rows], self.begins[rows.astype(np.int64) + 1]
            lengths = last - first
            steps = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            return np.bincount(self.codes[np.repeat(first, lengths) + steps], minlength=size)
        return np.bincount(self.codes[np.repeat(mask, np.diff(self.begins))], minlength=size)


class Gallery:
    """One that is there. It goes on as it is when its folder is removed."""

    def __init__(self, folder: Path) -> None:
        try:
            told = read_checked(folder / TOLD)
            self.count = int(str(told["count"]))
            self.fingerprint = str(told["fingerprint"])
            files = told["files"]
            assert isinstance(files, dict)
            for name, (size_bytes, check) in files.items():
                path = folder / name
                if path.stat().st_size != size_bytes or crc(path) != check:
                    raise DamagedIndex(f"{path}: not what was written")
            self._batches = _batches(folder / "rows.arrow") if self.count else []
            self._starts = np.cumsum([0, *(batch.num_rows for batch in self._batches)])
            self._values = {name: _Values(folder, facet, self.count) for name, facet in FACETS.items()}
            self._words = _texts(folder / "words.arrow")
            self._word_begins = np.load(folder / "word.begins.npy", mmap_mode="r")
            self._word_rows = np.load(folder / "word.rows.npy", mmap_mode="r")
            self._orders = {name: np.load(folder / f"order.{name}.npy", mmap_mode="r") for name in facets.SORTS}
        except (OSError, ValueError, KeyError, TypeError, AssertionError, pa.ArrowException) as error:
            raise DamagedIndex(f"{folder}: {error}") from error
        self._kept: OrderedDict[object, _Found] = OrderedDict()
        self._lock = Lock()

    def page(self, query: Query, *, among: Sequence[str] | None = None, size: int = PAGE) -> Page:
        """One page; with `among` of these items alone, in their order. A page after the last is the last."""
        asked = (replace(query, page=1), None if among is None else tuple(among))
        with self._lock:
            found = self._kept.get(asked)
        if found is None:
            found = self._find(query, among)
            with self._lock:
                self._kept[asked] = found
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        total = len(found.rows)
        pages = max(1, -(-total // size))
        number = min(query.page, pages)
        shown = found.rows[(number - 1) * size : number * size]
        return Page(
            items=tuple(self.at(int(row)) for row in shown),
            total=total,
            number=number,
            pages=pages,
            facets=found.facets,
            unknown=found.unknown,
        )

    def at(self, row: int) -> Item:
        """The item in a row."""
        batch = int(np.searchsorted(self._starts, row, side="right")) - 1
        (told,) = self._batches[batch].slice(row - int(self._starts[batch]), 1).to_pylist()
        reasons = self._values["reason"]
        assert reasons.begins is not None
        codes = reasons.codes[reasons.begins[row] : reasons.begins[row + 1]]
        return Item(**told, reasons=tuple(reasons.names[int(code)].as_py() for code in codes))

    def row_of(self, item_id: str) -> int | None:
        """The row of an item."""
        row = bisect_left(range(self.count), item_id, key=self._item_id)
        return row if row < self.count and self._item_id(row) == item_id else None

    def item(self, item_id: str) -> Item | None:
        """What is told of an item."""
        row = self.row_of(item_id)
        return None if row is None else self.at(row)

    def _item_id(self, row: int) -> str:
        batch = int(np.searchsorted(self._starts, row, side="right")) - 1
        value: str = self._batches[batch].column(0)[row - int(self._starts[batch])].as_py()
        return value

    def _find(self, query: Query, among: Sequence[str] | None) -> _Found:
        unknown: list[str] = []
        base: Mask | None = None
        if query.text:
            base = self._with_words(query.words, unknown)
        ordered: Rows | None = None
        if among is not None:
            known = (self.row_of(item_id) for item_id in among)
            ordered = np.array([row for row in known if row is not None], np.uint32)
            near: Mask = np.zeros(self.count, bool)
            near[ordered] = True
            base = near if base is None else base & near
        masks: dict[str, Mask] = {}
        for name, chosen in query.chosen:
            values = self._values[name]
            codes = {value: values.code(value) for value in chosen}
            unknown += [f"{values.facet.title}: {value}" for value, code in codes.items() if code is None]
            masks[name] = values.mask(list(codes.values()), self.count)
        every = _all_of([base, *masks.values()])
        rows = self._in_order(every, query.sort, ordered)
        # Few are gathered in the order of the table, which reads less.
        few = (
            np.flatnonzero(every).astype(np.uint32) if every is not None and len(rows) < GATHERED * self.count else None
        )
        counted = []
        for name in FACETS:
            if name in masks and not FACETS[name].is_many:
                others = _all_of([base, *(mask for other, mask in masks.items() if other != name)])
                counts = self._values[name].counts(others, None)
            else:
                counts = self._values[name].counts(every, few)
            counted.append(self._counted(self._values[name], counts, query))
        return _Found(rows=rows, facets=tuple(counted), unknown=tuple(unknown))

    def _with_words(self, asked: Sequence[str], unknown: list[str]) -> Mask:
        """The items that have each word, or one that begins so."""
        found: Mask = np.ones(self.count, bool)
        for word in asked:
            first, last = _at(self._words, word), _at(self._words, word + "\U0010ffff")
            has: Mask = np.zeros(self.count, bool)
            has[self._word_rows[self._word_begins[first] : self._word_begins[last]]] = True
            if first == last:
                unknown.append(word)
            found &= has
        return found

    def _in_order(self, mask: Mask | None, sort: str, ordered: Rows | None) -> Rows:
        order: Rows = self._orders[sort] if ordered is None else ordered
        return order if mask is None else order[mask[order]]

    def _counted(self, values: _Values, counts: Counts, query: Query) -> Counted:
        facet = values.facet
        chosen = [code for value in query.values(facet.name) if (code := values.code(value)) is not None]
        wanted = np.flatnonzero(counts)
        if typed := query.typed(facet.name):
            fits = np.asarray(pc.match_substring(values.names, typed, ignore_case=True)).astype(bool)
            wanted = wanted[fits[wanted]]
        if facet.values:
            listed = [code for value in (*facet.values, "") if (code := values.code(value)) is not None]
            codes = [code for code in listed if counts[code] or code in chosen]
        else:
            top = (
                wanted[np.argsort(-counts[wanted], kind="stable")[:TOP]]
                if len(wanted) < 50_000
                else _top(counts, wanted)
            )
            codes = [*chosen, *(int(code) for code in top if code not in chosen)]
        told = tuple(
            Value(value=value, label=facet.label(value), count=int(counts[code]), is_chosen=code in chosen)
            for code in codes
            for value in [str(values.names[code].as_py())]
        )
        return Counted(facet=facet, values=told, more=len(wanted) - int(np.isin(codes, wanted).sum()))


def _top(counts: Counts, wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    best = wanted[np.argpartition(-counts[wanted], TOP)[:TOP]]
    return best[np.lexsort((best, -counts[best]))]


def _all_of(masks: Sequence[Mask | None]) -> Mask | None:
    found: Mask | None = None
    for mask in masks:
        if mask is not None:
            found = mask if found is None else found & mask
    return found


def _batches(path: Path) -> list[pa.RecordBatch]:
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        if tuple(reader.schema.names) != SHOWN:
            raise DamagedIndex(f"{path}: other columns")
        return [reader.get_batch(number) for number in range(reader.num_record_batches)]


def _texts(path: Path) -> pa.StringArray:
    (batch,) = _all_batches(path)
    return batch.column(0)


def _all_batches(path: Path) -> list[pa.RecordBatch]:
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        return [reader.get_batch(number) for number in range(reader.num_record_batches)]


def _at(names: pa.StringArray, value: str) -> int:
    """Where a text stands, or would stand."""
    return bisect_left(range(len(names)), value, key=lambda at: names[at].as_py())
