"""The papers that machines read: outside validators pass them, their numbers are the ledger's, and what validators let
through, our rules name."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pd_ml.bundle import layout, rules_of_bom, rules_of_croissant, rules_of_spdx, terms
from pd_ml.bundle.facts import Facts, Link, read_facts
from pd_ml.bundle.papers import bom, croissant, spdx, write_papers
from pd_ml.bundle.rules import problems_of_bom, problems_of_croissant, problems_of_spdx
from pd_ml.errors import BundleError
from pd_ml.provenance import INIT_FROM
from tests import validators
from tests.pd_ml.bundle import made

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = {"provider": 'O\'Hara, "Söhne" & <Co>\n\\ \u2028', "contact": 'the "studio" <x>', "training_flop": {}}
WEB = {"contact": 'https://studio.example/a b"<', "download_url": "https://hub.example/o'hara/ü b", "first_used": {}}
PAPERS = {layout.BOM: bom, layout.SPDX: spdx, layout.CROISSANT: croissant}
RULES = {layout.BOM: problems_of_bom, layout.SPDX: problems_of_spdx, layout.CROISSANT: problems_of_croissant}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Bundles with their papers: of several datasets and labels, of free labels alone, of no labels at all."""
    folder = tmp_path_factory.mktemp("bundles")
    found = {
        "several": made.bundle(folder / "several", "unet_text", datasets=2, **HOSTILE),
        "free": made.bundle(folder / "free", "latent_diffusion", labels="cc0", **WEB),
        "upscaler": made.bundle(folder / "upscaler", "super_resolution", labels="none", is_continued=False),
        "alone": made.bundle(folder / "alone", "unet", labels="none", evaluation={}, languages={}, refused={}),
    }
    for one in found.values():
        write_papers(one)
    return found


@pytest.fixture
def facts(bundles: Mapping[str, Path]) -> Facts:
    return read_facts(bundles["several"])


def documents(facts: Facts) -> dict[str, Any]:
    return {name: json.loads(paper.write(facts)) for name, paper in PAPERS.items()}


def problems_of(facts: Facts) -> list[str]:
    return [problem for name, document in documents(facts).items() for problem in RULES[name](document, facts)]


@pytest.mark.parametrize("name", ["several", "free", "upscaler", "alone"])
def test_outside_validators_and_our_rules_pass_the_papers(bundles: Mapping[str, Path], name: str) -> None:
    for check in (validators.cyclonedx, validators.spdx, validators.croissant):
        assert check(bundles[name]) == []
    assert problems_of(read_facts(bundles[name])) == []


def test_the_shapes_of_spdx_pass_the_document(bundles: Mapping[str, Path]) -> None:
    if not validators.SPDX.is_dir():
        pytest.skip("the shapes of SPDX (../shared/reference/spdx) are not beside this repository")
    assert validators.spdx_shapes(bundles["several"], validators.SPDX) == []


def test_the_script_that_knows_nothing_of_us_says_so_of_a_signed_bundle_without_a_network(
    bundles: Mapping[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(bundles["several"], tmp_path / "bundle")
    sign(folder, tmp_path)
    told = by_the_script(folder)
    lines = told.stdout.splitlines()
    assert told.returncode == 0, told.stdout
    passed = [line.split(":")[0] for line in lines if line.endswith(": passes")]
    assert {line.split()[0] for line in passed} == {*PAPERS, layout.DEBIAN, layout.SIGNATURE}
    for name, wrong in ((layout.BOM, '{"bomFormat": "CycloneDX"}'), (layout.SPDX, "{"), (layout.DEBIAN, "Format: x\n")):
        (folder / name).write_text(wrong)
    with (folder / layout.ATTRIBUTION).open("a") as file:
        file.write("\n")
    assert {name.split()[0] for name, wrong, _ in validators.told(folder, tmp_path) if wrong} == {
        *PAPERS,
        layout.DEBIAN,
        layout.SIGNATURE,
    }


def sign(folder: Path, keys: Path) -> None:
    """By the command of model-signing."""
    key = ec.generate_private_key(ec.SECP256R1())
    as_pkcs8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (keys / "key.pem").write_bytes(key.private_bytes(*as_pkcs8))
    as_public = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / layout.PUBLIC_KEY).write_bytes(key.public_key().public_bytes(*as_public))
    command = [sys.executable, "-m", "model_signing", "sign", "key", folder, "--private_key", keys / "key.pem"]
    subprocess.run([*command, "--signature", folder / layout.SIGNATURE], check=True, capture_output=True)


def by_the_script(folder: Path) -> subprocess.CompletedProcess[str]:
    """In a namespace without a network, where this machine lets us have one."""
    alone = (
        ["unshare", "-rn"] if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0 else []
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [*alone, sys.executable, ROOT / "tests" / "validators.py", folder]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)


def test_the_numbers_are_those_of_plain_sql_on_the_ledger(bundles: Mapping[str, Path]) -> None:
    for folder in bundles.values():
        found = documents(read_facts(folder))
        own = found[layout.BOM]["metadata"]["component"]
        told = {one["name"]: one["value"] for one in own["properties"]}
        counts = next(one for one in found[layout.CROISSANT]["recordSet"] if one["@id"] == "counts")["data"]
        assert {one["counts/name"]: one["counts/value"] for one in counts}.items() <= told.items()
        model = next(one for one in found[layout.SPDX]["@graph"] if one["spdxId" if "spdxId" in one else "@id"]
                     .endswith(f"#{own['bom-ref']}"))  # fmt: skip
        entries = model["extension"][0]["extension_cdxProperty"]
        assert {one["extension_cdxPropName"]: one["extension_cdxPropValue"] for one in entries}.items() <= told.items()
        expected = by_sql(folder / layout.LEDGER, own["version"])
        assert {name: told.get(name, "0") for name in expected} == expected


def by_sql(ledger: Path, version: str) -> dict[str, str]:
    """What the papers count, counted by DuckDB."""
    sql = f"""
    with rows as (from '{ledger}'),
    items as (select item_id, bool_or(relation = 'trained_on') as learnt, any_value(split) as split,
                     any_value(rule_id) as rule, any_value(source) as source, any_value(media_host) as host,
                     any_value(size_bytes) as bytes from rows group by item_id),
    shown as (select item_id, stage, version, unnest(captions) as caption from rows where relation = 'trained_on')
    select 'pictures', count(*) filter (learnt) from items
    union all select 'measured', count(*) filter (not learnt) from items
    union all select 'seen', count(*) from items
    union all select 'showings', sum(times_shown) filter (relation = 'trained_on') from rows
    union all select 'attributed', count(distinct item_id) filter (caption.licence = 'CC-BY-SA-4.0') from shown
    union all select 'split:' || split, count(*) from items group by split
    union all select 'rule:' || rule, count(*) from items group by rule
    union all select 'source:' || source, count(*) from items group by source
    union all select 'host_pictures:' || host, count(*) from items group by host
    union all select 'host_bytes:' || host, sum(bytes) from items group by host
    union all select 'text_showings:' || caption.licence, sum(caption.times_shown) from shown group by caption.licence
    union all select 'texts:' || caption.licence, count(distinct (item_id, caption.number)) from shown
              group by caption.licence
    union all select 'model:trained_on', count(*) from rows where relation = 'trained_on' and version = '{version}'
    union all select 'model:measured_with', count(*) from rows
              where relation = 'measured_with' and version = '{version}'
    union all select 'model:captions:' || caption.licence, sum(caption.times_shown) from shown
              where version = '{version}' group by caption.licence
    """
    with duckdb.connect() as connection:
        return {f"pdd:{name}": str(int(count or 0)) for name, count in connection.execute(sql).fetchall()}


def test_the_same_facts_give_the_same_bytes_without_any_library_of_papers(bundles: Mapping[str, Path]) -> None:
    program = (
        "import sys; from pathlib import Path; from pd_ml.bundle.facts import read_facts\n"
        "from pd_ml.bundle.papers import bom, croissant, spdx; import pd_ml.bundle.rules\n"
        "facts = read_facts(Path(sys.argv[1]))\n"
        "sys.stdout.write(bom.write(facts) + spdx.write(facts) + croissant.write(facts))\n"
        "foreign = {'torch', 'cyclonedx', 'spdx_python_model', 'rdflib', 'mlcroissant', 'requests', 'duckdb'}\n"
        "assert not foreign & set(sys.modules), foreign & set(sys.modules)\n"
    )
    facts = read_facts(bundles["several"])
    expected = "".join(paper.write(facts) for paper in PAPERS.values())
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TZ": f"UTC+{seed}"}
        command = [sys.executable, "-c", program, str(bundles["several"])]
        assert subprocess.run(command, capture_output=True, text=True, env=environment).stdout == expected
    assert all(document.isascii() for document in expected.splitlines())


def test_another_bundle_of_the_same_model_has_identifiers_of_its_own(facts: Facts) -> None:
    other = replace(facts, release=replace(facts.release, bundle="fedcba9876543210"))
    assert documents(other)[layout.BOM]["serialNumber"] != documents(facts)[layout.BOM]["serialNumber"]
    assert set(ids(other)).isdisjoint(ids(facts))


@pytest.mark.parametrize(
    ("name", "licence"),
    [("several", layout.BY_SA), ("free", layout.OPENMDW), ("upscaler", layout.OPENMDW), ("alone", layout.OPENMDW)],
)
def test_the_licence_is_the_one_that_the_ledger_decides(bundles: Mapping[str, Path], name: str, licence: str) -> None:
    found = documents(read_facts(bundles[name]))
    (told,) = found[layout.BOM]["metadata"]["component"]["licenses"]
    assert (told["license"].get("id") or told["license"]["name"]) == licence
    if licence == layout.OPENMDW:
        assert (
            told["license"]["text"]["content"] == (Path(layout.__file__).parent / "texts/OpenMDW-1.1.txt").read_text()
        )
    assert found[layout.CROISSANT]["license"][0] == terms.LICENCE_URLS[licence]
    expressions = [one.get("simplelicensing_licenseExpression") for one in found[layout.SPDX]["@graph"]]
    assert terms.in_expression(licence) in expressions


def test_a_warm_start_is_a_descendant_and_has_its_ancestor(facts: Facts, tmp_path: Path) -> None:
    warm = warmed(facts)
    found = documents(warm)
    assert problems_of(warm) == []
    (tmp_path / layout.BOM).write_text(bom.write(warm))
    (tmp_path / layout.SPDX).write_text(spdx.write(warm))
    assert validators.cyclonedx(tmp_path) == [] and validators.spdx(tmp_path) == []
    own = found[layout.BOM]["metadata"]["component"]
    assert "model-unet_text-earlier" in [one["bom-ref"] for one in own["pedigree"]["ancestors"]]
    assert "trained on from an earlier model" in own["description"]
    (relation,) = [one for one in found[layout.SPDX]["@graph"] if one.get("relationshipType") == "descendantOf"]
    assert relation["from"].endswith(f"#{own['bom-ref']}") and relation["to"][0].endswith("#model-unet_text-earlier")


def warmed(facts: Facts) -> Facts:
    """The same, where training had begun from another model."""
    own, *others = facts.chain
    earlier = replace(own, run=replace(own.run, version="earlier", digest="e" * 64))
    run = replace(own.run, inputs={**own.run.inputs, INIT_FROM: earlier.run.digest})
    chain: tuple[Link, ...] = (replace(own, run=run), *others, earlier)
    return replace(facts, chain=chain)


def test_files_of_any_name_keep_valid_papers(facts: Facts, tmp_path: Path) -> None:
    odd = replace(facts, files={'pipeline/a b#"ü%<x>?[1]\\.safetensors': "a" * 64})
    assert problems_of(odd) == []
    (tmp_path / layout.BOM).write_text(bom.write(odd))
    (tmp_path / layout.SPDX).write_text(spdx.write(odd))
    assert validators.cyclonedx(tmp_path) == [] and validators.spdx(tmp_path) == []
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}#[\w/:@!$&'()*+,;=.~%-]+", one) for one in ids(odd))


def ids(facts: Facts) -> list[str]:
    graph = documents(facts)[layout.SPDX]["@graph"]
    return [one["spdxId"] for one in graph if "spdxId" in one]


def test_a_model_whose_dataset_is_missing_is_a_named_error(facts: Facts) -> None:
    for paper in (bom, spdx):
        with pytest.raises(BundleError, match=r"learnt from dataset \w+, expected chain/dataset-"):
            paper.write(replace(facts, datasets={}))


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
        assert any("hasDeclaredLicense is" in one and "exactly one" in one for one in problems_of_spdx(other, facts))
        for shell in (one for one in other["@graph"] if "element" in one):
            shell["element"] = [one["spdxId"] for one in other["@graph"] if "from" in one]
        (tmp_path / layout.SPDX).write_text(json.dumps(other))
        assert validators.spdx(tmp_path) == []


def test_outside_validators_let_much_of_it_pass_even_all_at_once(facts: Facts, bundles: Mapping[str, Path]) -> None:
    folder = bundles["several"]
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
        for wrong in (None, 7, ["x", None], [{"x": [1]}]):
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
