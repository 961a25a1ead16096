"""README.md: the model card. The Hub reads its head; then one page for a person; then the numbers in full."""

from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import Facts, Link
from pd_ml.bundle.files import code_of, licence_of_file, sheet_prints_labels, shows_real_pictures
from pd_ml.bundle.kinds import kind_of
from pd_ml.bundle.papers import card_head, memorisation
from pd_ml.bundle.papers.eu_fields import published
from pd_ml.bundle.papers.licence import NAMES, PROJECT, why
from pd_ml.bundle.papers.measured import judge_of, measures
from pd_ml.bundle.papers.sources import is_sandbox, sources
from pd_ml.bundle.papers.stages import (
    context_tokens,
    level_in_words,
    size_in_words,
    snippet,
    takes_prompts,
)
from pd_ml.bundle.papers.writing import bullets, code, listed, number, of_things, said, table


def write(facts: Facts) -> str:
    """The whole card."""
    parts = (
        _page(facts),
        _evaluation(facts),
        f"## Does it hand out its training pictures?\n\n{memorisation.in_full(facts.evaluation)}",
        _limits(facts),
        _chain(facts),
        _marks(facts),
        _rights(facts),
        _files(facts),
    )
    return f"---\n{card_head.head(facts)}---\n" + "\n\n".join(parts) + "\n"


def _page(facts: Facts) -> str:
    """What it is, from what, under which licence, how to check it, how to use it."""
    release = facts.release
    return f"""# {code(release.stage)} {code(release.version)}

**What it is.** {_what(facts)}

**From what.** {_from_what(facts)}

**Under which licence.** The weights: {said(NAMES[facts.licence])} ({code(facts.licence)}), which the ledger decides.
{said(why(facts))} The text is in `{layout.LICENCE}`.

**How to check it.** Offline, on any machine that has `pd_ml`, from *outside* of this folder:

```
python -P -m pd_ml verify FOLDER
```

`FOLDER` is where this bundle lies. Start no Python in a folder that is not checked yet: `python -m` would run a `pd_ml`
that somebody put there, instead of yours. `-P` (Python 3.11 and later) keeps the current folder off Python's path.

{_where_from(facts)}

It compares every byte with `{layout.MANIFEST}` and the signature, and computes every paper again from the ledger. The
signature proves who signed only if the key is theirs: compare the fingerprint of `{layout.PUBLIC_KEY}` that it prints
with what the publisher says elsewhere (a site, a letter), never with what this bundle says.

**How to use it.** With diffusers alone, offline, in this folder, once it is checked:

```python
{snippet(facts)}```

{_first_numbers(facts)}"""


def _where_from(facts: Facts) -> str:
    release = facts.release
    where = f" This bundle is handed out at {said(release.download_url)}." if release.download_url else ""
    return (
        f"`pd_ml` is a Python package of the project {PROJECT}; this bundle was written at its version "
        f"{code(release.project_version)}, commit {code(release.commit)}. `verify` needs Python 3.11 or later, "
        "pyarrow, numpy, cryptography and pillow. This bundle brings no copy of `pd_ml`, so that it does not vouch for "
        f"itself: take it from the project or from somebody whom you trust, or ask the provider.{where}"
    )


def _what(facts: Facts) -> str:
    release, name = facts.release, kind_of(facts.release.stage).name
    made_up = " The pictures that it learnt from are made up, by the project's own sandbox: a demonstration."
    return (
        f"{said(name[:1].upper() + name[1:])}, released on {said(release.released_on)} by {said(release.provider)} "
        f"({said(release.contact)}) as bundle {code(release.bundle)}. Its pictures: {said(size_in_words(facts))}. "
        "Every model that it was made of is named below, and was trained in the same house."
        f"{made_up if is_sandbox(facts) else ''}"
    )


def _from_what(facts: Facts) -> str:
    counts = facts.counts
    archives = listed([f"{said(one.name)} ({one.pictures})" for one in sources(facts)]) or "no archive"
    texts = sum(counts.texts.values())
    with_texts = f", with {of_things(texts, 'caption')} made of label texts" if texts else ", without any text"
    return (
        f"{of_things(counts.pictures, 'picture')} free of copyright, shown {of_things(counts.showings, 'time')}, all "
        f"models together{with_texts}; {of_things(counts.measured, 'picture')} more were only measured "
        f"with. All {counts.seen} come from {archives}. `{layout.LEDGER}` names every one: page, revision, rule, "
        f"evidence, times shown. `{layout.DATASET_CARD}` explains the rules."
    )


def _first_numbers(facts: Facts) -> str:
    """The one number that says most, and the audit's verdict."""
    found = measures(facts.evaluation)
    order = ("kid", "mmd", "enlargement_gain_db")
    chosen = next((one for name in order for one in found if one.metric == name), None)
    lines = []
    if chosen is not None:
        lines.append(
            f"{said(chosen.name)}: {number(chosen.value)}, to be read beside {said(chosen.beside)}"
            + (f" (n {chosen.n})" if chosen.n is not None else "")
        )
    lines += [said(line) for line in memorisation.verdicts(facts.evaluation)]
    return "**How good it is.**\n\n" + (bullets(lines) or "No number of its evaluation is one of quality.")


def _evaluation(facts: Facts) -> str:
    evaluation = facts.evaluation
    rows = [
        [
            said(one.name),
            number(one.value),
            said(one.beside) or "none",
            one.interval or "none",
            "not told" if one.n is None else str(one.n),
        ]
        for one in measures(evaluation)
    ]
    judge = judge_of(evaluation)
    told = [
        f"Made by {code(facts.evaluated.version)} on dataset version {code(facts.evaluated.dataset_version)}; "
        f"pictures asked for: {number(evaluation.get('n_asked'))}, measured: {number(evaluation.get('n'))}."
    ]
    if judge:
        told.append(f"Numbers in CLIP space are comparable only under the same CLIP: {code(judge[:16])}.")
    if evaluation.get("conditioned_on_this_clip") is True:
        told.append("The model was conditioned on that very CLIP, which therefore flatters it.")
    table_of = table(("measure", "value", "beside it: floor or chance", "95% interval", "n"), rows)
    return (
        f"## Evaluation\n\n{' '.join(told)} All of it is in `{layout.EVALUATION}`.\n\n"
        "Each number stands beside its floor (the same measure of real pictures) or beside chance; p is how likely "
        f"chance alone gives as much.\n\n{table_of}"
    )


def _limits(facts: Facts) -> str:
    counts = facts.counts
    lines = [f"Size: {said(size_in_words(facts))}."]
    if takes_prompts(facts):
        lines.append(
            f"Prompts: in {code(facts.release.language)}, as its captions were; other languages were not learnt."
        )
        if tokens := context_tokens(facts):
            lines.append(f"Of a prompt {tokens} tokens are read, begin and end included.")
    lines.append(
        f"It knows what {of_things(counts.pictures, 'picture')} show, and nothing else. Rules keep out what is recent "
        "or not shown to be free, so that what such pictures would show was not learnt."
    )
    lines += [
        f"No better than chance: {said(one.name)}, {number(one.value)} beside {said(one.beside)}"
        + (f" (n {one.n})." if one.n is not None else ".")
        for one in measures(facts.evaluation)
        if one.is_no_better_than_chance
    ]
    lines.append("What the evaluation does not list was not measured: bias, safety and faces among others.")
    return f"## Limits\n\n{bullets(lines)}"


def _chain(facts: Facts) -> str:
    """Each model that this one was made of, itself first."""
    rows = [
        [
            code(link.name),
            str(link.trained_on),
            str(link.measured_with),
            str(link.times_shown),
            ", ".join(f"{said(name)} {count}" for name, count in link.captions.items()) or "none",
            code(link.run.dataset_version),
            _made_of(link, facts),
            said(level_in_words(link.run)),
        ]
        for link in facts.chain
    ]
    head = ("model", "trained on", "measured with", "times shown", "captions shown", "dataset", "made of", "clean room")
    digests = table(("model", "SHA-256"), [[code(link.name), code(link.run.digest)] for link in facts.chain])
    return (
        "## The chain\n\nPictures by model. The clean room is what kept a training from reading anything but its "
        f"inputs: `kernel` means that the operating system's kernel did.\n\n{table(head, rows)}\n\n{digests}\n\n"
        f"The project was at version {code(facts.release.project_version)}, commit {code(facts.release.commit)}."
    )


def _made_of(link: Link, facts: Facts) -> str:
    parents = terms.parents_of(facts, link.run)
    return ", ".join(f"{said(name)} {code(other.name)}" for name, other in parents.items()) or "its dataset"


def _marks(facts: Facts) -> str:
    return (
        "## Marks on its pictures\n\n"
        "The project's own programs mark every picture that they draw as made by a machine: content credentials "
        "(C2PA), a line in its metadata (IPTC digital source type) and, from 256 px, an invisible watermark. Whoever "
        "hands such pictures out leaves the marks in. To have a picture looked at: "
        f"{said(facts.release.detector)}. A program that opens `{layout.PIPELINE}/` by itself, as above, writes no "
        "marks: whoever offers it as a system adds them (Regulation (EU) 2024/1689, Article 50(2))."
    )


def _rights(facts: Facts) -> str:
    release, counts = facts.release, facts.counts
    lines = [f"Weights and configuration (`{layout.PIPELINE}/`) and these papers: {code(facts.licence)}."]
    lines += [f"The code `{path}`: {code(licence_of_file(facts, path))}." for path in code_of(facts)]
    lines.append(
        f"`{layout.LEDGER}`, and the ledgers in `{layout.CHAIN}/`: no licence is claimed on facts "
        f"({code(licence_of_file(facts, layout.LEDGER))})."
    )
    if counts.attributed:
        lines.append(
            f"The label texts under {code(layout.BY_SA)} that were shown are not in this bundle; "
            f"`{layout.ATTRIBUTION}` attributes them, for {of_things(counts.attributed, 'picture')}, and is under "
            f"{code(licence_of_file(facts, layout.ATTRIBUTION))} as they are."
        )
    elif counts.texts:
        lines.append("The label texts that were shown are free; they are not in this bundle.")
    if sheet_prints_labels(facts):
        lines.append(
            f"`{layout.SAMPLES}` prints captions of held-out pictures, which may be made of texts under "
            f"{code(layout.BY_SA)}: that sheet is under {code(licence_of_file(facts, layout.SAMPLES))}."
        )
    sheet = f", but for those that `{layout.SAMPLES}` shows ({code(licence_of_file(facts, layout.SAMPLES))})"
    shown = sheet if shows_real_pictures(facts) else ""
    lines.append(
        f"The pictures that models saw are not in this bundle{shown}: public domain, each by a rule. `{layout.DEBIAN}` "
        "says it by file."
    )
    takedown = (
        f"Who holds rights in a picture writes to {said(release.contact)}. Pictures that the operator had taken down "
        f"by the day of this release: {release.taken_down}; nothing is released while one of them is among those that "
        "its models saw. Weights do not forget: a picture that is taken down later leaves the next version."
    )
    return f"## What the licence covers\n\n{bullets(lines)}\n\n## Takedowns\n\n{takedown}"


def _files(facts: Facts) -> str:
    files = {
        f"{layout.PIPELINE}/": "the weights, as a folder of diffusers",
        layout.LEDGER: "every picture and model: trained on or measured with, times shown, page, revision, evidence",
        f"{layout.CHAIN}/": "the records of each model and dataset version",
        layout.SAMPLES: "a sheet of the evaluation",
        layout.EU_PAGE: "summary of training content in the form of the European Commission's template",
        layout.CALIFORNIA: "documentation of training data, California AB 2013",
        layout.BOM: "bill of materials, CycloneDX",
        layout.SPDX: "the same as SPDX, profiles for AI and datasets",
        layout.CROISSANT: "the ledger as a dataset, Croissant",
        layout.SIGNATURE: "signature over all files",
    }
    rows = [[code(name), words] for name, words in files.items()]
    return f"## Files\n\n{table(('file', 'what it is'), rows)}\n\n{said(published(facts))}"
