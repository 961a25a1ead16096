"""What holds of `spdx.jsonld` beside the shapes of SPDX, which let a package without supplier or licence pass.

What must be there by the text of the specification: https://spdx.github.io/spdx-spec/v3.0.1/model/AI/Classes/AIPackage/
and, of licences, the conformance points of its profiles. It asks for `builtTime` too, which older datasets do not tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.files import digest_of_fact, licence_of_file, manifest_path
from pd_ml.bundle.paper_problems import Problems, entries, items, members, objects
from pd_ml.provenance import INIT_FROM

MODEL, DATASET, FILE = "ai_AIPackage", "dataset_DatasetPackage", "software_File"
CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
PROFILES = ("ai", "core", "dataset", "simpleLicensing", "software")
REQUIRED: Mapping[str, tuple[str, ...]] = {
    MODEL: (
        "name",
        "suppliedBy",
        "software_downloadLocation",
        "software_packageVersion",
        "software_primaryPurpose",
        "releaseTime",
        "verifiedUsing",
    ),
    DATASET: (
        "name",
        "originatedBy",
        "software_downloadLocation",
        "software_primaryPurpose",
        "dataset_datasetType",
        "releaseTime",
        "verifiedUsing",
    ),
    FILE: ("name", "verifiedUsing"),
    "Organization": ("name",),
    "Relationship": ("from", "to", "relationshipType", "completeness"),
    "SpdxDocument": ("rootElement", "element", "profileConformance", "dataLicense"),
    "software_Sbom": ("rootElement", "element", "software_sbomType"),
    "simplelicensing_LicenseExpression": ("simplelicensing_licenseExpression",),
    "simplelicensing_SimpleLicensingText": ("simplelicensing_licenseText",),
}
PURPOSES = {MODEL: "model", DATASET: "data"}
# What refers to elements.
_REFERENCES = ("createdBy", "createdUsing", "creationInfo", "dataLicense", "element", "from", "originatedBy")
_MORE_REFERENCES = ("rootElement", "suppliedBy", "to")


def problems_of_spdx(document: Mapping[str, Any], facts: Facts) -> list[str]:
    """Every rule of an SPDX document that does not hold, as a sentence."""
    problems = Problems(layout.SPDX)
    graph = entries(document.get("@graph"))
    base = terms.urn(facts, layout.SPDX)
    by_id = {str(one.get("spdxId") or one.get("@id")): one for one in graph}
    problems.expect("@context", document.get("@context"), CONTEXT)
    problems.expect_once("spdxId", [str(one.get("spdxId") or one.get("@id")) for one in graph])
    _creation(problems, graph, facts)
    _shell(problems, graph, by_id)
    for one in graph:
        _element(problems, one)
    _references(problems, graph, by_id)
    named = {name.removeprefix(f"{base}#"): one for name, one in by_id.items()}
    relations = _relations(graph, base)
    _models(problems, named, relations, facts)
    _datasets(problems, named, relations, facts)
    _files(problems, named, relations, facts)
    _expressions(problems, graph, by_id)
    return problems.told


def _creation(problems: Problems, graph: Sequence[Mapping[str, Any]], facts: Facts) -> None:
    found = [one for one in graph if one.get("type") == "CreationInfo"]
    problems.expect("number of CreationInfo", len(found), 1)
    for one in found:
        problems.expect("CreationInfo specVersion", one.get("specVersion"), "3.0.1")
        problems.expect("CreationInfo created", one.get("created"), terms.instant(facts.release.released_on))
        problems.expect("number of CreationInfo createdBy", len(items(one.get("createdBy"))), 1)


def _shell(problems: Problems, graph: Sequence[Mapping[str, Any]], by_id: Mapping[str, Any]) -> None:
    """One document, whose root is one bill of materials, whose root is a model; both list every element."""
    roots: dict[str, list[str]] = {}
    for kind in ("SpdxDocument", "software_Sbom"):
        found = [one for one in graph if one.get("type") == kind]
        problems.expect(f"number of {kind}", len(found), 1)
        for one in found:
            problems.expect(
                f"{kind} profileConformance", sorted(map(str, items(one.get("profileConformance")))), [*PROFILES]
            )
            roots[kind] = [str(members(by_id.get(str(name))).get("type")) for name in items(one.get("rootElement"))]
            left_out = {"CreationInfo", "SpdxDocument", *([] if kind == "SpdxDocument" else [kind])}
            all_ids = {name for name, each in by_id.items() if str(each.get("type")) not in left_out}
            problems.expect(f"{kind} element", sorted(map(str, items(one.get("element")))), sorted(all_ids))
    problems.expect("types of rootElement", roots, {"SpdxDocument": ["software_Sbom"], "software_Sbom": [MODEL]})


def _element(problems: Problems, one: Mapping[str, Any]) -> None:
    """What any element of its type has, and no digest of a wrong length."""
    kind, place = str(one.get("type")), str(one.get("spdxId"))
    for name in REQUIRED.get(kind, ()):
        if not one.get(name):
            problems.add(f"{place} {name}", "missing", f"a value, as the specification asks of {kind}")
    if kind in PURPOSES:
        problems.expect(f"{place} software_primaryPurpose", one.get("software_primaryPurpose"), PURPOSES[kind])
    if kind == DATASET:
        problems.expect(f"{place} number of originatedBy", len(items(one.get("originatedBy"))), 1)
    for each in objects(one):
        if each.get("type") == "Hash":
            problems.expect_digest(place, each.get("algorithm"), each.get("hashValue"))


def _references(problems: Problems, graph: Iterable[Mapping[str, Any]], by_id: Mapping[str, Any]) -> None:
    for one in graph:
        for name in (*_REFERENCES, *_MORE_REFERENCES):
            value = one.get(name)
            refs = value if isinstance(value, list) else [value] if value is not None else []
            problems.expect_known(f"{one.get('spdxId')} {name}", map(str, refs), by_id)


def _relations(graph: Iterable[Mapping[str, Any]], base: str) -> dict[tuple[str, str], list[tuple[str, ...]]]:
    """To what each element stands in each relation, by short names: a list for each relationship."""
    found: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for one in graph:
        if one.get("type") == "Relationship":
            key = (str(one.get("from")).removeprefix(f"{base}#"), str(one.get("relationshipType")))
            found.setdefault(key, []).append(tuple(str(to).removeprefix(f"{base}#") for to in items(one.get("to"))))
    return found


_Relations = Mapping[tuple[str, str], list[tuple[str, ...]]]


def _models(problems: Problems, named: Mapping[str, Any], relations: _Relations, facts: Facts) -> None:
    expected = {terms.model_id(link.run): link for link in facts.chain}
    problems.expect("models", sorted(n for n, one in named.items() if one.get("type") == MODEL), sorted(expected))
    for ref, link in expected.items():
        one, run = members(named.get(ref)), link.run
        problems.expect(f"{ref} name", one.get("name"), run.stage)
        problems.expect(f"{ref} software_packageVersion", one.get("software_packageVersion"), run.version)
        problems.expect(f"{ref} digest", _digest(one), run.digest)
        problems.expect(f"{ref} releaseTime", one.get("releaseTime"), terms.instant(facts.release.released_on))
        counts = terms.counts_of_model(facts, link)
        counts |= terms.counts_of_bundle(facts) if link is facts.model else {}
        problems.expect_all(ref, _counts(problems, ref, one), counts)
        _licensed(problems, ref, named, relations, (facts.licence,))
        data = terms.dataset_id(terms.dataset_of(facts, run))
        parents = terms.parents_of(facts, run)
        before = {terms.model_id(one.run) for name, one in parents.items() if name == INIT_FROM}
        others = {terms.model_id(one.run) for name, one in parents.items() if name != INIT_FROM}
        problems.expect(f"{ref} trainedOn", _to(relations, ref, "trainedOn"), [data] if link.trained_on else [])
        problems.expect(f"{ref} descendantOf", _to(relations, ref, "descendantOf"), sorted(before))
        problems.expect(f"{ref} dependsOn", _to(relations, ref, "dependsOn"), sorted(others))
        if link.measured_with and data not in _to(relations, ref, "testedOn"):
            problems.add(f"{ref} testedOn", _to(relations, ref, "testedOn"), f"{data} among them")


def _datasets(problems: Problems, named: Mapping[str, Any], relations: _Relations, facts: Facts) -> None:
    expected = {terms.dataset_id(one): one for one in facts.datasets.values()}
    problems.expect("datasets", sorted(n for n, one in named.items() if one.get("type") == DATASET), sorted(expected))
    for ref, manifest in expected.items():
        one = members(named.get(ref))
        problems.expect(f"{ref} software_packageVersion", one.get("software_packageVersion"), manifest.version)
        problems.expect(f"{ref} digest", _digest(one), manifest.digest)
        built = terms.built_on(manifest)
        problems.expect(f"{ref} builtTime", one.get("builtTime"), terms.instant(built) if built else None)
        size = sum(manifest.counts.values())
        problems.expect(f"{ref} dataset_datasetSize", one.get("dataset_datasetSize"), size)
        problems.expect_all(ref, _counts(problems, ref, one), terms.counts_of_dataset(manifest))
        licences = (terms.PUBLIC_DOMAIN, *terms.label_licences(facts, manifest))
        _licensed(problems, ref, named, relations, licences)


def _files(problems: Problems, named: Mapping[str, Any], relations: _Relations, facts: Facts) -> None:
    """The weights that the model contains, and the facts that it rests on, by their digests."""
    own = terms.model_id(facts.model.run)
    manifests = map(manifest_path, facts.datasets)
    beside = [layout.LEDGER, layout.EVALUATION, layout.SAMPLES, layout.RUN, *manifests]
    expected = {**facts.files, **{name: digest_of_fact(facts, name) for name in beside}}
    found = {str(one.get("name")): _digest(one) for one in named.values() if one.get("type") == FILE}
    problems.expect_all("file", found, expected)
    of_files = {name: str(one.get("name")) for name, one in named.items() if one.get("type") == FILE}
    for ref, name in of_files.items():
        _licensed(problems, ref, named, relations, (licence_of_file(facts, name),))
    contained = sorted(of_files.get(name, name) for name in _to(relations, own, "contains"))
    problems.expect(f"{own} contains", contained, sorted(facts.files))
    evidence = sorted(of_files.get(name, name) for name in _to(relations, own, "hasEvidence"))
    problems.expect(f"{own} hasEvidence", evidence, sorted([layout.LEDGER, layout.EVALUATION, layout.SAMPLES]))


def _licensed(
    problems: Problems, ref: str, named: Mapping[str, Any], relations: _Relations, licences: tuple[str, ...]
) -> None:
    """Exactly one declared and one concluded licence, each the expected expression."""
    expected = " AND ".join(map(terms.in_expression, licences))
    for kind in ("hasDeclaredLicense", "hasConcludedLicense"):
        found = [to for several in relations.get((ref, kind), []) for to in several]
        if len(found) != 1:
            problems.add(f"{ref} {kind}", found, "exactly one")
        for to in found:
            said = members(named.get(to)).get("simplelicensing_licenseExpression")
            problems.expect(f"{ref} {kind}", said, expected)


def _expressions(problems: Problems, graph: Iterable[Mapping[str, Any]], by_id: Mapping[str, Any]) -> None:
    """A licence that the SPDX list does not have leads to its text."""
    for one in graph:
        if one.get("type") != "simplelicensing_LicenseExpression":
            continue
        said = str(one.get("simplelicensing_licenseExpression")).split(" AND ")
        places = {str(each.get("key")): each.get("value") for each in entries(one.get("simplelicensing_customIdToUri"))}
        for name in said:
            text = members(by_id.get(str(places.get(name)))).get("simplelicensing_licenseText")
            if name.startswith("LicenseRef-") and not text:
                problems.add(f"{one.get('spdxId')} {name}", "without text", "an element with the text of this licence")
            elif not name.startswith("LicenseRef-") and name not in terms.LISTED_LICENCES:
                problems.add(f"{one.get('spdxId')}", name, f"{', '.join(sorted(terms.LISTED_LICENCES))} or LicenseRef-")


def _to(relations: _Relations, ref: str, kind: str) -> list[str]:
    return sorted(to for several in relations.get((ref, kind), []) for to in several)


def _digest(one: Mapping[str, Any]) -> object:
    return next((each.get("hashValue") for each in entries(one.get("verifiedUsing"))), None)


def _counts(problems: Problems, place: str, one: Mapping[str, Any]) -> dict[str, object]:
    found = [each for each in objects(one.get("extension")) if each.get("type") == "extension_CdxPropertyEntry"]
    pairs = [(str(each.get("extension_cdxPropName")), each.get("extension_cdxPropValue")) for each in found]
    problems.expect_once(f"{place} properties", [name for name, _ in pairs])
    return dict(pairs)
