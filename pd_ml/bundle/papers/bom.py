"""`bom.cdx.json`: the bill of materials of a model, CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).

The model with its weights by digest, what it was made of, every dataset version, and the libraries that trained it.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import Facts, Link
from pd_ml.bundle.files import digest_of_fact, licence_of_file
from pd_ml.bundle.kinds import kind_of
from pd_ml.bundle.measures import Measure, measures
from pd_ml.bundle.papers.origins import origins
from pd_ml.bundle.papers.sources import collected, made_up
from pd_ml.data.shards import Manifest
from pd_ml.provenance import INIT_FROM

_LIBRARIES = frozenset(
    {"accelerate", "diffusers", "numpy", "pillow", "pyarrow", "safetensors", "tokenizers", "torch", "transformers"}
    | {"scipy", "xformers"}
)
_PROJECT = "public-domain-diffusion"


def write(facts: Facts) -> str:
    """The text of the bill of materials."""
    return terms.written(document(facts))


def document(facts: Facts) -> dict[str, Any]:
    """What it says."""
    own = facts.model
    datasets = [facts.datasets[version] for version in sorted(facts.datasets)]
    libraries = _libraries(facts)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": terms.urn(facts, layout.BOM),
        "version": 1,
        "metadata": {
            "timestamp": terms.instant(facts.release.released_on),
            "lifecycles": [{"phase": "post-build"}],
            "tools": {"components": [_tool(facts)]},
            "supplier": _provider(facts),
            "component": {
                **_model(facts, own),
                "supplier": _provider(facts),
                "components": [_weight(facts, path, digest) for path, digest in sorted(facts.files.items())],
                "externalReferences": _references(facts),
                "modelCard": _card(facts, datasets),
                "pedigree": {"ancestors": [_model(facts, link) for link in facts.chain[1:]]},
                "properties": _properties(
                    {
                        "pdd:bundle": facts.release.bundle,
                        "pdd:profile": facts.release.profile,
                        "pdd:ruleset_version": facts.release.ruleset_version,
                        "pdd:labels": facts.release.labels,
                        "pdd:first_day": facts.counts.first_day,
                        "pdd:last_day": facts.counts.last_day,
                        **terms.counts_of_bundle(facts),
                        **_of_model(facts, own),
                    }
                ),
            },
        },
        "components": [*(_dataset(facts, one) for one in datasets), *libraries],
        "dependencies": _dependencies(facts, datasets, libraries),
        "compositions": [
            {"aggregate": "complete", "assemblies": [terms.model_id(own.run)]},
            # Of libraries those alone are named that a record of a training names.
            {"aggregate": "incomplete", "dependencies": [terms.model_id(link.run) for link in facts.chain]},
        ],
    }


def _model(facts: Facts, link: Link) -> dict[str, Any]:
    """What is said of any model of the chain."""
    run = link.run
    kind = kind_of(run.stage)
    begun = "trained on from an earlier model" if INIT_FROM in run.inputs else "trained from scratch"
    said: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": terms.model_id(run),
        "name": run.stage,
        "version": run.version,
        "description": f"{kind.family} for {kind.task}, {begun}",
        "hashes": [_hash(run.digest)],
        "licenses": [_licence(facts.licence)],
    }
    if link is not facts.model:
        said["properties"] = _properties(_of_model(facts, link))
    return said


def _of_model(facts: Facts, link: Link) -> dict[str, str]:
    run = link.run
    inputs = {f"pdd:model:input:{name}": terms.model_id(one.run) for name, one in terms.parents_of(facts, run).items()}
    room = run.level or "no clean room is recorded"
    return {
        "pdd:model:hash_of": "the names and SHA-256 of the files that decide what the model does (run.json: digest)",
        "pdd:model:clean_room": room,
        "pdd:model:proven": "yes" if run.proven else "no",
        "pdd:model:dataset": run.dataset_version,
        **inputs,
        **terms.counts_of_model(facts, link),
    }


def _card(facts: Facts, datasets: Iterable[Manifest]) -> dict[str, Any]:
    kind, run = kind_of(facts.release.stage), facts.model.run
    found = measures(facts.evaluation)
    return {
        "bom-ref": f"card-{facts.release.bundle}",
        "modelParameters": {
            "approach": {"type": kind.approach},
            "task": kind.task,
            "architectureFamily": kind.family,
            "modelArchitecture": run.stage,
            "datasets": [{"ref": terms.dataset_id(one)} for one in datasets],
            "inputs": [{"format": one} for one in kind.inputs],
            "outputs": [{"format": one} for one in kind.outputs],
        },
        "quantitativeAnalysis": {"performanceMetrics": [_metric(one) for one in found]},
        "considerations": {
            "useCases": [f"{kind.task}, by people who can check what it was made of"],
            "technicalLimitations": _limits(facts),
            "ethicalConsiderations": [
                {
                    "name": "Memorisation of training pictures",
                    "mitigationStrategy": _memorisation(found),
                },
                {
                    "name": "Rights in pictures and label texts",
                    "mitigationStrategy": f"Each of the {facts.counts.seen} pictures was accepted by a rule on "
                    f"evidence that {layout.LEDGER} names; label texts keep their licence ({layout.ATTRIBUTION}).",
                },
            ],
        },
        "properties": _properties({f"pdd:setting:{name}": one for name, one in terms.settings_of(run).items()}),
    }


def _metric(one: Measure) -> dict[str, Any]:
    interval = {} if one.low is None or one.high is None else {"lowerBound": f"{one.low}", "upperBound": f"{one.high}"}
    return {
        "type": one.name,
        "value": f"{one.value}",
        **({"slice": one.slice} if one.slice else {}),
        **({"confidenceInterval": interval} if interval else {}),
    }


def _limits(facts: Facts) -> list[str]:
    size = facts.model.run.config.get("image_size")
    sized = [f"Trained on pictures of {size} pixels a side."] if isinstance(size, int) else []
    learnt = (
        f"Learnt from {facts.counts.pictures} pictures; what they do not show it cannot draw, and their period, places "
        "and makers are its own."
        f"{made_up(facts)}"
    )
    return [*sized, learnt, "Energy and emissions of the training were not measured."]


def _memorisation(found: Iterable[Measure]) -> str:
    by_name = {one.name: one for one in found}
    drawn, floor = (by_name.get(f"memorisation.{name}.share") for name in ("generated", "control_held_out"))
    if drawn is None or floor is None:
        return "The evaluation has no audit of copies."
    return (
        f"An audit of nearest training pictures: share of copies {drawn.value} ({drawn.slice}), where other real "
        f"pictures have {floor.value} ({floor.slice})."
    )


def _dataset(facts: Facts, manifest: Manifest) -> dict[str, Any]:
    counts = terms.counts_of_dataset(manifest)
    labels = [_licence(name) for name in terms.label_licences(facts, manifest)]
    captions = f", with captions. {origins(facts)}" if terms.has_captions(facts, manifest) else ", without captions."
    return {
        "type": "data",
        "bom-ref": terms.dataset_id(manifest),
        "name": manifest.name,
        "version": manifest.version,
        "supplier": _provider(facts),
        "hashes": [_hash(manifest.digest)],
        "licenses": [_licence(terms.PUBLIC_DOMAIN), *labels],
        "data": [
            {
                "type": "dataset",
                "name": manifest.name,
                "description": f"{sum(manifest.counts.values())} pictures that are free of copyright, each accepted by "
                f"a rule on evidence{captions} {collected(facts, terms.sources_of(manifest, facts))} Of which "
                "the models learnt, the ledger says.",
                "classification": "public",
                "contents": {"properties": _properties(counts)},
                "governance": {"custodians": [{"organization": _provider(facts)}]},
            }
        ],
        "properties": _properties(
            {
                "pdd:dataset:hash_of": "the names and SHA-256 of its shards (manifest.json: digest)",
                "pdd:dataset:finished_on": terms.built_on(manifest) or terms.NOT_RECORDED,
            }
        ),
    }


def _weight(facts: Facts, path: str, digest: str) -> dict[str, Any]:
    return {
        "type": "file",
        "bom-ref": f"file-{path}",
        "name": path,
        "hashes": [_hash(digest)],
        "licenses": [_licence(licence_of_file(facts, path))],
    }


def _libraries(facts: Facts) -> list[dict[str, Any]]:
    """Of every training of the chain; more than one version where they differ."""
    named = {pair for link in facts.chain for pair in link.run.environment.items()}
    purls = {
        (name, version): f"pkg:pypi/{name}@{quote(version, safe='')}" for name, version in named if name in _LIBRARIES
    }
    python = {(name, version): f"pkg:generic/python@{quote(version)}" for name, version in named if name == "python"}
    return [
        {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
        for (name, version), purl in sorted({**purls, **python}.items())
    ]


def _dependencies(
    facts: Facts, datasets: Iterable[Manifest], libraries: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    used = {(one["name"], one["version"]): str(one["bom-ref"]) for one in libraries}
    found = []
    for link in facts.chain:
        parents = [terms.model_id(one.run) for one in terms.parents_of(facts, link.run).values()]
        own = [used[pair] for pair in sorted(link.run.environment.items()) if pair in used]
        on = [terms.dataset_id(terms.dataset_of(facts, link.run)), *parents, *own]
        found.append({"ref": terms.model_id(link.run), "dependsOn": list(dict.fromkeys(on))})
    leaves = [*(terms.dataset_id(one) for one in datasets), *used.values()]
    return [*found, *({"ref": one, "dependsOn": []} for one in leaves)]


def _references(facts: Facts) -> list[dict[str, Any]]:
    """What lies beside; a paper has no digest here, as this is one of them."""
    facts_beside = (
        (layout.LEDGER, "evidence"),
        (layout.EVALUATION, "quality-metrics"),
        (layout.SAMPLES, "quality-metrics"),
        (layout.RUN, "build-meta"),
    )
    papers = (
        (layout.CARD, "model-card"),
        (layout.LICENCE, "license"),
        (layout.DATASET_CARD, "documentation"),
        (layout.ATTRIBUTION, "other"),
        (layout.SIGNATURE, "digital-signature"),
    )
    told: list[dict[str, Any]] = [
        {"type": kind, "url": name, "comment": _under(facts, name), "hashes": [_hash(digest_of_fact(facts, name))]}
        for name, kind in facts_beside
    ]
    told += [{"type": kind, "url": name, "comment": _under(facts, name)} for name, kind in papers]
    if facts.release.download_url:
        told.append({"type": "distribution", "url": terms.iri(facts.release.download_url)})
    return told


def _under(facts: Facts, name: str) -> str:
    return f"licence: {licence_of_file(facts, name)}"


def _tool(facts: Facts) -> dict[str, Any]:
    return {
        "type": "application",
        "name": _PROJECT,
        "version": facts.release.project_version,
        "properties": _properties({"pdd:commit": facts.release.commit}),
    }


def _provider(facts: Facts) -> dict[str, Any]:
    contact = facts.release.contact
    if terms.is_web(contact):
        return {"name": facts.release.provider, "url": [terms.iri(contact)]}
    return {
        "name": facts.release.provider,
        "contact": [{"email": contact} if terms.is_email(contact) else {"name": contact}],
    }


def _licence(name: str) -> dict[str, Any]:
    if name in terms.LISTED_LICENCES:
        return {"license": {"id": name, "url": terms.LICENCE_URLS[name]}}
    if name == layout.OPENMDW:
        text = {"contentType": "text/plain", "content": terms.licence_text(name)}
        return {"license": {"name": name, "url": terms.LICENCE_URLS[name], "text": text}}
    if name == terms.PUBLIC_DOMAIN:
        text = {"contentType": "text/plain", "content": terms.PUBLIC_DOMAIN_TEXT}
        return {"license": {"name": name, "url": terms.PUBLIC_DOMAIN_MARK, "text": text}}
    return {"license": {"name": name}}


def _hash(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest}


def _properties(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]
