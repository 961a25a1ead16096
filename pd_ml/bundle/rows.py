"""What the rows of a ledger have to be by themselves, whichever training wrote them; the first row that is not is told.

The bundle's ledger is equal to those of its chain, so that what holds of its rows holds of theirs. No torch in here.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pd_ml.bundle import layout
from pd_ml.bundle.distrust import is_day
from pd_ml.data.shards import SPLITS
from pd_ml.provenance import TRAINED_ON

# Told of a table: what is wrong with its first row of that kind.
Tell = Callable[[pa.Table, str], None]

# Columns that no row may leave empty, and those that no picture may that was trained on.
_ALWAYS = ("stage", "version", "item_id", "sha256", "split", "relation", "times_shown", layout.SOURCE)
_OF_TRAINED = ("rule_id", "evidence_digest", "page_url")
_DIGEST = "^[0-9a-f]{64}$"
_PATTERNS = {
    "sha256": (_DIGEST, "no SHA-256"),
    "stored_sha256": (_DIGEST, "no SHA-256"),
    "evidence_digest": (_DIGEST, "no SHA-256"),
    "page_url": (r"^https?://[^\x00-\x1f\x7f-\x{9f}\x{2028}\x{2029}]+$", "no address of the web"),
}
# The tokenizer reads every caption once, while its picture counts as shown once.
_READS_ALL_CAPTIONS = "tokenizer"
# More showings than any training has, and few enough that their sums stay numbers.
_MOST_SHOWINGS = 1 << 40
# Of one picture, all models of one dataset version know the same.
_OF_PICTURE = ("sha256", "stored_sha256", "split", "page_url", "revid", "rule_id", "evidence_digest")
# What the house told beside the ledgers, and of what: the same wherever that is the same, in any dataset version.
_TOLD_OF = {
    layout.MEDIA_HOST: ("item_id",),
    layout.SIZE_BYTES: ("item_id", "stored_sha256"),
    layout.SEEN_ON: ("item_id", "evidence_digest"),
}


def check_rows(table: pa.Table, tell: Tell) -> None:
    """Every rule that needs one row at a time."""
    _check_filled(table, tell)
    _check_values(table, tell)
    _check_captions(table, tell)


def check_same_pictures(table: pa.Table, datasets: Mapping[tuple[str, str, str], str], tell: Tell) -> None:
    """Rows of one item in order: what models of the same dataset version say of it.

    `datasets` by stage, version and relation; rows that none is told of may be of any, and are not compared.
    """
    keys = pa.array([" ".join(key) for key in datasets], pa.string())
    versions = pa.array(list(datasets.values()), pa.string())
    mine = pc.binary_join_element_wise(table["stage"], table["version"], table["relation"], " ")
    dataset = versions.take(pc.index_in(mine.combine_chunks(), value_set=keys))
    known = table.append_column("dataset", dataset).filter(pc.is_valid(dataset))
    text = "is another in the ledger of another model of the same dataset version"
    _tell_several(known, ("item_id", "dataset"), _OF_PICTURE, text, tell)
    for name, keys_of_it in _TOLD_OF.items():
        _tell_several(table, keys_of_it, (name,), "is another in another row of the same picture", tell)


def _tell_several(table: pa.Table, keys: Sequence[str], names: Sequence[str], text: str, tell: Tell) -> None:
    """Of each column the first item whose rows of the same `keys` have several values in it, nulls included."""
    grouped = table.group_by(list(keys), use_threads=False)
    found = grouped.aggregate([(name, "count_distinct", pc.CountOptions(mode="all")) for name in names])
    for name in names:
        several = found.filter(pc.greater(found[f"{name}_count_distinct"], 1))
        if several.num_rows:
            item = several["item_id"][0].as_py()
            row = table.filter(pc.equal(table["item_id"], item)).slice(0, 1)
            tell(row, f"its {name} {text}")


def _check_filled(table: pa.Table, tell: Tell) -> None:
    """What no row, and what no row of a picture that was trained on, may leave empty; and that the source is right."""
    learnt = table.filter(pc.equal(table["relation"], TRAINED_ON))
    for rows, names, told in ((table, _ALWAYS, ""), (learnt, _OF_TRAINED, ", and it was trained on")):
        for name in names:
            is_empty = pc.is_null(rows[name])
            if pa.types.is_string(rows[name].type):
                is_empty = pc.or_(is_empty, pc.fill_null(pc.equal(rows[name], ""), False))
            _tell_first(rows, is_empty, f"no {name}{told}", tell)
    archive = pc.struct_field(pc.extract_regex(table["item_id"], "^(?P<archive>[^:]*):"), "archive")
    is_other = pc.or_kleene(pc.is_null(archive), pc.not_equal(archive, table[layout.SOURCE]))
    _tell_first(table, is_other, f"its {layout.SOURCE} is not the archive that its item_id names", tell)


def _check_values(table: pa.Table, tell: Tell) -> None:
    for name, (pattern, told) in _PATTERNS.items():
        is_wrong = pc.invert(pc.match_substring_regex(table[name], pattern))
        _tell_first(table, is_wrong, f"its {name} is {told}", tell)
    days = pc.unique(table[layout.SEEN_ON]).to_pylist()
    no_days = pa.array([day for day in days if day and not is_day(day)], pa.string())
    _tell_first(table, pc.is_in(table[layout.SEEN_ON], value_set=no_days), f"its {layout.SEEN_ON} is no day", tell)
    is_learnt = pc.equal(table["relation"], TRAINED_ON)
    is_shown = pc.greater(table["times_shown"], 0)
    _tell_first(table, pc.not_equal(is_shown, is_learnt), "its relation is not that of its times_shown", tell)
    is_none = pc.or_(pc.less(table["times_shown"], 0), pc.greater(table["times_shown"], _MOST_SHOWINGS))
    _tell_first(table, is_none, f"its times_shown is not from 0 to {_MOST_SHOWINGS}", tell)
    _tell_first(table, pc.less(table[layout.SIZE_BYTES], 0), f"its {layout.SIZE_BYTES} is below 0", tell)
    is_split = pc.is_in(table["split"], value_set=pa.array(SPLITS))
    _tell_first(table, pc.invert(is_split), f"its split is none of {', '.join(SPLITS)}", tell)
    is_held_out = pc.and_(is_learnt, pc.not_equal(table["split"], "train"))
    _tell_first(table, is_held_out, "it was trained on, and its split is not train", tell)


def _check_captions(table: pa.Table, tell: Tell) -> None:
    """Of each caption a licence and a number, once; shown at least once, and no oftener than its picture."""
    lists = table["captions"].combine_chunks()
    owners = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    if not len(owners):
        return
    entries = pc.list_flatten(lists)
    number, licence, times = (pc.struct_field(entries, [name]) for name in ("number", "licence", "times_shown"))

    def tell_first(is_wrong: pa.Array, text: str) -> None:
        at = pc.index(pc.fill_null(is_wrong, True), True).as_py()
        if at >= 0:
            tell(table.slice(int(owners[at]), 1), text)

    tell_first(pc.less(number, 0), "a caption whose number is none")
    tell_first(pc.equal(licence, ""), "a caption without a licence")
    is_none = pc.or_(pc.less(times, 1), pc.greater(times, _MOST_SHOWINGS))
    tell_first(is_none, f"a caption whose times_shown is not from 1 to {_MOST_SHOWINGS}")
    captions = pa.table({"row": owners, "number": number, "times": pc.min_element_wise(times, _MOST_SHOWINGS)})
    by_number = captions.group_by(["row", "number"], use_threads=False).aggregate([([], "count_all")])
    twice = by_number.filter(pc.greater(by_number["count_all"], 1))
    if twice.num_rows:
        tell(table.slice(twice["row"][0].as_py(), 1), "a caption twice")
    _check_showings(table, captions, tell)


def _check_showings(table: pa.Table, captions: pa.Table, tell: Tell) -> None:
    summed = captions.group_by("row", use_threads=False).aggregate([("times", "sum"), ("times", "max")])
    rows = table.take(summed["row"].combine_chunks())
    is_learnt = pc.equal(rows["relation"], TRAINED_ON)
    _tell_first(rows, pc.invert(is_learnt), "captions were shown with it, and it was not trained on", tell)
    reads_all = pc.equal(rows["stage"], _READS_ALL_CAPTIONS)
    shown = pc.if_else(reads_all, summed["times_max"], summed["times_sum"])
    is_more = pc.and_(is_learnt, pc.greater(shown, rows["times_shown"]))
    _tell_first(rows, is_more, "its captions were shown oftener than the picture", tell)


def check_order(table: pa.Table, tell_two: Callable[[pa.Table], None]) -> None:
    """By item, stage and version, and none twice; `tell_two` gets the first two rows that are not."""
    columns = [table[name].combine_chunks() for name in ("item_id", "stage", "version")]
    is_after = pa.array(np.zeros(max(table.num_rows - 1, 0), dtype=np.bool_))
    for column in reversed(columns):
        before, after = column[:-1], column[1:]
        is_after = pc.or_(pc.less(before, after), pc.and_(pc.equal(before, after), is_after))
    at = pc.index(pc.fill_null(is_after, False), False).as_py()
    if at >= 0:
        tell_two(table.slice(at, 2))


def _tell_first(rows: pa.Table, is_wrong: pa.ChunkedArray, text: str, tell: Tell) -> None:
    at = pc.index(pc.fill_null(is_wrong, False), True).as_py()
    if at >= 0:
        tell(rows.slice(at, 1), text)
