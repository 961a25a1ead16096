"""What outside validators let through, our rules name: each change of a paper by its place."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from pd_ml.bundle import files, layout, rules_of_bom, rules_of_croissant, rules_of_spdx
from pd_ml.bundle.facts import Facts, read_facts
from pd_ml.bundle.papers import card, debian, licence, write_papers
from pd_ml.bundle.rules import problems_of_texts
from tests import validators
from tests.pd_ml.bundle import made
from tests.pd_ml.bundle.papers import RULES, documents


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """Of a bundle with its papers, whose models learnt from two dataset versions."""
    folder = made.bundle(tmp_path_factory.mktemp("bundles") / "several", datasets=2)
    write_papers(folder)
    return read_facts(folder)


# What is changed in which paper, and by which words our rules name it.
Change = tuple[str, str, Any, str]
CHANGES: dict[str, Change] = {
    "a dataset that nothing describes": (
        layout.BOM,
        "metadata.component.modelCard.modelParameters.datasets.0.ref",
        "gone",
        'modelParameters.datasets is "gone"',
    ),
    "a dependency that nothing describes": (layout.BOM, "dependencies.0.dependsOn.0", "gone", 'is "gone"'),
    "a reference used twice": (layout.BOM, "components.0.bom-ref", "same as the model", "used 2 times"),
    "a count of the ledger": (layout.BOM, "metadata.component.properties.6.value", "99999", "pdd:pictures"),
    "a count of a dataset": (
        layout.BOM,
        "components.0.data.0.contents.properties.0.value",
        "9",
        "pdd:dataset:pictures",
    ),
    "a count of an ancestor": (
        layout.BOM,
        "metadata.component.pedigree.ancestors.0.properties.5.value",
        "9",
        "pdd:model:",
    ),
    "a digest of another length": (layout.BOM, "components.0.hashes.0.content", "ab" * 16, "64 hexadecimal digits"),
    "a digest of weights": (layout.BOM, "metadata.component.components.0.hashes.0.content", "a" * 64, "file pipeline/"),
    "another licence": (layout.BOM, "metadata.component.licenses.0.license.id", "CC0-1.0", '["CC0-1.0"]'),
    "a licence of a fact beside": (
        layout.BOM,
        "metadata.component.externalReferences.0.comment",
        "licence: CC-BY-SA-4.0",
        "externalReferences ledger.parquet comment",
    ),
    "no licence": (layout.BOM, "components.0.licenses", [], "licenses is"),
    "data that is no dataset": (layout.BOM, "components.0.data", [], "an entry of type dataset"),
    "a metric": (
        layout.BOM,
        "metadata.component.modelCard.quantitativeAnalysis.performanceMetrics.0.value",
        "1",
        "Metrics",
    ),
    "an interval": (
        layout.BOM,
        "metadata.component.modelCard.quantitativeAnalysis.performanceMetrics.1.confidenceInterval",
        {"lowerBound": "7", "upperBound": "8"},
        "one around the value",
    ),
    "an ancestor less": (layout.BOM, "metadata.component.pedigree.ancestors", [], "pedigree.ancestors"),
    "the day": (layout.BOM, "metadata.timestamp", "2020-01-01T00:00:00Z", "metadata.timestamp"),
    "no supplier": (layout.SPDX, "ai_AIPackage.suppliedBy", None, "suppliedBy is"),
    "no version": (layout.SPDX, "ai_AIPackage.software_packageVersion", None, "software_packageVersion is"),
    "no day of release": (layout.SPDX, "ai_AIPackage.releaseTime", None, "releaseTime is"),
    "no origin": (layout.SPDX, "dataset_DatasetPackage.originatedBy", None, "originatedBy is"),
    "no name": (layout.SPDX, "Organization.name", None, "name is"),
    "a digest that is none": (layout.SPDX, "software_File.verifiedUsing.0.hashValue", "xyz", "64 hexadecimal digits"),
    "a size": (layout.SPDX, "dataset_DatasetPackage.dataset_datasetSize", 7, "dataset_datasetSize is 7"),
    "a count": (
        layout.SPDX,
        "ai_AIPackage.extension.0.extension_cdxProperty.0.extension_cdxPropValue",
        "9",
        "pdd:model:trained_on",
    ),
    "another expression": (
        layout.SPDX,
        "simplelicensing_LicenseExpression.simplelicensing_licenseExpression",
        "MIT",
        "hasDeclaredLicense",
    ),
    "no text of a licence": (
        layout.SPDX,
        "simplelicensing_SimpleLicensingText.simplelicensing_licenseText",
        "",
        "with the text of this licence",
    ),
    "another relation": (layout.SPDX, "Relationship.relationshipType", "other", "expected"),
    "a word of RAI": (layout.CROISSANT, "rai:dataBias", ["x"], "one of the 20 words"),
    "a word of PROV-O": (layout.CROISSANT, "prov:wasDerivedFrm", [], "words of PROV-O"),
    "a list for a text": (layout.CROISSANT, "rai:dataCollection", ["x"], "expected a text"),
    "another licence of the ledger": (layout.CROISSANT, "license", ["https://x.example/"], "license is"),
    "an instant that nobody knows": (
        layout.CROISSANT,
        "prov:wasGeneratedBy",
        {"prov:label": "x", "prov:startedAtTime": "2026-11-30T00:00:00Z"},
        'words of PROV-O is "prov:startedAtTime"',
    ),
    "another licence of a file": (
        layout.CROISSANT,
        "distribution.0.description",
        "rows; licence: CC0-1.0",
        "one with licence: public-domain",
    ),
    "a digest of a manifest": (layout.CROISSANT, "distribution.2.sha256", "a" * 64, "distribution chain/dataset-"),
    "no page of a row": (layout.CROISSANT, "recordSet.1.field.9.equivalentProperty", "x", "ledger page_url"),
    "a count in the description": (layout.CROISSANT, "recordSet.4.data.0.counts/value", "9", "pdd:pictures"),
    "a count of a version": (layout.CROISSANT, "recordSet.3.data.0.datasets/train", 9, "train is 9"),
    "a field that nothing describes": (
        layout.CROISSANT,
        "recordSet.1.field.0.source.fileObject.@id",
        "gone",
        "reference to a fileObject",
    ),
}
LOOSER = {
    layout.BOM: {
        "a dataset that nothing describes",
        "a dependency that nothing describes",
        "a count of the ledger",
        "a digest of another length",
        "another licence",
        "data that is no dataset",
        "an interval",
    },
    layout.SPDX: {
        "no supplier",
        "no version",
        "no day of release",
        "no origin",
        "no name",
        "another expression",
    },
    layout.CROISSANT: {"a word of RAI", "a word of PROV-O", "another licence of the ledger", "a count of a version"},
}


@pytest.mark.parametrize("what", CHANGES)
def test_our_rules_name_what_is_wrong(facts: Facts, what: str) -> None:
    paper, place, value, words = CHANGES[what]
    document = changed(documents(facts)[paper], place, value)
    problems = RULES[paper](document, facts)
    assert any(words in problem for problem in problems), problems
    assert all(problem.startswith(f"{paper}: ") and ", expected " in problem for problem in problems)


def test_a_package_with_two_licences_or_none_is_named_and_the_loader_lets_it_pass(facts: Facts, tmp_path: Path) -> None:
    document = documents(facts)[layout.SPDX]
    graph = document["@graph"]
    (index, first), *_ = [
        (i, one) for i, one in enumerate(graph) if one.get("relationshipType") == "hasDeclaredLicense"
    ]
    for several in ([first, {**first, "spdxId": f"{first['spdxId']}-again"}], []):
        other = {**document, "@graph": [*graph[:index], *several, *graph[index + 1 :]]}
        assert any("hasDeclaredLicense is" in one and "exactly one" in one for one in RULES[layout.SPDX](other, facts))
        for shell in (one for one in other["@graph"] if "element" in one):
            shell["element"] = [one["spdxId"] for one in other["@graph"] if "from" in one]
        (tmp_path / layout.SPDX).write_text(json.dumps(other))
        assert validators.spdx(tmp_path) == []


def test_one_file_under_two_licences_is_named_whichever_paper_errs(facts: Facts) -> None:
    """The pipeline's code is Apache-2.0 in each paper; a paper that gives it the weights' licence is found."""
    found = documents(facts)
    parts = found[layout.BOM]["metadata"]["component"]["components"]
    code = next(one for one in parts if one["name"] == "pipeline/pipeline.py")
    assert code["licenses"][0]["license"]["id"] == "Apache-2.0"
    code["licenses"] = parts[0]["licenses"]
    assert any("pipeline.py licenses is" in one for one in RULES[layout.BOM](found[layout.BOM], facts))
    graph = found[layout.SPDX]["@graph"]
    for path, name in files.other_licences(facts).items():
        of_file = [one for one in graph if "License" in one.get("relationshipType", "") and one["from"].endswith(path)]
        assert len(of_file) == (0 if path.startswith("chain/") else 2)
        for one in of_file:
            assert one["to"][0].endswith(f"#licence-{name}")
            kept, one["to"] = one["to"], [one["to"][0].replace(name, "CC-BY-SA-4.0")]
            assert any("expected" in told and path in told for told in RULES[layout.SPDX](found[layout.SPDX], facts))
            one["to"] = kept
    for name, write in {layout.CARD: card.write, layout.LICENCE: licence.write, layout.DEBIAN: debian.write}.items():
        text = write(facts)
        assert problems_of_texts(name, text, facts) == []
        told = problems_of_texts(name, text.replace("Apache-2.0", "CC-BY-SA-4.0"), facts)
        assert len(told) == 1 and told[0].startswith(f"{name}: licence of pipeline/pipeline.py is "), told
        assert any("licence of ledger.parquet" in one for one in problems_of_texts(name, "", facts))


def test_outside_validators_let_much_of_it_pass_even_all_at_once(facts: Facts) -> None:
    folder = facts.folder
    checks = {layout.BOM: validators.cyclonedx, layout.SPDX: validators.spdx, layout.CROISSANT: validators.croissant}
    for paper, several in LOOSER.items():
        document = documents(facts)[paper]
        for what in several:
            _, place, value, _ = CHANGES[what]
            changed(document, place, value)
        whole = (folder / paper).read_text()
        try:
            (folder / paper).write_text(json.dumps(document))
            assert checks[paper](folder) == []
        finally:
            (folder / paper).write_text(whole)


def changed(document: dict[str, Any], place: str, value: object) -> dict[str, Any]:
    """The document with another value at a place; in SPDX the first element of that type; None takes it away."""
    *inner, last = place.split(".")
    node: Any = document
    if "@graph" in document:
        kind = inner.pop(0)
        node = next(one for one in document["@graph"] if one["type"] == kind)
    for name in inner:
        node = node[int(name) if isinstance(node, list) else name]
    key = int(last) if isinstance(node, list) else last
    if value is None:
        del node[key]
    else:
        node[key] = document["metadata"]["component"]["bom-ref"] if value == "same as the model" else value
    return document


def test_every_count_that_is_changed_is_named(facts: Facts) -> None:
    for name, key in (
        (layout.BOM, "value"),
        (layout.SPDX, "extension_cdxPropValue"),
        (layout.CROISSANT, "counts/value"),
    ):
        document = documents(facts)[name]
        counts = [one for one in every_object(document) if key in one and str(one[key]).isdecimal()]
        assert len(counts) > 20
        for one in counts:
            kept, one[key] = one[key], f"1{one[key]}"
            assert RULES[name](document, facts), one
            one[key] = kept


def every_object(value: object) -> list[dict[str, Any]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [*([value] if isinstance(value, dict) else []), *(found for one in inner for found in every_object(one))]


def test_a_document_of_any_shape_gives_sentences_and_no_error(facts: Facts) -> None:
    bare = {
        layout.BOM: rules_of_bom.problems_of_bom,
        layout.SPDX: rules_of_spdx.problems_of_spdx,
        layout.CROISSANT: rules_of_croissant.problems_of_croissant,
    }
    for name, document in documents(facts).items():
        rule = bare[name]
        assert rule({}, facts)
        for wrong in (7, ["x", None], [{"x": [1]}]):
            for one in [document, *every_object(document)[1::29]]:
                for key in list(one):
                    kept, one[key] = one[key], wrong
                    rule(document, facts)
                    one[key] = kept


def test_facts_that_no_paper_can_be_made_of_are_a_sentence_of_every_paper(facts: Facts, tmp_path: Path) -> None:
    gone = replace(facts, folder=tmp_path)
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"x": deep}
    for name, document in documents(facts).items():
        (problem,) = RULES[name](document, gone)
        assert problem.startswith(f"{name}: it cannot be held against the facts (FileNotFoundError: ")
        assert RULES[name](deep, facts)
        (problem,) = RULES[name](cast(Mapping[str, Any], []), facts)
        assert problem == f"{name}: the document is of type list, expected an object"
