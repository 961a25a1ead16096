"""A whole bundle, signed, and what may be done to one: single mutations, and sealing and signing what was mutated."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from pd_ml.bundle import layout
from pd_ml.bundle.counts import SCHEMA
from pd_ml.bundle.sealing import make_papers
from pd_ml.bundle.signature import sign
from pd_ml.bundle.verify import Verdict
from pd_ml.data.shards import Manifest, read_manifest, sha256_of, write_manifest
from pd_ml.provenance import LEDGER, RUN, TRAINED_ON, RunRecord, _seal_of, digest_of_outputs, parse_run
from tests.pd_ml.bundle import made

Change = Callable[[Path], None]


@dataclass(frozen=True, kw_only=True)
class HandedOut:
    """A bundle of `unet_text`, the key that signed it and that key's public half, and a key of somebody else."""

    folder: Path
    key: Path
    public: Path
    other: Path

    def copy(self, place: Path) -> Path:
        """One that may be changed."""
        return Path(shutil.copytree(self.folder, place, symlinks=True))


def hand_out(place: Path) -> HandedOut:
    """Make one."""
    key, other, public = new_key(place / "key.pem"), new_key(place / "other.pem"), place / "public.pem"
    folder = made.bundle(place / "bundle")
    make_papers(folder)
    sign(folder, key)
    shutil.copy(folder / layout.PUBLIC_KEY, public)
    return HandedOut(folder=folder, key=key, public=public, other=other)


def new_key(path: Path, key: PrivateKeyTypes | None = None, password: bytes | None = None) -> Path:
    """A private key in a file: on P-256 where nothing else is given."""
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    chosen = key or ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(chosen.private_bytes(serialization.Encoding.PEM, form, hidden))
    return path


def told(found: Verdict, file: str, words: str) -> bool:
    """Whether a problem of the file has these words; the file may be named by its end."""
    return any(one.file.endswith(file) and words in one.text for one in found.problems)


def lines(found: Verdict) -> str:
    return "\n".join(str(problem) for problem in found.problems)


# What changes a bundle.


def all_of(*changes: Change) -> Change:
    """One after the other."""

    def change(folder: Path) -> None:
        for one in changes:
            one(folder)

    return change


def rewritten(name: str, before: str, after: str) -> Change:
    """Other words in a text file."""

    def change(folder: Path) -> None:
        path = only(folder, name)
        text = path.read_text()
        assert before in text, f"{before!r} is not in {name}"
        path.write_text(text.replace(before, after, 1))

    return change


def flipped(name: str, at: int = -1) -> Change:
    """One bit of a file."""

    def change(folder: Path) -> None:
        path = only(folder, name)
        content = bytearray(path.read_bytes())
        content[at] ^= 1
        path.write_bytes(content)

    return change


def added(name: str, content: str = "{}\n") -> Change:
    """A file that was not there."""

    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)

    return change


def removed(name: str) -> Change:
    """A file or folder less."""

    def change(folder: Path) -> None:
        path = only(folder, name)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()

    return change


def renamed(name: str, other: str) -> Change:
    """A file by another name."""
    return lambda folder: only(folder, name).replace(folder / other) and None


def linked(name: str) -> Change:
    """A file that is a link to its content elsewhere."""

    def change(folder: Path) -> None:
        path = folder / name
        path.replace(folder.parent / "elsewhere")
        path.symlink_to(folder.parent / "elsewhere")

    return change


def rows_changed(name: str, change_rows: Callable[[pa.Table], pa.Table]) -> Change:
    """Another table in a ledger."""

    def change(folder: Path) -> None:
        path = only(folder, name)
        pq.write_table(change_rows(pq.read_table(path)), path, write_page_checksum=True)

    return change


def with_value(column: str, row: int, value: object) -> Callable[[pa.Table], pa.Table]:
    """A table with another value in one place."""

    def change(table: pa.Table) -> pa.Table:
        values = table[column].to_pylist()
        values[row] = value
        at = table.schema.get_field_index(column)
        return table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))

    return change


def without_row(row: int) -> Callable[[pa.Table], pa.Table]:
    return lambda table: pa.concat_tables([table.slice(0, row), table.slice(row + 1)])


def with_row_of_another_picture(table: pa.Table) -> pa.Table:
    """A picture that no training saw, at the end."""
    row = {**table.slice(table.num_rows - 1).to_pylist()[0], "item_id": "zoo:1", layout.SOURCE: "zoo"}
    return pa.concat_tables([table, pa.Table.from_pylist([row], schema=SCHEMA)])


def with_free_captions(table: pa.Table) -> pa.Table:
    """As if every label text had been free."""
    captions = [[{**one, "licence": layout.CC0} for one in several or ()] for several in table["captions"].to_pylist()]
    at = table.schema.get_field_index("captions")
    return table.set_column(at, table.schema.field(at), pa.array(captions, table.schema.field(at).type))


def sealed_anew(name: str, **fields: object) -> Change:
    """A record with other fields, and a seal over them; that of the model at the top too."""

    def change(folder: Path) -> None:
        seal(only(folder, f"chain/{name}-*/run.json"), fields)
        if (folder / layout.RUN).is_file() and name == "unet_text":
            shutil.copy(only(folder, f"chain/{name}-*/run.json"), folder / layout.RUN)

    return change


def seal(path: Path, fields: Mapping[str, Any]) -> RunRecord:
    found: RunRecord = replace(parse_run(path), **fields)
    found = replace(found, seal=_seal_of(found))
    path.write_text(json.dumps(asdict(found), indent=1, sort_keys=True) + "\n")
    return found


def ledger_of_training_changed(name: str, change_rows: Callable[[pa.Table], pa.Table]) -> Change:
    """Another ledger in the chain, with a record that seals it."""

    def change(folder: Path) -> None:
        rows_changed(f"chain/{name}-*/ledger.parquet", change_rows)(folder)
        record = only(folder, f"chain/{name}-*/run.json")
        digest = sha256_of(record.with_name(LEDGER))
        seal(record, {"outputs": {**parse_run(record).outputs, LEDGER: digest}})
        if name == "unet_text":
            shutil.copy(record, folder / layout.RUN)

    return change


def rows_changed_everywhere(change_row: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    """Other rows in the bundle's ledger and in those of the chain, with records that count and seal them."""

    def change_rows(table: pa.Table) -> pa.Table:
        return pa.Table.from_pylist([change_row(row) for row in table.to_pylist()], schema=table.schema)

    def change(folder: Path) -> None:
        rows_changed(layout.LEDGER, change_rows)(folder)
        for path in sorted(folder.glob("chain/*/ledger.parquet")):
            rows_changed(path.relative_to(folder).as_posix(), change_rows)(folder)
            record = parse_run(path.with_name(RUN))
            learnt = [row for row in pq.read_table(path).to_pylist() if row["relation"] == TRAINED_ON]
            counted = {
                "images_seen": sum(row["times_shown"] or 0 for row in learnt),
                "pictures_trained_on": len(learnt),
            }
            counts = record.counts if record.stage == "evaluate" else {**record.counts, **counted}
            seal(path.with_name(RUN), {"outputs": {**record.outputs, LEDGER: sha256_of(path)}, "counts": counts})
        shutil.copy(only(folder, "chain/unet_text-*/run.json"), folder / layout.RUN)

    return change


def report_changed(change_report: Callable[[dict[str, Any]], None]) -> Change:
    """Another report of the evaluation, with a record that seals it."""

    def change(folder: Path) -> None:
        path = folder / layout.EVALUATION
        report = json.loads(path.read_text())
        change_report(report)
        path.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")
        record = only(folder, "chain/evaluate-*/run.json")
        outputs = {**parse_run(record).outputs, "report.json": sha256_of(path)}
        seal(record, {"outputs": outputs, "digest": digest_of_outputs(outputs)})

    return change


def weights_changed(name: str, content: bytes) -> Change:
    """Another file in the pipeline, with records that name it."""

    def change(folder: Path) -> None:
        path = folder / layout.PIPELINE / name
        path.write_bytes(content)
        record = only(folder, "chain/unet_text-*/run.json")
        outputs = {**parse_run(record).outputs, name: sha256_of(path)}
        digest = digest_of_outputs(outputs)
        seal(record, {"outputs": outputs, "digest": digest})
        shutil.copy(record, folder / layout.RUN)
        evaluation = only(folder, "chain/evaluate-*/run.json")
        inputs = {**parse_run(evaluation).inputs, "unet_text": digest}
        seal(evaluation, {"inputs": inputs})
        report_changed(lambda report: report.update(inputs=inputs))(folder)

    return change


def dataset_changed(change_manifest: Callable[[Manifest], Manifest]) -> Change:
    """Another manifest of the dataset."""

    def change(folder: Path) -> None:
        place = only(folder, "chain/dataset-*")
        write_manifest(place, change_manifest(read_manifest(place)))

    return change


def signature_changed(change_envelope: Callable[[dict[str, Any]], None]) -> Change:
    """Another envelope in the signature."""

    def change(folder: Path) -> None:
        signature = json.loads((folder / layout.SIGNATURE).read_text())
        change_envelope(signature["dsseEnvelope"])
        (folder / layout.SIGNATURE).write_text(json.dumps(signature, separators=(",", ":")))

    return change


def only(folder: Path, name: str) -> Path:
    """The one file of a pattern."""
    (path,) = folder.glob(name)
    return path


def sum_of(path: Path, column: str) -> int:
    return int(pc.sum(pq.read_table(path, columns=[column])[column]).as_py())
