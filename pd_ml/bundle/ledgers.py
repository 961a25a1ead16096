"""A bundle's ledger against those that its trainings wrote, row by row. No torch in here. Errors: BundleError.

Both are sorted by item, so that one pass compares them in bounded memory, a batch of columns at a time. The bundle's
has no row that is only `held`; what the evaluation looked at counts as measured with the model; where a picture was
both, it was trained on.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pd_ml.bundle import layout
from pd_ml.bundle.chain import Chain
from pd_ml.bundle.counts import SCHEMA, batches_of, ledger_batches
from pd_ml.bundle.distrust import Problem
from pd_ml.bundle.rows import check_order, check_rows, check_same_pictures
from pd_ml.data.shards import Manifest
from pd_ml.provenance import HELD, LEDGER_COLUMNS, MEASURED_WITH, TRAINED_ON, RunRecord

OF_TRAINING = pa.schema([(name, kind) for name, (kind, _) in LEDGER_COLUMNS.items()])

# Stages whose weights learn from captions.
READS_TEXTS = frozenset({"tokenizer", "clip", "unet_text", "transformer", "latent_diffusion"})
_BATCH_ROWS = 8_192
# Of one item there is a row for each model of the chain.
_MOST_ROWS_OF_ITEM = 256


@dataclass
class _Findings:
    """The first problem of each kind, and how many rows were compared."""

    problems: dict[str, Problem] = field(default_factory=dict)
    rows: int = 0

    def tell(self, kind: str, file: str, text: str) -> None:
        self.problems.setdefault(kind, Problem(file=file, text=text))

    def tell_row(self, row: pa.Table, text: str) -> None:
        """What is wrong with a row of the bundle's ledger by itself."""
        self.tell(text, layout.LEDGER, f"{_named(row.to_pylist()[0])}: {text}")

    def tell_order(self, two: pa.Table) -> None:
        """Two rows of the bundle's ledger that are not in order."""
        before, after = two.to_pylist()
        text = f"{_named(after)} comes after {_named(before)}; expected the order of item, stage and version"
        self.tell("order", layout.LEDGER, text)


def compare_ledgers(folder: Path, chain: Chain, readable: Sequence[str]) -> tuple[int, list[Problem]]:
    """The bundle's ledger against those of the chain: how many rows were read, and the first problem of each kind.

    `readable` are the folders of the chain whose ledger is the one that its record seals; others are not opened.
    """
    found = _Findings()
    expected = {
        (run.stage, run.version): _Expected(_rows_of(folder, chain, name, run, found))
        for name, run in chain.models.items()
        if name in readable and (chain.own is None or name != chain.own[0] or set(chain.evaluations) <= set(readable))
    }
    known = {(run.stage, run.version) for run in chain.models.values()}
    datasets = _known_datasets(chain)
    last = SCHEMA.empty_table()
    for batch in ledger_batches(folder / layout.LEDGER, batch_rows=_BATCH_ROWS):
        if not batch.num_rows:
            continue
        table = pa.Table.from_batches([batch])
        with_last = pa.concat_tables([last, table])
        check_order(with_last, found.tell_order)
        check_rows(table, found.tell_row)
        check_same_pictures(with_last, datasets, found.tell_row)
        _compare_batch(table, expected, known, found)
        found.rows += table.num_rows
        last = with_last.filter(pc.equal(with_last["item_id"], with_last["item_id"][-1]))
        last = last.slice(max(0, last.num_rows - _MOST_ROWS_OF_ITEM))
    for (stage, version), rows in expected.items():
        rest = rows.take(1)
        if rest.num_rows and not rows.is_lost:
            text = f"{_named(rest.to_pylist()[0])} is missing, which its training or evaluation wrote"
            found.tell(f"rows of {stage} {version}", layout.LEDGER, text)
        rows.read_on()
    return found.rows, list(found.problems.values())


def _known_datasets(chain: Chain) -> Mapping[tuple[str, str, str], str]:
    """The dataset version of each model's rows, by stage, version and relation.

    What the evaluation looked at stands among the model's own rows: where it did so in another version, nothing tells
    of which of the two such a row is.
    """
    known = {
        (run.stage, run.version, relation): run.dataset_version
        for run in chain.models.values()
        for relation in (TRAINED_ON, MEASURED_WITH)
    }
    if chain.own is not None:
        own = chain.own[1]
        if any(run.dataset_version != own.dataset_version for run in chain.evaluations.values()):
            known.pop((own.stage, own.version, MEASURED_WITH), None)
    return known


class _Expected:
    """The rows that the ledgers of a model give, asked for some at a time. `is_lost`: they were compared in vain."""

    def __init__(self, tables: Iterator[pa.Table]) -> None:
        self._tables = tables
        self._waiting = OF_TRAINING.empty_table()
        self.is_lost = False

    def take(self, rows: int) -> pa.Table:
        """As many of the following rows as there are, and as are asked for."""
        tables, waiting = [self._waiting], self._waiting.num_rows
        while waiting < rows and (following := next(self._tables, None)) is not None:
            tables.append(following)
            waiting += following.num_rows
        whole = pa.concat_tables(tables)
        self._waiting = whole.slice(rows)
        return whole.slice(0, rows)

    def read_on(self) -> None:
        """To the end: what is counted on the way is compared there."""
        for _ in self._tables:
            pass


def _compare_batch(
    table: pa.Table,
    expected: Mapping[tuple[str, str], _Expected],
    known: set[tuple[str, str]],
    found: _Findings,
) -> None:
    """The rows of each model of the chain, and those of none."""
    is_known = pa.array(np.zeros(table.num_rows, dtype=np.bool_))
    for stage, version in sorted(known):
        mine = pc.and_(pc.equal(table["stage"], stage), pc.equal(table["version"], version)).combine_chunks()
        mine = pc.fill_null(mine, False)
        is_known = pc.or_(is_known, mine)
        rows = expected.get((stage, version))
        if rows is None or rows.is_lost:
            continue
        there = table.filter(mine).select(OF_TRAINING.names)
        wrote = rows.take(there.num_rows)
        if not there.equals(wrote):
            rows.is_lost = True
            found.tell(f"rows of {stage} {version}", layout.LEDGER, _difference(there, wrote))
    if strangers := table.filter(pc.invert(is_known)).slice(0, 1).to_pylist():
        found.tell("strangers", layout.LEDGER, f"{_named(strangers[0])}, which is no model of the chain")


def _difference(there: pa.Table, wrote: pa.Table) -> str:
    """What the first row that differs says, and what it was written with."""
    same, other = 0, min(there.num_rows, wrote.num_rows) + 1
    while other - same > 1:
        middle = (same + other) // 2
        if there.slice(0, middle).equals(wrote.slice(0, middle)):
            same = middle
        else:
            other = middle
    one = there.slice(same, 1).to_pylist()[0]
    # As many were asked for as there are: fewer came where the trainings wrote no more.
    its = next(iter(wrote.slice(same, 1).to_pylist()), None)
    if its is None or str(one["item_id"]) < str(its["item_id"]):
        return f"{_named(one)} is one that neither its training nor its evaluation wrote"
    if one["item_id"] != its["item_id"]:
        return f"{_named(its)} is missing, which its training or evaluation wrote"
    told = [f"{name} is {one[name]!r}, its training wrote {its[name]!r}" for name in one if one[name] != its[name]]
    return f"{_named(one)}: {'; '.join(told)}"


def _named(row: Mapping[str, Any]) -> str:
    return f"the row of {row['item_id']} and {row['stage']} {row['version']}"


def _rows_of(folder: Path, chain: Chain, name: str, run: RunRecord, found: _Findings) -> Iterator[pa.Table]:
    """The rows that a model should have: its training's, and for the model itself what its evaluation looked at."""
    manifests = {manifest.version: manifest for manifest in chain.datasets.values()}
    own = _looked_at(folder, name, run, run, manifests.get(run.dataset_version), found)
    if chain.own is None or name != chain.own[0]:
        return own
    for evaluation, record in chain.evaluations.items():
        manifest = manifests.get(record.dataset_version)
        own = _united(own, _looked_at(folder, evaluation, record, run, manifest, found))
    return own


def _looked_at(
    folder: Path, name: str, record: RunRecord, model: RunRecord, manifest: Manifest | None, found: _Findings
) -> Iterator[pa.Table]:
    """The rows of a sealed ledger but the `held` ones; at its end its sums are compared with those of its record."""
    file = f"{layout.CHAIN}/{name}/{layout.CHAIN_LEDGER}"
    shown = trained = strangers = texts = 0
    by_split: Counter[str] = Counter()
    pictures_by = _PicturesBy()
    last = OF_TRAINING.empty_table()

    def tell_order(two: pa.Table) -> None:
        before, after = two.to_pylist()
        text = f"{_named(after)} comes after {_named(before)}; expected the order of items, each of them once"
        found.tell(f"order in {name}", file, text)

    for batch in batches_of(folder / file, OF_TRAINING, batch_rows=_BATCH_ROWS):
        table = pa.Table.from_batches([batch])
        if not table.num_rows:
            continue
        check_order(pa.concat_tables([last, table]), tell_order)
        last = table.slice(table.num_rows - 1)
        for one in pc.value_counts(pc.fill_null(table["split"], "")).to_pylist():
            by_split[one["values"]] += one["counts"]
        pictures_by.add(table)
        learnt = table.filter(pc.equal(table["relation"], TRAINED_ON))
        trained += learnt.num_rows
        shown += pc.sum(learnt["times_shown"]).as_py() or 0
        texts += pc.sum(pc.list_value_length(learnt["captions"])).as_py() or 0
        mine = pc.and_(pc.equal(table["stage"], model.stage), pc.equal(table["version"], model.version))
        strangers += table.num_rows - (pc.sum(mine).as_py() or 0)
        looked_at = table.filter(pc.not_equal(table["relation"], HELD))
        if looked_at.num_rows:
            yield looked_at
    is_evaluation = record is not model
    counted = {"images_seen": shown, "pictures_trained_on": trained}
    expected = dict.fromkeys(counted, 0) if is_evaluation else record.counts
    for what, number in counted.items():
        if number != expected.get(what, number):
            text = f"{what} counted in it is {number}, its record says {expected[what]}"
            found.tell(f"{what} of {name}", file, text)
    if (pictures := by_split.total()) != record.item_count:
        text = f"{pictures} rows, its record says that the dataset has {record.item_count} pictures"
        found.tell(f"rows in {name}", file, text)
    elif manifest is not None and by_split != Counter(manifest.counts):
        text = f"pictures by split are {dict(by_split)}, the manifest of its dataset says {dict(manifest.counts)}"
        found.tell(f"splits in {name}", file, text)
    else:
        for what, text in pictures_by.differences(manifest):
            found.tell(f"{what} in {name}", file, text)
    if trained and not texts and record.stage in READS_TEXTS:
        text = f"no caption was shown in it, and {record.stage} learns from captions"
        found.tell(f"captions in {name}", file, text)
    if strangers:
        text = f"{strangers} rows are of another model than {model.stage} {model.version}"
        found.tell(f"strangers in {name}", file, text)


@dataclass
class _PicturesBy:
    """All pictures of a ledger by rule and by archive, which the facts of its dataset's manifest count too."""

    rules: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    without_evidence: int = 0

    def add(self, table: pa.Table) -> None:
        """Some more rows, `held` ones too."""
        archives = pc.list_element(pc.split_pattern(pc.fill_null(table["item_id"], ""), ":", max_splits=1), 0)
        for counter, column in ((self.rules, pc.fill_null(table["rule_id"], "")), (self.sources, archives)):
            for one in pc.value_counts(column).to_pylist():
                counter[one["values"]] += one["counts"]
        self.without_evidence += table["evidence_digest"].null_count

    def differences(self, manifest: Manifest | None) -> Iterator[tuple[str, str]]:
        """The facts that count otherwise, where the manifest tells them."""
        facts = manifest.facts if manifest is not None else {}
        counted = {"sources": self.sources}
        # Lists of before they told the evidence could be written anew beside a manifest that had counted.
        if not self.without_evidence:
            counted["rules"] = self.rules
        for fact, counter in counted.items():
            told = facts.get(fact, counter)
            by = told if isinstance(told, Mapping) else {}
            if by == counter and all(type(number) is int for number in by.values()):
                continue
            one = min((name for name in {*counter, *by} if counter[name] != by.get(name, 0)), default="")
            text = f"{fact}: {counter[one]} pictures of {one!r}, the manifest of its dataset says {by.get(one)!r}"
            yield fact, text


def _united(own: Iterator[pa.Table], other: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """A row for each item of either; where both have it, the one that was trained on, else the first."""
    heads = [(head, rows) for rows in (own, other) if (head := next(rows, None)) is not None]
    while heads:
        bound = min(str(head["item_id"][-1].as_py()) for head, _ in heads)
        ready, left = [], []
        for head, rows in heads:
            is_ready = pc.fill_null(pc.less_equal(head["item_id"], bound), True)
            ready.append(head.filter(is_ready))
            rest = head.filter(pc.invert(is_ready))
            following = rest if rest.num_rows else next(rows, None)
            if following is not None:
                left.append((following, rows))
        heads = left
        both = pa.concat_tables(ready)
        both = both.append_column("later", pc.not_equal(both["relation"], TRAINED_ON))
        # The order of equal rows stays, by which the training comes before the evaluation.
        both = both.sort_by([("item_id", "ascending"), ("later", "ascending")]).combine_chunks()
        items = both["item_id"].combine_chunks()
        is_first = np.concatenate([[True], pc.not_equal(items[1:], items[:-1]).to_numpy(zero_copy_only=False)])
        yield both.filter(pa.array(is_first.astype(np.bool_))).select(OF_TRAINING.names)


def readable_ledgers(chain: Chain, found: Mapping[str, str]) -> list[str]:
    """The folders of the chain whose ledger has the SHA-256 that its record seals; `found` has those of the files."""
    return [
        name
        for name, run in (*chain.models.items(), *chain.evaluations.items())
        if run.outputs.get(layout.CHAIN_LEDGER)
        and found.get(f"{layout.CHAIN}/{name}/{layout.CHAIN_LEDGER}") == run.outputs[layout.CHAIN_LEDGER]
    ]
