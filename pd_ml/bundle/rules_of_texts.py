"""What holds of the papers for people: each names the licence of the weights that the ledger gives, and that of every
file under another.

Read by nothing of their writers, so that a writer that errs is found as well. Errors: none of its own.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from pd_ml.bundle import layout, terms
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
    """Another licence in the YAML head, where it is `license`, or `license_name` where that is `other`; and each file
    under another licence of which no line of `README.md` says so."""
    head = text.partition("---\n")[2].partition("\n---")[0]
    fields = dict(re.findall(r"^(license|license_name):[ \t]*[\"']?([^\"'\n]*?)[\"']?[ \t]*$", head, re.MULTILINE))
    told = fields.get("license_name" if fields.get("license") == "other" else "license")
    problems = Problems(layout.CARD)
    problems.expect("licence of the weights", told, terms.ON_HUBS[facts.licence])
    return [*problems.told, *_named(layout.CARD, text.splitlines(), facts)]


def problems_of_licence_head(text: str, facts: Facts) -> list[str]:
    """Another licence than the ledger's whose text to the letter is in `LICENSE`, and each file under another licence
    of which no paragraph of its head says so."""
    told = [name for name in terms.ON_HUBS if terms.licence_text(name).strip() in text]
    problems = Problems(layout.LICENCE)
    problems.expect("licence of the weights", told, [facts.licence])
    head = text.partition(_RULE)[0]
    return problems.told + _named(layout.LICENCE, [" ".join(one.split()) for one in re.split(r"\n\s*\n", head)], facts)


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
