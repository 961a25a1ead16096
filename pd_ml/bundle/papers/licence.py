"""LICENSE: the full text of the licence that the ledger gives the weights, under a head that says what it covers."""

import textwrap

from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.files import code_of, licence_of_file, sheet_prints_labels, shows_real_pictures
from pd_ml.bundle.papers.origins import PRIOR_SYSTEM, credited
from pd_ml.bundle.papers.writing import listed, of_things, one_line

PROJECT = "Public-Domain Diffusion"
NAMES = {
    layout.OPENMDW: "OpenMDW License Agreement, version 1.1",
    layout.CC0: "Creative Commons CC0 1.0 Universal",
    layout.BY_SA: "Creative Commons Attribution-ShareAlike 4.0 International",
    terms.APACHE: "Apache License, Version 2.0",
}
_RULE = "-" * 72


def write(facts: Facts) -> str:
    """The head, a line across, and the text to the letter."""
    return f"{_head(facts)}\n{_RULE}\n\n{terms.licence_text(facts.licence)}"


def why(facts: Facts) -> str:
    """How the licence follows from the ledger, in a sentence."""
    shown = facts.counts.text_showings
    if facts.licence == layout.BY_SA:
        return (
            f"Label texts under {layout.BY_SA} were shown {of_things(shown[layout.BY_SA], 'time')} in training, with "
            f"{of_things(facts.counts.attributed, 'picture')}: the weights are under the same licence, and "
            f"{layout.ATTRIBUTION} attributes every one."
        )
    if not facts.counts.showings:
        return "No picture was learnt from."
    if not any(shown.values()):
        return "No label text was shown in training."
    told = ", ".join(f"{licence} ({of_things(times, 'time')})" for licence, times in shown.items() if times)
    return f"Every label text that was shown in training is free: {told}."


def _head(facts: Facts) -> str:
    release = facts.release
    paragraphs = [
        f"{one_line(release.stage)} {one_line(release.version)}, bundle {one_line(release.bundle)}, of "
        f"{one_line(release.provider)} ({one_line(release.contact)})",
        f"Below is the text of {NAMES[facts.licence]} ({facts.licence}). It covers the weights and their configuration "
        f"in {layout.PIPELINE}/, and everything else in this bundle that is not marked otherwise here or in "
        f"{layout.DEBIAN}.",
        why(facts),
    ]
    if facts.licence == layout.BY_SA:
        paragraphs.append(
            f"Attribution: keep {layout.ATTRIBUTION} with the weights. For each picture whose label text was shown it "
            "gives the page, the revision that was read, the history of the page, which names the authors, and the "
            "licence."
        )
    if thanked := credited(facts):
        paragraphs.append(
            f"Attribution beside it: captions of an earlier system of {one_line(release.provider)} ({PRIOR_SYSTEM}), "
            f"which the history of no page names, are by {listed(thanked)}, under {layout.BY_SA}."
        )
    for path in code_of(facts):
        code_licence = licence_of_file(facts, path)
        paragraphs.append(
            f"{path} is code of {PROJECT} under {NAMES[code_licence]} ({code_licence}), whose text is in "
            f"{layout.DEBIAN}."
        )
    if facts.counts.attributed:
        paragraphs.append(
            f"{layout.ATTRIBUTION} is under {licence_of_file(facts, layout.ATTRIBUTION)}, as the label texts that it "
            "attributes; the texts themselves are not in this bundle."
        )
    if sheet_prints_labels(facts):
        paragraphs.append(
            f"{layout.SAMPLES} prints captions of held-out pictures, which may be made of label texts under "
            f"{layout.BY_SA}: that sheet is under {licence_of_file(facts, layout.SAMPLES)}. {layout.LEDGER} has the "
            "page of each picture that was measured with, and the history of a page names its authors."
        )
    paragraphs.append(
        f"{layout.LEDGER}, and the ledgers in {layout.CHAIN}/, state facts: no licence is claimed on them "
        f"({licence_of_file(facts, layout.LEDGER)})."
    )
    shown = ""
    if shows_real_pictures(facts):
        shown = f" but for those that {layout.SAMPLES} shows ({licence_of_file(facts, layout.SAMPLES)})"
    paragraphs.append(
        f"No licence is claimed on the pictures that the models saw, which are not in this bundle{shown}. Each was "
        f"accepted as free of copyright by a rule on evidence; {layout.LEDGER} names both."
    )
    return "\n\n".join(_wrapped(paragraph) for paragraph in paragraphs) + "\n"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, width=80, break_long_words=False, break_on_hyphens=False)
