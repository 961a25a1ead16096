"""The papers for people and authorities: their numbers are the ledger's, and no name of anybody changes their form."""

import argparse
import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from debian.copyright import Copyright
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pd_assets.cli import rebuild
from pd_assets.lib.rights.rules import RULES
from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import SCHEMA, Facts, read_facts, weights_licence
from pd_ml.bundle.papers import (
    attribution,
    bom,
    california,
    card,
    croissant,
    dataset_card,
    debian,
    eu_summary,
    licence,
    measured,
    rules_in_words,
    spdx,
    writing,
)
from pd_ml.bundle.papers.eu_form import OF_SEEN
from pd_ml.bundle.rules_of_texts import problems_of_debian, problems_of_licence_head
from pd_ml.errors import BundleError
from tests.pd_ml.bundle import made

ROOT = Path(__file__).parents[3]
WRITERS = {
    "card": card.write,
    "licence": licence.write,
    "attribution": attribution.write,
    "dataset": dataset_card.write,
    "debian": debian.write,
    "eu page": eu_summary.write_page,
    "eu data": eu_summary.write_data,
    "california": california.write,
}
# The Commission's template, field by field.
EU_KEYS = """
h.version h.updated 1.1.provider 1.1.rep 1.2.models 1.2.deps 1.2.market 1.3.modality 1.3.size 1.3.types 1.3.latest
1.3.lang 1.3.other 1.3.comments 2.1.used 2.1.modality 2.1.large 2.1.other 2.1.comments 2.2.1.used 2.2.1.modality
2.2.2.used 2.2.2.modality 2.2.2.list 2.2.2.desc 2.2.2.comments 2.3.used 2.3.names 2.3.purpose 2.3.behaviour 2.3.period
2.3.content 2.3.modality 2.3.domains 2.3.comments 2.4.model 2.4.services 2.4.desc 2.4.modality 2.4.comments 2.5.used
2.5.modality 2.5.gpai 2.5.other 2.5.comments 2.6.used 2.6.desc 2.6.comments 3.1.signatory 3.1.measures 3.1.comments
3.2.illegal 3.3.other
"""
KINDS = [
    ("unet", "none"),
    ("unet_text", "cc0"),
    ("unet_text", "mixed"),
    ("transformer", "cc0"),
    ("latent_diffusion", "mixed"),
]
HOSTILE = "Evil\n---\nlicense: mit\n\n# Free | `rm` <b>*x*</b> \\\" 'y' \u2028License: WTFPL\r\n\u202e![a](http://x)"


def facts_of(folder: Path, stage: str = "unet_text", **options: Any) -> Facts:  # noqa: ANN401
    return read_facts(made.bundle(folder / "bundle", stage, **options))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    return facts_of(tmp_path_factory.mktemp("mixed"), datasets=2)


def sql(facts: Facts, query: str) -> list[tuple[Any, ...]]:
    return duckdb.connect().execute(query.replace("LEDGER", f"'{facts.folder / layout.LEDGER}'")).fetchall()


def one(facts: Facts, query: str) -> Any:  # noqa: ANN401
    return sql(facts, query)[0][0]


def summary(facts: Facts) -> Mapping[str, Any]:
    found = json.loads(eu_summary.write_data(facts))
    assert isinstance(found, dict)
    return found


def head_of(text: str) -> Mapping[str, Any]:
    _, head, _ = text.split("---\n", 2)
    found = yaml.safe_load(head)
    assert isinstance(found, dict)
    return found


SHOWN = "(select item_id, unnest(captions) as c from LEDGER where relation = 'trained_on')"


@pytest.mark.parametrize(("stage", "labels"), KINDS)
def test_numbers_are_those_of_plain_sql_on_the_ledger(tmp_path: Path, stage: str, labels: made.Labels) -> None:
    facts = facts_of(tmp_path, stage, labels=labels, datasets=2)
    pictures = one(facts, "select count(distinct item_id) from LEDGER where relation = 'trained_on'")
    seen = one(facts, "select count(distinct item_id) from LEDGER")
    shown = one(facts, "select sum(times_shown) from LEDGER where relation = 'trained_on'")
    size = summary(facts)["1.3.size"]
    assert size["Image"]["distinct pictures that were trained on"] == pictures
    assert size["Image"]["times shown, all models together"] == shown
    assert size["Image"]["only measured with, not in the size"] == seen - pictures
    texts = dict(sql(facts, f"select c.licence, count(distinct (item_id, c.number)) from {SHOWN} group by 1"))
    if texts:
        assert size["Text"]["captions, each counted once for its picture"] == sum(texts.values())
        assert {name: size["Text"][f"of them under {name}"] for name in texts} == texts
    else:
        assert size["Text"] == writing.NOT_APPLICABLE
    hosts = sql(
        facts,
        "select media_host, count(*), sum(size_bytes) from "
        "(select distinct item_id, media_host, size_bytes from LEDGER) group by 1",
    )
    domains = summary(facts)["2.3.domains"]
    assert {(row["domain"], row[OF_SEEN], row["size_bytes"]) for row in domains} == set(hosts)
    page = california.write(facts)
    assert f"{seen} pictures, counted in the ledger: {pictures} that the models were trained on" in page
    for split, count in sql(facts, "select split, count(distinct item_id) from LEDGER group by 1"):
        assert f"| {split} | {count} |" in page
    model = card.write(facts)
    assert f"{pictures} pictures free of copyright, shown {shown} times" in model and f"All {seen} come from" in model
    for rule, count in sql(facts, "select rule_id, count(distinct item_id) from LEDGER group by 1"):
        assert f"| `{rule}` | {rules_in_words.in_words(rule)} | {count} |" in dataset_card.write(facts)


def test_the_chain_of_the_card_is_that_of_the_ledger(mixed: Facts) -> None:
    text = card.write(mixed)
    by_model = sql(
        mixed,
        "select stage || ' ' || version, count(*) filter (relation = 'trained_on'), "
        "count(*) filter (relation = 'measured_with'), sum(times_shown)::bigint from LEDGER group by 1",
    )
    for name, learnt, looked_at, shown in by_model:
        assert f"| `{name}` | {learnt} | {looked_at} | {shown} |" in text
    assert len(by_model) == 3


def test_every_field_of_the_template_is_there_and_answered(tmp_path: Path) -> None:
    for number, (stage, labels) in enumerate(KINDS):
        found = summary(facts_of(tmp_path / str(number), stage, labels=labels))
        assert [key for key in found if "." in key] == EU_KEYS.split()
        assert [key for key, value in found.items() if value in ("", None, [], {})] == []
    nameless = summary(facts_of(tmp_path / "nameless", provider=" ", user_agent="\n"))
    assert (nameless["1.1.provider"]["name"], nameless["2.3.names"]) == ("not applicable", "not applicable")


def test_both_answers_of_a_choice_are_printed_and_the_chosen_one_is_marked(mixed: Facts) -> None:
    page = eu_summary.write_page(replace(mixed, release=replace(mixed.release, follows_code=True)))
    assert page.count("[x] Yes [ ] No") == 3  # A dataset of others, a crawler, the signature.
    assert page.count("[ ] Yes [x] No") == 6
    assert "[x] less than 1 million images [ ] 1 million to 1 billion images" in page
    assert "Audio: [ ] Yes [x] not applicable" in page


def test_a_summary_is_voluntary_below_the_threshold_and_claims_nothing_where_compute_is_unknown(mixed: Facts) -> None:
    names = {link.run.stage: link.name for link in mixed.chain}

    def published(**flop: float | None) -> str:
        by_name = {names[stage]: value for stage, value in flop.items()}
        release = replace(mixed.release, training_flop={**mixed.release.training_flop, **by_name})
        return str(summary(replace(mixed, release=release))["published"])

    assert "voluntarily" in published() and "took 4.5e+12 FLOP" in published()
    assert "voluntarily" not in published(clip=1e23) and "not below" in published(clip=1e23)
    unknown = published(clip=None)
    assert (
        f"is not computed ({names['clip']})" in unknown
        and "nothing is claimed" in unknown
        and "voluntarily" not in unknown
    )
    lacking = replace(mixed.release, training_flop={names["unet_text"]: 1.0})
    assert f"is not computed ({names['clip']} and {names['tokenizer']})" in str(
        summary(replace(mixed, release=lacking))["published"]
    )


@pytest.mark.parametrize(("stage", "labels"), [*KINDS, ("super_resolution", "none")])
def test_the_copyright_file_is_read_strictly_and_keeps_the_rules_that_readers_do_not(
    tmp_path: Path, stage: str, labels: made.Labels
) -> None:
    facts = facts_of(tmp_path, stage, labels=labels)
    text = debian.write(facts)
    read: Any = Copyright(io.StringIO(text), strict=True)
    assert text.startswith(f"Format: {debian.FORMAT}\n")
    files, texts = list(read.all_files_paragraphs()), list(read.all_license_paragraphs())
    assert [paragraph["Files"] for paragraph in files].count("*") == 1 and files[0]["Files"] == "*"
    named = {paragraph.license.synopsis for paragraph in files}
    assert named == {paragraph.license.synopsis for paragraph in texts} and len(texts) == len(named)
    assert all(paragraph.license.text.strip() for paragraph in texts)
    of_weights = read.find_files_paragraph("pipeline/unet/diffusion_pytorch_model.safetensors")
    assert of_weights is not None and of_weights.license.synopsis == facts.licence
    ledger = read.find_files_paragraph("chain/clip-0123/ledger.parquet")
    assert ledger is not None and ledger.license.synopsis == "public-domain"
    code = read.find_files_paragraph("pipeline/pipeline.py")
    assert code is not None and (code.license.synopsis == "Apache-2.0") == (facts.model.run.stage in made.CODE)
    why = next(one.license.text for one in texts if one.license.synopsis == "public-domain")
    assert all(f"{rule}: {count} picture" in why for rule, count in facts.counts.by_rule.items())


def test_the_licence_is_what_the_ledger_says_and_its_text_is_whole(tmp_path: Path) -> None:
    expected = {"none": layout.OPENMDW, "cc0": layout.OPENMDW, "mixed": layout.BY_SA}
    for labels, name in expected.items():
        facts = facts_of(tmp_path / labels, labels=labels)
        text = (ROOT / "pd_ml" / "bundle" / "texts" / f"{name}.txt").read_text()
        assert licence.write(facts).endswith(text)
        assert (layout.ATTRIBUTION in licence.write(facts)) == (labels == "mixed")
    facts = facts_of(tmp_path / "given away", labels="cc0", free_licence=layout.CC0)
    assert head_of(card.write(facts))["license"] == "cc0-1.0" and "CC0 1.0 Universal" in licence.write(facts)
    assert terms.licence_text(terms.APACHE) == (ROOT / "LICENSE").read_text()


@pytest.mark.parametrize("free", [layout.CC0, layout.OPENMDW])
def test_one_label_under_share_alike_makes_a_free_bundle_impossible(tmp_path: Path, free: str) -> None:
    folder = made.bundle(tmp_path / "bundle", labels="cc0", free_licence=free)
    before = read_facts(folder)
    assert before.licence == free
    rows = pq.read_table(folder / layout.LEDGER).to_pylist()
    row = next(row for row in rows if row["stage"] == "clip" and row["captions"])
    row["captions"][0]["licence"] = layout.BY_SA
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / layout.LEDGER, write_page_checksum=True)
    facts = read_facts(folder)
    assert head_of(card.write(facts))["license"] == "cc-by-sa-4.0"
    assert "Files: *\nCopyright: Example Studio\nLicense: CC-BY-SA-4.0\n" in debian.write(facts)
    assert "Attribution-ShareAlike" in licence.write(facts) and "OpenMDW License Agreement" not in licence.write(facts)
    assert [line["item_id"] for line in csv.DictReader(io.StringIO(attribution.write(facts)))] == [row["item_id"]]


def test_a_label_under_a_licence_that_nobody_knows_makes_no_licence() -> None:
    with pytest.raises(BundleError, match=r"CC-BY-NC-4\.0 were shown, expected only"):
        weights_licence({"CC-BY-NC-4.0": 1}, layout.CC0)


def test_every_text_under_share_alike_is_attributed_with_its_revision_and_history(mixed: Facts) -> None:
    lines = list(csv.DictReader(io.StringIO(attribution.write(mixed))))
    query = (
        "select item_id, any_value(page_url), any_value(revid), sum(c.times_shown)::bigint from (select item_id, "
        "page_url, revid, unnest(captions) as c from LEDGER) where c.licence = 'CC-BY-SA-4.0' group by 1 order by 1"
    )
    told = [(line["item_id"], line["page_url"], int(line["revid"]), int(line["times_shown"])) for line in lines]
    assert told == sql(mixed, query) and len(lines) == mixed.counts.attributed > 0
    assert all(f"oldid={line['revid']}" in line["revision_url"] for line in lines)
    assert {line["licence"] for line in lines} == {layout.BY_SA} and {line["captions"] for line in lines} == {"1"}


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("https://wiki.example/wiki/File:A.jpg", "https://wiki.example/wiki/File:A.jpg?oldid=7"),
        ("https://w.example/index.php?title=File:A.jpg", "https://w.example/index.php?title=File:A.jpg&oldid=7"),
        ("https://wiki.example/wiki/File:A.jpg#meta", "https://wiki.example/wiki/File:A.jpg?oldid=7#meta"),
        ("https://wiki.example/wiki/A?", "https://wiki.example/wiki/A?oldid=7"),
        ("http://[wiki/A", "http://[wiki/A?oldid=7"),
    ],
)
def test_a_revision_has_an_address_whatever_that_of_its_page_looks_like(page: str, expected: str) -> None:
    assert attribution.revision_url(page, 7) == expected
    assert attribution.history_url(page) == expected.replace("oldid=7", "action=history")


def test_texts_that_models_read_at_different_revisions_are_attributed_apart(tmp_path: Path) -> None:
    folder = made.bundle(tmp_path / "bundle")
    rows = pq.read_table(folder / layout.LEDGER).to_pylist()
    later = next(row for row in rows if row["stage"] == "unet_text" and len(row["captions"]) == 2)
    later["revid"] += 100
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / layout.LEDGER, write_page_checksum=True)
    lines = list(csv.DictReader(io.StringIO(attribution.write(read_facts(folder)))))
    of_item = [(line["revid"], line["times_shown"]) for line in lines if line["item_id"] == later["item_id"]]
    assert of_item == [(str(later["revid"] - 100), "2"), (str(later["revid"]), "1")]


def test_a_spreadsheet_takes_no_address_for_a_formula() -> None:
    assert writing.csv_cell("=HYPERLINK(1)") == "'=HYPERLINK(1)" and writing.csv_cell("\t-1\n+2") == "'-1 +2"


def form_of(name: str, text: str) -> object:
    """What of a paper must not depend on the names in it."""
    if name == "debian":
        Copyright(io.StringIO(text), strict=True)
        return [line.partition(":")[0] for line in text.splitlines() if not line.startswith(" ")]
    if name == "eu data":
        return [(key, type(value)) for key, value in json.loads(text).items()]
    if name == "licence":
        return text.endswith(f"{terms.licence_text(layout.BY_SA)}")
    lines = text.splitlines()
    blocks = [line[:2] for line in lines if re.match(r"#|---|```|\||- |\d+\. |=", line)]
    cells = [len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")]
    head = [(key, type(value)) for key, value in head_of(text).items()] if name == "card" else []
    return len(lines), blocks, cells, head


def named(facts: Facts, name: str) -> Facts:
    """The same facts with a name wherever somebody else chooses one."""
    counts = facts.counts
    release = replace(
        facts.release,
        provider=name,
        contact=name,
        representative=name,
        user_agent=name,
        profile=name,
        ruleset_version=name,
        language=name,
        detector=name,
        released_on=name,
        download_url=name,
        previous=(name,),
        languages={name: 1},
        refused={f"reject {name}": 1},
        audit={"errors": {"share": 0.5, "low": 0.1, "high": 0.9, "wrong": 1, "judged": 2}},
    )
    of_ledger = replace(
        counts,
        hosts={name: next(iter(counts.hosts.values()))},
        by_source={name: counts.seen},
        by_rule={name: counts.seen},
        by_split={name: counts.seen},
    )
    datasets = {version: replace(manifest, name=name) for version, manifest in facts.datasets.items()}
    return replace(facts, release=release, counts=of_ledger, datasets=datasets)


OF_NAMES = tuple(name for name in WRITERS if name != "attribution")


@pytest.fixture(scope="module")
def forms(mixed: Facts) -> Mapping[str, object]:
    return {name: form_of(name, WRITERS[name](named(mixed, "x"))) for name in OF_NAMES}


@settings(max_examples=40, deadline=None)
@given(text=st.one_of(st.text(max_size=40), st.text(alphabet="-#|`:\n=*<>[]\\ a1.", max_size=20)))
@example(text=HOSTILE)
@example(text=f"\n---\n{HOSTILE}")
@example(text="``` | \\| `")
@example(text="--|")
def test_no_name_of_anybody_changes_the_form_of_a_paper(mixed: Facts, forms: Mapping[str, object], text: str) -> None:
    hostile = named(mixed, f"x{text}")
    for name in OF_NAMES:
        written = WRITERS[name](hostile)
        assert form_of(name, written) == forms[name], name
        written.encode()


@pytest.mark.parametrize("text", ["- a", "---", "1. a", "= a", "# a", "> a", "```", "[a](b)", "<b>", "+ a", "a | b"])
def test_what_begins_a_block_or_ends_a_cell_does_neither_in_a_name(text: str) -> None:
    assert not re.match(r"[-+=#>`<\[]|\d+\.", writing.said(text))
    assert re.findall(r"(?<!\\)\|", writing.table(["a"], [[writing.said(text)]]).splitlines()[-1]) == ["|", "|"]


@pytest.mark.parametrize(("text", "span"), [("a", "`a`"), ("a`b``c", "```a`b``c```"), ("`a", "`` `a ``"), ("", "`  `")])
def test_a_code_span_ends_where_its_text_does(text: str, span: str) -> None:
    assert writing.code(text) == span


def test_the_same_facts_give_the_same_bytes_wherever_they_lie(tmp_path: Path) -> None:
    first, second = (facts_of(tmp_path / name, datasets=2) for name in ("one", "two"))
    for name, write in WRITERS.items():
        assert write(first) == write(second) and str(tmp_path) not in write(first), name
        assert write(first).endswith("\n"), name


def test_the_head_of_a_card_is_what_a_hub_reads(mixed: Facts) -> None:
    head = head_of(card.write(mixed))
    assert (head["library_name"], head["pipeline_tag"], head["language"]) == ("diffusers", "text-to-image", ["en"])
    result = head["model-index"][0]["results"][0]
    metrics = {metric["type"]: metric for metric in result["metrics"]}
    assert metrics["kid"]["value"] == 0.015 and "n 8; beside -0.001 (real to real" in metrics["kid"]["name"]
    assert all(isinstance(metric["value"], int | float) for metric in result["metrics"])
    alone = head_of(card.write(replace(mixed, counts=replace(mixed.counts, texts={}, text_showings={}))))
    assert (alone["license"], alone["license_name"], alone["license_link"]) == ("other", "openmdw-1.1", "LICENSE")


def test_a_card_of_an_upscaler_tells_what_it_adds_to_bicubic(tmp_path: Path) -> None:
    text = card.write(facts_of(tmp_path, "super_resolution", labels="none"))
    assert "| PSNR in dB over bicubic, expected picture | 1.25 | 0 (bicubic); p 0.01 | 1.054 to 1.446 | 8 |" in text
    assert "without any text" in text and 'Image.open("small.png")' in text and "no audit of copies" in text
    assert head_of(text)["pipeline_tag"] == "image-to-image" and "language" not in head_of(text)


def test_an_audit_is_shown_with_its_floor_and_its_bands(tmp_path: Path) -> None:
    facts = facts_of(tmp_path)
    bands = [{"shown_from": 0, "shown_to": 0, "n": 3, "share": 0.0}, {"shown_from": 1, "shown_to": 9, "share": None}]
    typical = {"bands": [{"band": "near others", "n": 8, "share": 0.125}], "measured_on": 16, "training_pictures": 24}
    audit = {**facts.evaluation["memorisation"], "by_exposure": bands, "by_typicality": typical}
    text = card.write(replace(facts, evaluation={**facts.evaluation, "memorisation": audit}))
    assert "| held-out pictures (the floor) | 0 | 8 | 0.00% | 0.00% to 30.00% | no |" in text
    assert (
        "| shown from | shown to | drawn pictures nearest to it | share of copies in it |" in text
        and "| 1 | 9 | not applicable | not applicable |" in text
    )
    assert "| near others | 8 | 12.50% |" in text
    assert "By how typical a picture is, 16 of 24:" in text and "Verdict: not flagged." in text
    unknown = {**audit, "exceeds_floor": False, "by_exposure": {"unknown": "the model is older than ledgers"}}
    told = card.write(replace(facts, evaluation={**facts.evaluation, "memorisation": unknown}))
    assert "Verdict: not above that floor." in told
    assert "By how often a picture was shown: not known, the model is older than ledgers." in told


def test_a_measure_that_is_not_better_than_chance_is_told_as_a_limit_and_an_unknown_one_is_shown() -> None:
    chance = {"at": 1, "chance": 0.2, "n": 10, "recall": 0.3}
    found = measured.measures({"clip_retrieval": {"image_to_text": {"recall_at_1": chance}}, "new": {"x": {"y": 2.5}}})
    assert [(one.metric, one.is_no_better_than_chance) for one in found] == [
        ("clip_retrieval_image_to_text_recall_at_1", True),
        ("new_x_y", False),
    ]


def test_every_dataset_version_of_a_chain_is_named_with_how_to_make_it_again(mixed: Facts) -> None:
    assert len(mixed.datasets) == 2
    for version in mixed.datasets:
        (line,) = re.findall(rf"^pdd rebuild .*{version}.*$", dataset_card.write(mixed), re.MULTILINE)
        parser = argparse.ArgumentParser()
        rebuild.add_arguments(parser)
        parsed = parser.parse_args(shlex.split(line)[2:])
        assert (str(parsed.manifest), str(parsed.out)) == (
            f"chain/dataset-{version}/manifest.json",
            f"dataset-{version}",
        )
        assert (mixed.folder / "chain" / f"dataset-{version}" / "manifest.json").is_file()


def test_when_a_version_was_first_used_is_bounded_by_the_day_it_was_finished_or_not_known(mixed: Facts) -> None:
    (first, second) = mixed.datasets.values()
    finished = replace(first, facts={**first.facts, "finished_on": "2026-11-20"})
    page = california.write(replace(mixed, datasets={first.version: finished, second.version: second}))
    assert f"| `{first.version}` | finished on 2026-11-20, not used before | Learnt from by" in page
    assert f"| `{second.version}` | not recorded | Learnt from by" in page


def test_a_version_that_only_the_evaluation_used_is_named_and_said_to_be_of_the_evaluation(mixed: Facts) -> None:
    other = replace(next(iter(mixed.datasets.values())), version="fedcba9876543210")
    facts = replace(
        mixed,
        evaluated=replace(mixed.evaluated, dataset_version=other.version),
        datasets={**mixed.datasets, other.version: other},
    )
    words = "Of the evaluation only: no model learnt from it."
    assert f"## Dataset version `{other.version}`\n\n{words}\n" in dataset_card.write(facts)
    assert f"dataset-{other.version}/manifest.json" in dataset_card.write(facts)
    page = california.write(facts)
    assert f"version `{other.version}`. {words}\n" in page
    assert f"| `{other.version}` | not recorded | {words} |" in page
    assert words not in dataset_card.write(mixed) + california.write(mixed)


def test_california_has_its_twelve_items_and_says_that_texts_are_protected(mixed: Facts, tmp_path: Path) -> None:
    page = california.write(mixed)
    assert re.findall(r"^## (\d+)\.", page, re.MULTILINE) == [str(number) for number in range(1, 13)]
    assert "captions made of texts under CC-BY-SA-4.0 are protected by copyright" in page
    free = california.write(facts_of(tmp_path, "unet", labels="none"))
    assert "No label text that was shown is under a licence with conditions" in free
    assert "Pictures without labels" in free


def test_rules_are_told_in_the_words_of_the_rights_table() -> None:
    assert {rule.rule_id: rule.says for rule in RULES}.items() <= rules_in_words.RULES.items()


def test_an_archive_has_its_name_only_where_its_own_host_delivered(mixed: Facts) -> None:
    assert "a site that is read as Wikimedia Commons is" in card.write(mixed)
    host = next(iter(mixed.counts.hosts.values()))
    of_commons = replace(mixed.counts, hosts={"upload.wikimedia.org": host}, by_source={"commons": 24})
    assert "come from Wikimedia Commons (24)" in card.write(replace(mixed, counts=of_commons))
    of_sandbox = replace(mixed.counts, hosts={"127.0.0.1": host})
    assert "made up, by the project's own sandbox" in card.write(replace(mixed, counts=of_sandbox))


def test_label_texts_of_an_earlier_system_are_named_as_a_further_source(tmp_path: Path) -> None:
    for origins, used in (({"wikitext": 30}, "No"), ({"wikitext": 30, "PD-Diffusion": 15}, "Yes")):
        facts = read_facts(made.bundle(tmp_path / used, label_origins=origins))
        told = json.loads(eu_summary.write_data(facts))
        assert told["2.6.used"] == used
        assert told["2.6.desc"] == "not applicable" or "; 15 that an earlier system" in str(told["2.6.desc"])


def test_whom_to_thank_for_captions_that_no_page_names_is_told_where_they_bind_the_weights(tmp_path: Path) -> None:
    thanked = {"": 3, "Jo Smith\nLicense: MIT": 12}
    facts = read_facts(made.bundle(tmp_path / "mixed", label_credits=thanked))
    head = " ".join(licence.write(facts).partition("-" * 72)[0].split())
    assert "(PD-Diffusion), which the history of no page names, are by somebody whom nothing names and Jo Smith" in head
    assert ", and somebody whom nothing names, and Jo Smith License: MIT\n" in debian.write(facts)
    assert problems_of_licence_head(licence.write(facts), facts) == problems_of_debian(debian.write(facts), facts) == []
    free = read_facts(made.bundle(tmp_path / "free", labels="cc0", label_credits=thanked))
    assert "Jo Smith" not in licence.write(free) + debian.write(free)


def test_every_paper_says_the_same_of_where_label_texts_came_from(tmp_path: Path) -> None:
    facts = read_facts(made.bundle(tmp_path / "bundle", label_origins={"wikitext": 30, "PD-Diffusion": 45}))
    words = (
        "Label fields by origin: 30 of the archives' own pages and records; 45 that an earlier system of the operator "
        "(PD-Diffusion) wrote or collected, of which it is not known whether a model made them."
    )
    of_people = {name: WRITERS[name] for name in ("dataset", "eu page", "eu data", "california")}
    for name, write in {**of_people, "bom": bom.write, "spdx": spdx.write, "croissant": croissant.write}.items():
        assert words in write(facts), name
        assert not re.search("texts of the same pages|archives' own label fields|no text in the datasets", write(facts))
    assert summary(facts)["2.5.used"] == f"Not known: {words} Otherwise no."
    assert "2.5 Synthetic data" in (page := eu_summary.write_page(facts)) and "[ ] Yes [ ] No: Not known: " in page
    assert f"## 12. {california.ITEMS[11]}\n\nNot known of all texts. {words}" in california.write(facts)
    own = replace(facts, release=replace(facts.release, label_origins={"wikitext": 30}))
    assert summary(own)["2.5.used"] == "No" and "\n\nNo: this project generates no picture" in california.write(own)
    mute = replace(facts, counts=replace(facts.counts, texts={}, text_showings={}))
    assert summary(mute)["2.6.used"] == "No" and "PD-Diffusion" not in california.write(mute) + croissant.write(mute)


def test_nobody_is_told_to_run_python_in_a_folder_that_is_not_checked(mixed: Facts) -> None:
    text = card.write(mixed)
    assert "python -P -m pd_ml verify FOLDER" in text and "from *outside* of this folder" in text
    for told in (text, (ROOT / "docs" / "bundle.md").read_text()):
        commands = [line for line in told.splitlines() if line.startswith("python ") and "validators" not in line]
        assert commands and all(line.startswith("python -P ") and " . " not in f"{line} " for line in commands)


def test_a_card_says_whose_program_checks_it_and_at_which_version(mixed: Facts) -> None:
    release = replace(mixed.release, download_url="https://studio.example/model", commit="c" * 40)
    text = card.write(replace(mixed, release=release))
    assert (
        f"project Public-Domain Diffusion; this bundle was written at its version `0.1.0`, commit `{'c' * 40}`" in text
    )
    assert "handed out at https://studio.example/model." in text and "handed out at" not in card.write(mixed)


def test_a_bundle_is_not_verified_by_its_own_code_or_from_inside_of_it(tmp_path: Path) -> None:
    """Where somebody started it there all the same, and the bundle's code was not the one that ran."""
    folder = made.bundle(tmp_path / "bundle")
    done = verified(folder, cwd=folder, path=ROOT)
    assert done.returncode == 1 and "which lies in the bundle; start it outside of the bundle" in done.stderr
    shutil.copytree(ROOT / "pd_ml", folder / "pd_ml", ignore=shutil.ignore_patterns("__pycache__"))
    done = verified(folder, cwd=tmp_path, path=folder)
    assert done.returncode == 1 and f"takes code from {folder / 'pd_ml'}, which lies in the bundle" in done.stderr


def test_a_bundle_may_be_verified_where_it_lies_with_the_current_folder_off_the_path(tmp_path: Path) -> None:
    folder = made.bundle(tmp_path / "bundle")
    done = verified(folder, "-P", cwd=folder, path=ROOT)
    assert done.returncode == 1 and "takes code from" not in done.stderr and "problem" in done.stderr


def verified(folder: Path, *options: str, cwd: Path, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-m", "pd_ml", "verify", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(path)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_counts_of_a_summary_say_whether_held_out_pictures_are_among_them(mixed: Facts) -> None:
    """The size of the training data is what was trained on; rules, sources and hosts are counted over both."""
    told, counts = summary(mixed), mixed.counts
    assert counts.measured > 0 and counts.seen == counts.pictures + counts.measured
    assert told["1.3.size"]["Image"]["distinct pictures that were trained on"] == counts.pictures
    by_rule = told["1.3.types"]["Image"][f"{OF_SEEN}, by the rule that accepted them"]
    of_rows = [sum(row[OF_SEEN] for row in told[key]) for key in ("2.3.domains", "2.3.content", "2.1.large")]
    assert sum(by_rule.values()) == of_rows[0] == sum(of_rows[1:]) == counts.seen
    assert f"{counts.pictures} were trained on; the other {counts.measured} were only measured" in told["2.3.comments"]


def test_on_the_page_of_a_summary_every_number_stands_after_its_name(mixed: Facts) -> None:
    lines = eu_summary.write_page(mixed).splitlines()
    assert f"  - distinct pictures that were trained on: {mixed.counts.pictures}" in lines
    assert "  - kinds of pictures (photography, painting, print): not counted" in lines
    assert "  - pictures trained on or measured with, by the rule that accepted them:" in lines
    for rule, count in mixed.counts.by_rule.items():
        meaning = rules_in_words.RULES.get(rule, "a rule of another version of the table")
        assert f"    - {rule} ({meaning}): {count}" in lines


def test_bands_of_an_audit_are_read_from_what_they_are_to_what_was_found(tmp_path: Path) -> None:
    facts = facts_of(tmp_path)
    band = {"copies": 2, "copies_high": 0.9, "copies_low": 0.1, "high": 0.5, "low": 0.05, "n": 8, "new": 7}
    band["share"] = 0.25
    band |= {"share_of_copies": 1.0, "share_of_training": 0.5, "shown_from": 1, "shown_to": 2, "training_pictures": 9}
    audit = {**facts.evaluation["memorisation"], "by_exposure": [band]}
    text = card.write(replace(facts, evaluation={**facts.evaluation, "memorisation": audit}))
    assert (
        "| shown from | shown to | training pictures | share of training | drawn pictures nearest to it | "
        "count as copies | share of copies in it | 95% interval | share of all copies | 95% interval of all copies | "
        "new |" in text
    )
    assert "| 1 | 2 | 9 | 50.00% | 8 | 2 | 25.00% | 5.00% to 50.00% | 100.00% | 10.00% to 90.00% | 7 |" in text
