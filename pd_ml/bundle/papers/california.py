"""ca-ab2013.md: what California asks about the datasets of a generative system (AB 2013, Civil Code 3110 and 3111).

Twelve items, in the law's order. There "train" includes testing and validating: held-out pictures count.
"""

from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.kinds import kind_of
from pd_ml.bundle.papers.origins import brought, origins
from pd_ml.bundle.papers.processing import steps
from pd_ml.bundle.papers.rules_in_words import refused_persons, refused_rows, rule_rows
from pd_ml.bundle.papers.sources import is_sandbox, sources
from pd_ml.bundle.papers.stages import dataset_versions, use_in_words
from pd_ml.bundle.papers.writing import bullets, code, of_things, said, table

ITEMS = (
    "The sources or owners of the datasets",
    "How the datasets further the intended purpose of the system",
    "The number of data points in the datasets",
    "The types of data points within the datasets",
    "Whether the datasets include data protected by copyright, trademark or patent, or are entirely public domain",
    "Whether the datasets were purchased or licensed by the developer",
    "Whether the datasets include personal information",
    "Whether the datasets include aggregate consumer information",
    "Cleaning, processing or other modification of the datasets, and its intended purpose",
    "The time period during which the data were collected, and whether collection is ongoing",
    "The dates on which the datasets were first used during development",
    "Whether the system used or continuously uses synthetic data generation in its development",
)


def write(facts: Facts) -> str:
    """The page."""
    answers = (
        _sources(facts),
        _purposes(facts),
        _data_points(facts),
        _types(facts),
        _protected(facts),
        _licensed(facts),
        _personal(facts),
        "No.",
        _processing(facts),
        _period(facts),
        _first_used(facts),
        _synthetic(facts),
    )
    release = facts.release
    items = [f"## {n}. {asks}\n\n{answer}" for n, (asks, answer) in enumerate(zip(ITEMS, answers, strict=True), 1)]
    head = (
        "# Documentation of training data (California AB 2013)\n\n"
        f"Of {code(release.stage)} {code(release.version)} and all models that it was made of, bundle "
        f"{code(release.bundle)}, released on {said(release.released_on)} by {said(release.provider)} "
        f"({said(release.contact)}). As the law has it (Civil Code 3110), training includes testing and validating: "
        "the numbers below are of all pictures that any of these models was trained on or measured with."
    )
    return "\n\n".join([head, *items]) + "\n"


def _sources(facts: Facts) -> str:
    rows = [
        [said(one.name), code(one.source_id), said(one.url or "no address of its own"), str(one.pictures)]
        for one in sources(facts)
    ]
    text = table(("archive", "in the ledger", "address", "pictures"), rows)
    if is_sandbox(facts):
        text += "\n\nThese pictures are made up: they come from the project's own sandbox, on the developer's machine."
    return " ".join([f"{text}\n\nEach picture's page is in `{layout.LEDGER}`.", *filter(None, [origins(facts)])])


def _purposes(facts: Facts) -> str:
    return bullets(f"{code(link.name)}: {said(kind_of(link.run.stage).purpose)}." for link in facts.chain)


def _data_points(facts: Facts) -> str:
    counts = facts.counts
    texts = sum(counts.texts.values())
    splits = table(("split", "pictures"), [[said(split), str(count)] for split, count in counts.by_split.items()])
    return (
        f"{of_things(counts.seen, 'picture')}, counted in the ledger: {counts.pictures} that the models were trained "
        f"on, and {counts.measured} that they were only measured with.\n\n{splits}\n\n"
        f"Captions that were shown in training, each counted once for its picture: {texts}."
    )


def _types(facts: Facts) -> str:
    counts = facts.counts
    grounds = table(("ground of acceptance", "meaning", "pictures"), rule_rows(counts.by_rule))
    if not counts.texts:
        return f"Pictures without labels. By the ground on which each was accepted:\n\n{grounds}"
    licences = table(
        ("licence of the caption", "captions", "times shown"),
        [[said(name), str(count), str(counts.text_showings.get(name, 0))] for name, count in counts.texts.items()],
    )
    return (
        f"Pictures with labels: captions, made of label texts, in {code(facts.release.language)}."
        f"\n\n{licences}\n\nThe pictures, by the ground on which each was accepted:\n\n{grounds}"
    )


def _protected(facts: Facts) -> str:
    by_sa = facts.counts.texts.get(layout.BY_SA, 0)
    texts = (
        f"The label texts are not all in the public domain: {of_things(by_sa, 'caption')} made of texts under "
        f"{layout.BY_SA} {'is' if by_sa == 1 else 'are'} protected by copyright and used under that licence; "
        f"`{layout.ATTRIBUTION}` attributes them."
        if by_sa
        else "No label text that was shown is under a licence with conditions."
    )
    return (
        f"The pictures are in the public domain, or dedicated to it, as the rules of profile "
        f"{code(facts.release.profile)} understand it: {of_things(facts.counts.seen, 'picture')}. {texts} Whether "
        "pictures show trademarks, or things under a patent, was not checked."
    )


def _licensed(facts: Facts) -> str:
    used = [name for name in facts.counts.texts if name == layout.BY_SA]
    return "Nothing was purchased, and no licence was bought. " + (
        f"Label texts are used under their public licence, {used[0]}." if used else "No picture or text needed one."
    )


def _personal(facts: Facts) -> str:
    return (
        "It may: label texts may name the maker of a picture and whoever it shows, and pictures may show people. Rules "
        "keep out pictures of people who live or may live: "
        f"{of_things(refused_persons(facts), 'item')} of the archives by that ground. Nobody searched for personal "
        "information otherwise."
    )


def _processing(facts: Facts) -> str:
    parts = []
    for version in dataset_versions(facts):
        if manifest := facts.datasets.get(version):
            name = f"Dataset {code(manifest.name)}, version {code(version)}. {use_in_words(facts, version)}"
            parts.append(f"{name}\n\n{bullets(steps(manifest))}")
    kept_out = refused_rows(facts)
    if kept_out:
        parts.append(
            "Items of the archives that were not accepted, so that only what is free of copyright is learnt from:\n\n"
            + table(("verdict", "rule", "meaning", "items"), kept_out)
        )
    return "\n\n".join(parts) or "Not recorded."


def _period(facts: Facts) -> str:
    counts = facts.counts
    days = f"{said(counts.first_day or 'unknown')} to {said(counts.last_day or 'unknown')}"
    ongoing = "is ongoing: archives are read again" if facts.release.is_continued else "has ended"
    return f"Evidence was first seen from {days}. Collection {ongoing}; this release does not change by it."


def _synthetic(facts: Facts) -> str:
    told = f"Not known of all texts. {origins(facts)} Otherwise no" if brought(facts) else "No"
    return (
        f"{told}: this project generates no picture and no text to train on, and what the rules recognise as made by a "
        "machine is not accepted."
    )


def _first_used(facts: Facts) -> str:
    """When a version was finished is the most that is known: no day of a training is."""
    rows = []
    for version in dataset_versions(facts):
        manifest = facts.datasets.get(version)
        day = terms.built_on(manifest) if manifest else ""
        told = f"finished on {day}, not used before" if day else terms.NOT_RECORDED
        rows.append([code(version), told, use_in_words(facts, version)])
    return table(("dataset version", "first used", "by"), rows)
