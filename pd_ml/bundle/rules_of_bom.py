"""What holds of `bom.cdx.json` beside the schema of CycloneDX, which lets dangling references pass."""

from collections.abc import Mapping
from typing import Any

from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import Facts, Link
from pd_ml.bundle.files import digest_of_fact, licence_of_file
from pd_ml.bundle.measures import measures
from pd_ml.bundle.paper_problems import Problems, entries, items, members, objects
from pd_ml.provenance import RunRecord

_BESIDE = (layout.LEDGER, layout.EVALUATION, layout.SAMPLES, layout.RUN)
_MODEL, _DATA, _FILE = "machine-learning-model", "data", "file"


def problems_of_bom(document: Mapping[str, Any], facts: Facts) -> list[str]:
    """Every rule of a bill of materials that does not hold, as a sentence."""
    problems = Problems(layout.BOM)
    metadata = members(document.get("metadata"))
    own = members(metadata.get("component"))
    problems.expect("bomFormat", document.get("bomFormat"), "CycloneDX")
    problems.expect("specVersion", document.get("specVersion"), "1.6")
    problems.expect("serialNumber", document.get("serialNumber"), terms.urn(facts, layout.BOM))
    problems.expect("metadata.timestamp", metadata.get("timestamp"), terms.instant(facts.release.released_on))
    problems.expect("metadata.supplier.name", _supplier(metadata), facts.release.provider)
    tool = next(iter(entries(members(metadata.get("tools")).get("components"))), {})
    problems.expect("metadata.tools version", tool.get("version"), facts.release.project_version)
    problems.expect("metadata.tools commit", _properties(tool), {"pdd:commit": facts.release.commit})
    _references(problems, document)
    for component in _components(document):
        _any_component(problems, component)
    _model(problems, own, facts, facts.model)
    _card(problems, members(own.get("modelCard")), facts)
    _chain(problems, own, facts)
    _weights(problems, own, facts)
    _datasets(problems, document, facts)
    _dependencies(problems, document, facts)
    return problems.told


def _components(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Everything with a reference and a type: the model, what it was made of, its files, datasets, libraries."""
    return [one for one in objects(document) if "type" in one and "bom-ref" in one]


def _references(problems: Problems, document: Mapping[str, Any]) -> None:
    known = [str(one["bom-ref"]) for one in objects(document) if "bom-ref" in one]
    problems.expect_once("bom-ref", known)
    listed = entries(document.get("dependencies"))
    problems.expect_once("dependencies ref", [str(one.get("ref")) for one in listed])
    used = [(f"dependencies of {one.get('ref')}", [one.get("ref"), *items(one.get("dependsOn"))]) for one in listed]
    for one in entries(document.get("compositions")):
        used.append(("compositions", [*items(one.get("assemblies")), *items(one.get("dependencies"))]))
    for one in objects(document):
        used += [("modelParameters.datasets", [each.get("ref")]) for each in _data_refs(one)]
    for place, refs in used:
        problems.expect_known(place, map(str, refs), known)


def _data_refs(one: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in items(members(one.get("modelParameters")).get("datasets")) if isinstance(each, Mapping)]


def _any_component(problems: Problems, component: Mapping[str, Any]) -> None:
    """What holds of any component, by its type."""
    kind, place = component["type"], str(component["bom-ref"])
    for one in entries(component.get("hashes")):
        problems.expect_digest(place, one.get("alg"), one.get("content"))
    problems.expect_once(f"{place} properties", [str(one.get("name")) for one in entries(component.get("properties"))])
    if "modelCard" in component and kind != _MODEL:
        problems.add(f"{place} modelCard", "there", f"none on a component of type {kind}")
    if kind == _DATA and not any(one.get("type") == "dataset" for one in entries(component.get("data"))):
        problems.add(f"{place} data", component.get("data"), "an entry of type dataset")
    if kind in (_MODEL, _DATA, _FILE):
        if not entries(component.get("licenses")):
            problems.add(f"{place} licenses", "missing", "a licence")
        if not entries(component.get("hashes")):
            problems.add(f"{place} hashes", "missing", "a digest")
    if kind == "library" and not str(component.get("purl", "")).startswith("pkg:"):
        problems.add(f"{place} purl", component.get("purl"), "a package URL")


def _model(problems: Problems, component: Mapping[str, Any], facts: Facts, link: Link) -> None:
    """A model of the chain is the one of its record, under the licence that the ledger decides, with its counts."""
    run = link.run
    place = terms.model_id(run)
    problems.expect(f"{place} type", component.get("type"), _MODEL)
    problems.expect(f"{place} name", component.get("name"), run.stage)
    problems.expect(f"{place} version", component.get("version"), run.version)
    problems.expect(f"{place} digest", _digest(component), run.digest)
    _licence(problems, place, component, facts.licence)
    expected = terms.counts_of_model(facts, link)
    if link is facts.model:
        expected |= terms.counts_of_bundle(facts)
        expected |= {"pdd:bundle": facts.release.bundle, "pdd:first_day": facts.counts.first_day}
        expected |= {"pdd:profile": facts.release.profile, "pdd:last_day": facts.counts.last_day}
        expected |= {"pdd:labels": facts.release.labels, "pdd:ruleset_version": facts.release.ruleset_version}
    found = _properties(component)
    told = {name for name in found if name in _SAID or name.startswith("pdd:model:input:")}
    problems.expect_all(place, {name: found[name] for name in found if name not in told}, expected)
    problems.expect(f"{place} pdd:model:clean_room", found.get("pdd:model:clean_room", ""), _room(run))
    problems.expect(f"{place} pdd:model:proven", found.get("pdd:model:proven"), "yes" if run.proven else "no")
    problems.expect(f"{place} pdd:model:dataset", found.get("pdd:model:dataset"), run.dataset_version)


_SAID = ("pdd:model:hash_of", "pdd:model:clean_room", "pdd:model:proven", "pdd:model:dataset")


def _room(run: RunRecord) -> str:
    return run.level or "no clean room is recorded"


def _card(problems: Problems, card: Mapping[str, Any], facts: Facts) -> None:
    refs = [str(each.get("ref")) for each in _data_refs(card)]
    problems.expect("modelCard datasets", sorted(refs), sorted(map(terms.dataset_id, facts.datasets.values())))
    settings = {f"pdd:setting:{name}": value for name, value in terms.settings_of(facts.model.run).items()}
    problems.expect_all("modelCard", _properties(card), settings)
    metrics = entries(members(card.get("quantitativeAnalysis")).get("performanceMetrics"))
    found = {str(one.get("type")): (one.get("value"), one.get("slice", "")) for one in metrics}
    expected = {one.name: (f"{one.value}", one.slice) for one in measures(facts.evaluation)}
    problems.expect_once("performanceMetrics", [str(one.get("type")) for one in metrics])
    problems.expect_all("performanceMetrics", found, expected)
    for one in metrics:
        bounds = members(one.get("confidenceInterval"))
        if bounds and not _is_within(one.get("value"), bounds.get("lowerBound"), bounds.get("upperBound")):
            problems.add(f"performanceMetrics {one.get('type')} confidenceInterval", bounds, "one around the value")


def _is_within(value: object, low: object, high: object) -> bool:
    try:
        # A bound of an interval at 0 or 1 is rounded otherwise than the share.
        return float(str(low)) - 1e-9 <= float(str(value)) <= float(str(high)) + 1e-9
    except ValueError:
        return False


def _chain(problems: Problems, own: Mapping[str, Any], facts: Facts) -> None:
    """Every model of the chain is an ancestor, each once."""
    ancestors = [one for one in entries(members(own.get("pedigree")).get("ancestors"))]
    by_ref = {str(one.get("bom-ref")): one for one in ancestors}
    expected = {terms.model_id(link.run): link for link in facts.chain[1:]}
    problems.expect("pedigree.ancestors", sorted(by_ref), sorted(expected))
    for ref, link in expected.items():
        if ref in by_ref:
            _model(problems, by_ref[ref], facts, link)


def _weights(problems: Problems, own: Mapping[str, Any], facts: Facts) -> None:
    """Every file of the pipeline by the digest of the record; the facts beside by their own."""
    files = [one for one in entries(own.get("components"))]
    problems.expect_all("file", {str(one.get("name")): _digest(one) for one in files}, facts.files)
    for one in files:
        _licence(problems, str(one.get("name")), one, licence_of_file(facts, str(one.get("name"))))
    told = {str(one.get("url")): _digest(one) for one in entries(own.get("externalReferences")) if one.get("hashes")}
    beside = {name: digest_of_fact(facts, name) for name in _BESIDE}
    problems.expect_all("externalReferences", told, beside)
    for one in entries(own.get("externalReferences")):
        if one.get("type") != "distribution":
            expected = f"licence: {licence_of_file(facts, str(one.get('url')))}"
            problems.expect(f"externalReferences {one.get('url')} comment", one.get("comment"), expected)


def _datasets(problems: Problems, document: Mapping[str, Any], facts: Facts) -> None:
    found = [one for one in _components(document) if one["type"] == _DATA]
    by_ref = {str(one["bom-ref"]): one for one in found}
    expected = {terms.dataset_id(one): one for one in facts.datasets.values()}
    problems.expect("components of type data", sorted(by_ref), sorted(expected))
    for ref, manifest in expected.items():
        component = by_ref.get(ref, {})
        contents = members(next(iter(entries(component.get("data"))), {}).get("contents"))
        problems.expect(f"{ref} digest", _digest(component), manifest.digest)
        problems.expect_all(ref, _properties(contents), terms.counts_of_dataset(manifest))
        finished = _properties(component).get("pdd:dataset:finished_on")
        problems.expect(f"{ref} finished_on", finished, terms.built_on(manifest) or terms.NOT_RECORDED)
        names = [_name(one) for one in entries(component.get("licenses"))]
        expected_names = [terms.PUBLIC_DOMAIN, *terms.label_licences(facts, manifest)]
        problems.expect(f"{ref} licenses", sorted(map(str, names)), sorted(expected_names))


def _dependencies(problems: Problems, document: Mapping[str, Any], facts: Facts) -> None:
    """Every model depends on its dataset and on the models that it was made of."""
    told = {str(one.get("ref")): items(one.get("dependsOn")) for one in entries(document.get("dependencies"))}
    for link in facts.chain:
        ref = terms.model_id(link.run)
        parents = [terms.model_id(one.run) for one in terms.parents_of(facts, link.run).values()]
        for needed in (terms.dataset_id(terms.dataset_of(facts, link.run)), *parents):
            if needed not in told.get(ref, ()):
                problems.add(f"dependencies of {ref}", told.get(ref, "missing"), f"{needed} among them")


def _licence(problems: Problems, place: str, component: Mapping[str, Any], expected: str) -> None:
    """One licence, the expected; where the SPDX list does not have it, with its text."""
    licences = entries(component.get("licenses"))
    problems.expect(f"{place} licenses", [_name(one) for one in licences], [expected])
    for one in licences:
        licence = members(one.get("license"))
        if "name" in licence and not members(licence.get("text")).get("content"):
            problems.add(f"{place} licenses text", "missing", f"the text of {licence['name']}")


def _name(entry: Mapping[str, Any]) -> object:
    licence = members(entry.get("license"))
    return licence.get("id") or licence.get("name") or entry.get("expression")


def _digest(component: Mapping[str, Any]) -> object:
    hashes = entries(component.get("hashes"))
    return next((one.get("content") for one in hashes if one.get("alg") == "SHA-256"), None)


def _properties(component: Mapping[str, Any]) -> dict[str, object]:
    return {str(one.get("name")): one.get("value") for one in entries(component.get("properties"))}


def _supplier(metadata: Mapping[str, Any]) -> object:
    return members(metadata.get("supplier")).get("name")
