"""The rules that the papers of a bundle keep and outside validators do not know.

Each function takes a paper, as parsed JSON or as text, and the facts that it is about, and gives a sentence for every
rule that does not hold: the place, what was found, what was expected. A document of another shape gives sentences too,
never an error.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pd_ml.bundle import layout, rules_of_bom, rules_of_croissant, rules_of_spdx, rules_of_texts
from pd_ml.bundle.facts import Facts

_Rule = Callable[[Mapping[str, Any], Facts], list[str]]


def problems_of_bom(document: Mapping[str, Any], facts: Facts) -> list[str]:
    """What does not hold of `bom.cdx.json`."""
    return _held(layout.BOM, rules_of_bom.problems_of_bom, document, facts)


def problems_of_spdx(document: Mapping[str, Any], facts: Facts) -> list[str]:
    """What does not hold of `spdx.jsonld`."""
    return _held(layout.SPDX, rules_of_spdx.problems_of_spdx, document, facts)


def problems_of_croissant(document: Mapping[str, Any], facts: Facts) -> list[str]:
    """What does not hold of `croissant.json`."""
    return _held(layout.CROISSANT, rules_of_croissant.problems_of_croissant, document, facts)


def problems_of_texts(paper: str, text: str, facts: Facts) -> list[str]:
    """What does not hold of a paper for people: `debian-copyright`, `LICENSE` or `README.md`."""
    try:
        return _OF_TEXTS[paper](text, facts)
    except Exception as error:
        return [_not_held(paper, error)]


_OF_TEXTS: Mapping[str, Callable[[str, Facts], list[str]]] = {
    layout.DEBIAN: rules_of_texts.problems_of_debian,
    layout.LICENCE: rules_of_texts.problems_of_licence_head,
    layout.CARD: rules_of_texts.problems_of_card,
}
TEXTS = tuple(_OF_TEXTS)


def _held(paper: str, rule: _Rule, document: object, facts: Facts) -> list[str]:
    """Facts of other types, files that are gone and documents without end are faults of the bundle, and not of ours."""
    if not isinstance(document, Mapping):
        return [f"{paper}: the document is of type {type(document).__name__}, expected an object"]
    try:
        return rule(document, facts)
    except Exception as error:
        return [_not_held(paper, error)]


def _not_held(paper: str, error: Exception) -> str:
    told = f"{type(error).__name__}: {error}"
    return f"{paper}: it cannot be held against the facts ({told}), expected a whole bundle; fetch it again"
