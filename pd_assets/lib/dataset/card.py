"""The dataset card: what Hugging Face reads at its head, then what a reader wants to know first."""

import json
from collections.abc import Mapping

from pd_assets.lib.rights.drift import as_markdown
from pd_ml.data import shards
from pd_ml.data.shards import Manifest

# The Hub's names of sizes: https://huggingface.co/docs/hub/datasets-cards
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LARGER = ((10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"))
IN_TABLES = ("rules", "sources", "label_licences")
PAPERS = ("audit", "drift")
TOLD_IN_WORDS = ("skipped", "labels_waiting")
RATES = {
    "false_accepts": "accepted pictures that are not free",
    "false_rejects": "refused pictures that are free",
    "errors": "pictures decided wrongly",
}
LISTED = 20


def card(manifest: Manifest) -> str:
    """The text of README.md."""
    return f"""---
{_metadata(manifest)}
---
# {manifest.name}, version {manifest.version}

Pictures that are free of copyright and need no attribution, each accepted by a rule (`rule_id`) on evidence that is
kept. Captions may carry a licence of their own: `label_licence`.

- digest of the shards: {manifest.digest}
- pictures: {", ".join(f"{manifest.counts[split]} {split}" for split in shards.SPLITS if split in manifest.counts)}
- shards: {len(manifest.shards)}, {sum(info.size_bytes for info in manifest.shards)} bytes
{_facts(manifest.facts)}

{_tables(manifest.facts)}

{_skipped(manifest.facts.get("skipped"))}
{_waiting(manifest.facts.get("labels_waiting"))}
## How sure the decisions are
{_audit(manifest.facts.get("audit"))}

{_drift(manifest.facts.get("drift"))}

## Columns
| column | type | meaning |
|---|---|---|
{_columns()}

## Loading
```python
datasets.load_dataset("path/of/this/folder", split="train", streaming=True)
duckdb.sql("select item_id, caption from 'path/of/this/folder/train-*.parquet'")
```
`manifest.json` has the SHA-256 of every shard, `croissant.json` describes the files and their columns.
"""


def _metadata(manifest: Manifest) -> str:
    splits = [split for split in shards.SPLITS if manifest.counts.get(split)]
    return "\n".join(
        [
            f"pretty_name: {json.dumps(manifest.name)}",
            "license: other",
            "license_name: public-domain-pictures-labels-see-label_licence",
            "task_categories:",
            "- text-to-image",
            "- unconditional-image-generation",
            "tags:",
            "- public-domain",
            "- art",
            "- croissant",
            f"size_categories:\n- {_size(sum(manifest.counts.values()))}",
            "configs:",
            "- config_name: default",
            "  data_files:",
            *[f"  - split: {split}\n    path: {split}-*.parquet" for split in splits],
        ]
    )


def _size(count: int) -> str:
    return next((name for bound, name in (*SIZES, *LARGER) if count < bound), "n>100M")


def _facts(facts: Mapping[str, object]) -> str:
    plain = {name: value for name, value in facts.items() if name not in (*IN_TABLES, *PAPERS, *TOLD_IN_WORDS)}
    return "\n".join(f"- {name}: {value}" for name, value in plain.items())


def _tables(facts: Mapping[str, object]) -> str:
    parts = []
    for name in IN_TABLES:
        counts = facts.get(name)
        if isinstance(counts, Mapping):
            rows = "\n".join(f"| {value} | {count} |" for value, count in counts.items())
            parts.append(f"| {name.replace('_', ' ')} | pictures |\n|---|---|\n{rows}")
    return "\n\n".join(parts)


def _skipped(skipped: object) -> str:
    lines = list(skipped) if isinstance(skipped, list | tuple) else []
    if not lines:
        return "No picture was left out."
    shown = "\n".join(f"- {line}" for line in lines[:LISTED])
    return f"{len(lines)} pictures could not be read and were left out; `manifest.json` lists all.\n{shown}"


def _waiting(count: object) -> str:
    """Labels are read anew every night, and shards are written anew for them a few at a time."""
    if not count:
        return ""
    return f"\nThe labels of {count} pictures have changed since and wait for a later version to take them over.\n"


def _audit(told: object) -> str:
    """The error rates that people found in a blind sample, and how they agree."""
    if not isinstance(told, Mapping):
        return "No audit by people is recorded for this version."
    people = "one person" if told["people"] == 1 else f"{told['people']} people who did not see one another's answers"
    rows = [
        f"| {says} | {rate['share']:.1%} | {rate['low']:.1%} to {rate['high']:.1%} "
        f"| {rate['wrong']} of {rate['judged']} |"
        for name, says in RATES.items()
        if (rate := told.get(name))
    ]
    head = ["| what | rate | 95% interval | wrong of judged |", "|---|---|---|---|"]
    notes = [f"- {note}" for note in told.get("notes") or ()]
    lines = [f"A blind random sample (`{told['sample']}`, profile {told['profile']}) was judged by {people}.", ""]
    return "\n".join([*lines, *head, *rows, "", _agreement(told.get("agreement")), *notes])


def _agreement(agreed: object) -> str:
    if not isinstance(agreed, Mapping):
        return "One person judged: how two people agree is not known."
    kappa = agreed.get("kappa")
    said = "no kappa, as both always gave the same answer"
    if kappa is not None:
        said = f"Cohen's kappa {kappa:.2f} (95% interval {agreed['low']:.2f} to {agreed['high']:.2f})"
    return f"They agree on {agreed['same']} of {agreed['pairs']} pictures: {said}."


def _drift(told: object) -> str:
    """How many accepted pictures lost their ground in the months before this version."""
    lines = [one for one in told if isinstance(one, Mapping)] if isinstance(told, list | tuple) else []
    if not lines:
        return "How many accepted pictures lost their ground is not recorded for this version."
    return f"Accepted pictures that lost their ground, by month and tag:\n\n{as_markdown(lines)}"


def _columns() -> str:
    return "\n".join(f"| `{name}` | {kind} | {says} |" for name, (kind, says) in shards.COLUMNS.items())
