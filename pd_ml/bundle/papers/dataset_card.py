"""DATASET.md: what the models learnt from or were measured with, by the manifests of the datasets and the ledger."""

from collections.abc import Mapping

from pd_ml.bundle import layout
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.papers.origins import origins
from pd_ml.bundle.papers.processing import steps
from pd_ml.bundle.papers.rules_in_words import refused_rows, rule_rows
from pd_ml.bundle.papers.sources import host_rows, is_sandbox, language_name, sources
from pd_ml.bundle.papers.stages import dataset_versions, use_in_words
from pd_ml.bundle.papers.writing import bullets, code, number, of_things, percent, said, table
from pd_ml.data.shards import SPLITS, Manifest

_RATES = {
    "false_accepts": "accepted pictures that are not free",
    "false_rejects": "refused pictures that are free",
    "errors": "pictures decided wrongly",
}

_COUNTS = {"rules": "rule", "sources": "source", "label_licences": "strictest licence of the captions"}


def write(facts: Facts) -> str:
    """The page: the ledger's numbers first, then each version."""
    versions = dataset_versions(facts)
    parts = [_head(facts), _sources(facts), _rules(facts), _labels(facts), _audit(facts)]
    parts += [_version(facts, version) for version in versions]
    return "\n\n".join([*parts, _rebuild(versions)]) + "\n"


def _head(facts: Facts) -> str:
    counts = facts.counts
    made_up = "\n\nThe pictures are made up: they come from the project's own sandbox." if is_sandbox(facts) else ""
    return (
        f"# The pictures behind {code(facts.model.name)}\n\n"
        f"Counted in `{layout.LEDGER}`, over all models of the chain: {of_things(counts.seen, 'picture')}, of which "
        f"{counts.pictures} were trained on (shown {of_things(counts.showings, 'time')}, all models together) and "
        f"{counts.measured} only measured with. Split, archive, host "
        "and rule are counted over both. The ledger says "
        f"where each is, which rule accepted it, at which revision of its page, and on which evidence.{made_up}\n\n"
        + table(("split", "pictures"), [[said(split), str(count)] for split, count in counts.by_split.items()])
    )


def _sources(facts: Facts) -> str:
    archives = [[said(one.name), code(one.source_id), str(one.pictures)] for one in sources(facts)]
    hosts = [[code(str(row["domain"])), str(row["pictures"]), str(row["size_bytes"])] for row in host_rows(facts)]
    days = f"{said(facts.counts.first_day or 'unknown')} to {said(facts.counts.last_day or 'unknown')}"
    return "\n\n".join(
        [
            "## Where they come from",
            table(("archive", "in the ledger", "pictures"), archives),
            table(("host of the files", "pictures", "bytes"), hosts),
            f"Days on which evidence was first seen: {days}.",
        ]
    )


def _rules(facts: Facts) -> str:
    release = facts.release
    parts = [
        "## Why they are free of copyright",
        f"Table of rules {code(release.ruleset_version)}, profile {code(release.profile)}: what no rule accepts is not "
        "learnt from.",
        table(("rule", "meaning", "pictures"), rule_rows(facts.counts.by_rule)),
    ]
    if refused := refused_rows(facts):
        parts += ["Items of the archives that were kept out:", table(("verdict", "rule", "meaning", "items"), refused)]
    return "\n\n".join([*parts, f"Pictures that the operator took down: {release.taken_down}."])


def _labels(facts: Facts) -> str:
    counts, release = facts.counts, facts.release
    parts = ["## Label texts"]
    if not counts.texts:
        return "\n\n".join([*parts, "No label text was shown in training."])
    rows = [[said(name), str(count), str(counts.text_showings.get(name, 0))] for name, count in counts.texts.items()]
    parts += [
        f"Captions are made of label texts, by the policy {code(release.labels)}, in {code(release.language)}. Shown "
        "in training, each counted once for its picture:",
        table(("licence", "captions", "times shown"), rows),
        origins(facts),
    ]
    if counts.attributed:
        parts.append(
            f"Pictures with a shown caption under {layout.BY_SA}: {counts.attributed}, each with its page in "
            f"`{layout.ATTRIBUTION}`."
        )
    if release.languages:
        fields = [[code(language_name(language)), str(count)] for language, count in sorted(release.languages.items())]
        parts.append(table(("language of the label fields", "fields"), fields))
    return "\n\n".join(parts)


def _audit(facts: Facts) -> str:
    """The error rates that people found in a blind sample."""
    told = facts.release.audit
    parts = ["## How sure the decisions are"]
    rows = [
        [
            words,
            percent(rate.get("share")),
            f"{percent(rate.get('low'))} to {percent(rate.get('high'))}",
            f"{number(rate.get('wrong'))} of {number(rate.get('judged'))}",
        ]
        for name, words in _RATES.items()
        if isinstance(rate := told.get(name), Mapping)
    ]
    if not rows:
        return "\n\n".join([*parts, "No audit of the decisions by people is recorded for this release."])
    parts += ["A blind random sample was judged by people:", table(("what", "rate", "95% interval", "wrong"), rows)]
    return "\n\n".join(parts)


def _version(facts: Facts, version: str) -> str:
    title = f"## Dataset version {code(version)}\n\n{use_in_words(facts, version)}"
    manifest = facts.datasets.get(version)
    if manifest is None:
        return f"{title} Its manifest is not in this bundle."
    return "\n\n".join(
        [title, _digests(manifest), _facts(manifest), "How it was made ready:", bullets(steps(manifest))]
    )


def _digests(manifest: Manifest) -> str:
    splits = [f"{manifest.counts[split]} {split}" for split in SPLITS if split in manifest.counts]
    size = sum(info.size_bytes for info in manifest.shards)
    return bullets(
        [
            f"name: {code(manifest.name)}",
            f"pictures in it: {', '.join(splits)}",
            f"files: {of_things(len(manifest.shards), 'shard')}, {size} bytes",
            f"digest of the shards: {code(manifest.digest)}",
        ]
    )


def _facts(manifest: Manifest) -> str:
    """Counts that the manifest itself gives of all pictures in it, whatever was shown of them."""
    parts = []
    for name, head in _COUNTS.items():
        counts = manifest.facts.get(name)
        if isinstance(counts, Mapping) and counts:
            parts.append(table((head, "pictures in it"), [[code(str(key)), number(n)] for key, n in counts.items()]))
    return "\n\n".join(parts) or "Its manifest gives no further counts."


def _rebuild(versions: list[str]) -> str:
    commands = "\n".join(
        f"pdd rebuild --manifest {layout.CHAIN}/dataset-{version}/{layout.DATASET_MANIFEST} --out dataset-{version}"
        for version in map(_file_name, versions)
    )
    return (
        "## How to make it again\n\n"
        "The home of the platform that exported a version can export it again, and so can one that has the list of its "
        "pictures (`pictures.arrow`, beside the manifest) and has read the archives. That list is not in this "
        "bundle: the command is for the publisher, and for whom the publisher gave the list. What the archive no "
        f"longer has, or has otherwise, is listed:\n\n```\n{commands}\n```\n\n"
        f"Whoever has this bundle alone finds in `{layout.LEDGER}` the page and revision of every picture that a model "
        "saw, and the SHA-256 of its file as it was stored and as the models read it: each can be fetched and looked "
        "at by itself."
    )


def _file_name(version: str) -> str:
    """Versions are 16 hexadecimal digits; whatever else one says is no part of a command."""
    return "".join(one for one in version if one.isalnum() or one in "-_.")
