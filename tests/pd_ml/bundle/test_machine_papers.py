"""The papers that machines read: outside validators pass them, and their numbers and licence are the ledger's."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import Facts, Link, read_facts
from pd_ml.bundle.files import licence_of_file, manifest_path
from pd_ml.bundle.kinds import KINDS
from pd_ml.bundle.papers import bom, eu_summary, spdx, write_papers
from pd_ml.bundle.rules import problems_of_bom, problems_of_spdx
from pd_ml.errors import BundleError
from pd_ml.provenance import INIT_FROM
from pd_ml.recipes import STAGE_INPUTS
from tests import validators
from tests.pd_ml.bundle import made
from tests.pd_ml.bundle.papers import PAPERS, documents, problems_of

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = {"provider": 'O\'Hara, "Söhne" & <Co>\n\\ \u2028', "contact": 'the "studio" <x>', "training_flop": {}}
WEB = {"contact": 'https://studio.example/a b"<', "download_url": "https://hub.example/o'hara/ü b"}


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
    assert any(line.startswith("spdx.jsonld (SHACL): not looked at: ") and "--spdx" in line for line in lines)
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
    command = [*alone, sys.executable, ROOT / "tests" / "validators.py", folder, "--spdx", folder]
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
    assert terms.LICENCE_URLS[licence] in found[layout.CROISSANT]["license"]
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


def test_every_stage_that_is_trained_has_its_words_and_no_other_has() -> None:
    assert KINDS.keys() == STAGE_INPUTS.keys()


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


def test_what_is_made_up_is_called_so_in_every_paper_for_machines(facts: Facts) -> None:
    host = next(iter(facts.counts.hosts.values()))
    sandbox = replace(facts, counts=replace(facts.counts, hosts={"127.0.0.1": host}))
    words = "The pictures are made up, by the project's own sandbox."
    for name, paper in PAPERS.items():
        assert words in paper.write(sandbox) and words not in paper.write(facts), name
        assert "a site that is read as Wikimedia Commons is" in paper.write(sandbox), name


def test_a_description_of_the_ledger_says_what_is_known_and_no_more(facts: Facts) -> None:
    told = documents(facts)[layout.CROISSANT]
    assert set(told["prov:wasGeneratedBy"]) == {"@type", "prov:label"}
    assert "different" not in told["rai:annotationsPerItem"] and "each counted once" in told["rai:annotationsPerItem"]
    assert told["rai:dataAnnotationProtocol"][0].endswith("de (10), en (30), no language (5).")
    of_both = f"Of {facts.counts.seen} pictures that were trained on ({facts.counts.pictures})"
    assert of_both in told["rai:dataBiases"][1]
    names = [row["counts/name"] for row in told["recordSet"][4]["data"]]
    assert "pdd:language:none" in names and not any(name.endswith(":") for name in names)
    files = [layout.LEDGER, layout.ATTRIBUTION, *map(manifest_path, facts.datasets)]
    licences = {licence_of_file(facts, name) for name in files}
    assert sorted(told["license"]) == sorted(terms.licence_urls(licences)) and len(licences) == 2


def test_how_pictures_were_read_is_told_by_archive(facts: Facts) -> None:
    host = next(iter(facts.counts.hosts.values()))
    hosts = {"upload.wikimedia.org": host, "ids.si.edu": host}
    told = documents(replace(facts, counts=replace(facts.counts, hosts=hosts)))[layout.CROISSANT]["rai:dataCollection"]
    assert re.search(r"Wikimedia Commons \(\d+\), by its interface for programs; ", told)
    assert re.search(r"Smithsonian Open Access \(\d+\), from the release of all its metadata\.", told)


def test_the_day_of_a_dataset_is_that_of_its_manifest_and_is_left_out_where_it_has_none(
    facts: Facts, tmp_path: Path
) -> None:
    first, second = facts.datasets.values()
    finished = replace(first, facts={**first.facts, "finished_on": "2026-11-20"})
    dated = replace(facts, datasets={first.version: finished, second.version: second})
    found = documents(dated)
    assert problems_of(dated) == []
    (tmp_path / layout.SPDX).write_text(spdx.write(dated))
    assert validators.spdx(tmp_path) == []
    packages = [one for one in found[layout.SPDX]["@graph"] if one["type"] == "dataset_DatasetPackage"]
    days = {one["software_packageVersion"]: one.get("builtTime") for one in packages}
    assert days == {first.version: "2026-11-20T00:00:00Z", second.version: None}
    data = {one["version"]: one["properties"] for one in found[layout.BOM]["components"] if one["type"] == "data"}
    rows = {
        one["datasets/version"]: one["datasets/finished_on"] for one in found[layout.CROISSANT]["recordSet"][3]["data"]
    }
    for version, day in {first.version: "2026-11-20", second.version: "not recorded"}.items():
        assert {"name": "pdd:dataset:finished_on", "value": day} in data[version] and rows[version] == day
    assert problems_of_spdx(found[layout.SPDX], facts) and problems_of_bom(found[layout.BOM], facts)


def test_a_dataset_is_described_as_its_manifest_has_it(bundles: Mapping[str, Path]) -> None:
    """Of one without captions, whose pictures are as they were stored, neither captions nor a longest side are told."""
    for name, labels, side in (("alone", {"none": 24}, 0), ("several", {layout.CC0: 24}, 1280)):
        facts = read_facts(bundles[name])
        datasets = {
            version: replace(one, facts={**one.facts, "label_licences": labels, "max_side": side})
            for version, one in facts.datasets.items()
        }
        found = documents(replace(facts, datasets=datasets))
        package = next(one for one in found[layout.SPDX]["@graph"] if one["type"] == "dataset_DatasetPackage")
        data = next(one for one in found[layout.BOM]["components"] if one["type"] == "data")["data"][0]
        for text in (package["description"], data["description"]):
            assert (", with captions." in text, ", without captions." in text) == (bool(side), not side), text
        assert package["dataset_datasetType"] == (["image", "text"] if side else ["image"])
        steps = [*package["dataset_dataPreprocessing"], *found[layout.CROISSANT]["rai:dataPreprocessingProtocol"]]
        assert ("1280 px on their longest side" in " ".join(steps)) == bool(side)
        assert not any("scaled to a longest side" in one for one in steps)


def test_two_models_of_one_stage_have_the_compute_of_each_and_the_sum_stands_in_the_summary(facts: Facts) -> None:
    warm = warmed(facts)
    own, earlier = warm.chain[0].name, warm.chain[-1].name
    spent = {link.name: 1e12 for link in warm.chain} | {own: 2e12, earlier: 5e12}
    warm = replace(warm, release=replace(warm.release, training_flop=spent))
    bill = documents(warm)[layout.BOM]["metadata"]["component"]
    models = [bill, *bill["pedigree"]["ancestors"]]
    found = {f"{one['name']} {one['version']}": one["properties"] for one in models}
    for name, flop in ((own, "2e+12"), (earlier, "5e+12")):
        assert {"name": "pdd:model:training_flop", "value": flop} in found[name]
    assert eu_summary.training_flop(warm) == 9e12
