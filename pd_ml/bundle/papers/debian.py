"""debian-copyright: which licence which file of the bundle is under, in Debian's machine-readable format (DEP-5).

https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/: of two `Files` paragraphs that match, the later one
counts. Every licence that a paragraph names has its text below.
"""

from collections.abc import Iterable, Mapping, Sequence

from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.files import code_of, licence_of_file, sheet_prints_labels, shows_real_pictures
from pd_ml.bundle.papers.licence import PROJECT, why
from pd_ml.bundle.papers.origins import credited
from pd_ml.bundle.papers.writing import of_things, one_line

FORMAT = "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"


def write(facts: Facts) -> str:
    """A head, a paragraph for each kind of file, a paragraph for each licence."""
    files = list(_files(facts))
    licences = dict.fromkeys(stanza["License"] for stanza in files)
    texts = [_stanza({"License": licence}, _text(licence, facts)) for licence in licences]
    return "\n".join([_stanza(_head(facts)), *map(_stanza, files), *texts])


def _head(facts: Facts) -> dict[str, str]:
    release = facts.release
    head = {
        "Format": FORMAT,
        "Upstream-Name": _value(f"{release.stage} {release.version}, bundle {release.bundle}"),
        "Upstream-Contact": _value(f"{release.provider} <{release.contact}>"),
    }
    if release.download_url:
        head["Source"] = _value(release.download_url)
    return head | {"Comment": why(facts)}


def _files(facts: Facts) -> Iterable[dict[str, str]]:
    """The later paragraph counts: first all files, then those that differ."""
    yield {"Files": "*", "Copyright": _value(facts.release.provider), "License": facts.licence}
    ledgers = f"{layout.LEDGER} {layout.CHAIN}/*/{layout.CHAIN_LEDGER}"
    shown = f" {layout.SAMPLES}" if shows_real_pictures(facts) else ""
    yield {
        "Files": ledgers + shown,
        "Copyright": f"none known: {of_things(facts.counts.seen, 'picture')}, each public domain by a rule",
        "License": licence_of_file(facts, layout.LEDGER),
    }
    if sheet_prints_labels(facts):
        yield {
            "Files": layout.SAMPLES,
            "Copyright": f"{_value(facts.release.provider)}, and the authors of the captions of held-out pictures",
            "License": licence_of_file(facts, layout.SAMPLES),
            "Comment": "The captions may be made of label texts under this licence: the ledger has the page of each "
            "picture that was measured with, and the history of a page names its authors.",
        }
    if facts.counts.attributed:
        yield {
            "Files": layout.ATTRIBUTION,
            "Copyright": ", and ".join(
                ["the authors of the label texts, whom the history of each page names", *map(_value, credited(facts))]
            ),
            "License": licence_of_file(facts, layout.ATTRIBUTION),
        }
    for path in code_of(facts):
        licence = licence_of_file(facts, path)
        yield {"Files": path, "Copyright": f"the authors of {PROJECT}", "License": licence}


def _text(licence: str, facts: Facts) -> Sequence[str]:
    """The lines of a licence's text."""
    if licence == terms.PUBLIC_DOMAIN:
        return _why_public_domain(facts)
    return terms.licence_text(licence).strip("\n").splitlines()


def _why_public_domain(facts: Facts) -> list[str]:
    """`public-domain` is no licence: the format asks for the reason."""
    rules = [f"{one_line(rule)}: {of_things(count, 'picture')}" for rule, count in facts.counts.by_rule.items()]
    return [
        "The list states facts: which pictures a model was trained on or measured with, how often,",
        "and where each is. The pictures that it names were accepted as free of copyright, under the",
        f"profile {one_line(facts.release.profile)} of rule table {one_line(facts.release.ruleset_version)}, each by",
        "the rule in its column rule_id, on the evidence whose digest is in its column evidence_digest:",
        *rules,
        "No licence is claimed on them.",
    ]


def _stanza(fields: Mapping[str, str], text: Sequence[str] = ()) -> str:
    """One paragraph; the lines of `text` go on with its last field, each after a space, an empty one as a dot."""
    lines = [f"{name}: {value}" for name, value in fields.items()]
    # No control: a form feed would end the line for some readers.
    lines += [f" {line.rstrip()}" if line.strip() else " ." for line in text]
    return "\n".join(lines) + "\n"


def _value(text: str) -> str:
    """A field's value, which is never empty."""
    return one_line(text) or "not given"
