"""What holds of the papers for people: each names the licence of every file that is under another than the weights.

Read by nothing of their writers, so that a writer that errs is found as well. Errors: none of its own.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from pd_ml.bundle import layout
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.files import licence_of_file, other_licences, paths
from pd_ml.bundle.paper_problems import Problems

# Below the head of LICENSE the text of the licence begins.
_RULE = "-" * 72


def problems_of_debian(text: str, facts: Facts) -> list[str]:
    """Each file that `debian-copyright` puts under another licence: of paragraphs that match, the last one counts."""
    problems = Problems(layout.DEBIAN)
    told = list(_paragraphs(text))
    for path in paths(facts):
        found = [licence for globs, licence in told if any(fnmatchcase(path, glob) for glob in globs)]
        problems.expect(f"licence of {path}", found[-1] if found else "missing", licence_of_file(facts, path))
    return problems.told


def problems_of_card(text: str, facts: Facts) -> list[str]:
    """Each file under another licence of which no line of `README.md` says so."""
    return _named(layout.CARD, text.splitlines(), facts)


def problems_of_licence_head(text: str, facts: Facts) -> list[str]:
    """Each file under another licence of which no paragraph of the head of `LICENSE` says so."""
    head = text.partition(_RULE)[0]
    return _named(layout.LICENCE, [" ".join(one.split()) for one in re.split(r"\n\s*\n", head)], facts)


def _named(paper: str, parts: list[str], facts: Facts) -> list[str]:
    problems = Problems(paper)
    for path, licence in other_licences(facts).items():
        # Ledgers of the chain are named together.
        name = f"{layout.CHAIN}/" if path.startswith(f"{layout.CHAIN}/") else path
        if not any(name in part and licence in part for part in parts):
            problems.add(f"licence of {path}", "missing", f"{licence} beside its name")
    return problems.told


def _paragraphs(text: str) -> Iterator[tuple[list[str], str]]:
    for stanza in re.split(r"\n[ \t]*\n", text):
        files = re.search(r"^Files:[ \t]*(.*)$", stanza, re.MULTILINE)
        licence = re.search(r"^License:[ \t]*(.*?)[ \t]*$", stanza, re.MULTILINE)
        if files and licence:
            yield [re.sub(r"\[", "[[]", glob) for glob in files[1].split()], licence[1]
