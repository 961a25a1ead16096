"""Recorded names, redirects and lists of transcluded templates: what a page with each of them is worth."""

import json

import pytest

from pd_assets.lib.page.template_names import is_understood
from pd_assets.lib.page.wikitext import normal_name
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.knowledge import Knowledge, Questions, TemplateFact, TemplateKind
from pd_assets.lib.rights.rules import decide
from pd_assets.lib.rights.tags import WRAPPERS, Kind, meaning_of
from pd_assets.lib.rights.template_meanings import asked_meaning, target_of
from tests.material import recorded
from tests.pd_assets.lib.rights.cases import EXPIRED, TODAY, box
from tests.pd_assets.lib.rights.known_templates import FOLDER, recorded_templates, rows

FREE = (Kind.GROUND, Kind.DEDICATION)


@pytest.fixture(scope="module")
def facts() -> dict[str, TemplateFact]:
    recorded(FOLDER)
    return recorded_templates()


def asked(facts: dict[str, TemplateFact]) -> Questions:
    return Questions(known=Knowledge(templates=facts))


def reasons(text: str, facts: dict[str, TemplateFact], templates: tuple[str, ...] = ()) -> tuple[str, ...]:
    row = {"status": "live", "wikitext": text, "templates": list(templates), "revid": 1, "sha1": "a"}
    return decide(from_page(row, asked(facts)), "strict", TODAY).reasons


def test_every_recorded_name_has_a_kind_and_every_redirect_a_target(facts: dict[str, TemplateFact]) -> None:
    names = {normal_name(row["template"]) for row in rows(recorded(FOLDER) / "licence-templates.tsv")}
    aliases = {normal_name(row["alias"]) for row in rows(recorded(FOLDER) / "redirects.tsv")}
    targets = {normal_name(row["target"]) for row in rows(recorded(FOLDER) / "redirects.tsv")}
    assert names | aliases | targets == set(facts)
    assert len(facts) > 2500


def test_no_recorded_template_beside_a_licence_is_accepted_but_what_is_classified_and_no_licence(
    facts: dict[str, TemplateFact],
) -> None:
    """All 2,558 names, each on a page that is otherwise free."""
    for name, fact in facts.items():
        meaning = asked_meaning(name, asked(facts))
        is_free = not reasons(box(f"{EXPIRED}\n{{{{{name}}}}}"), facts)
        is_tag = meaning is not None or fact.target in WRAPPERS or is_understood(name)
        assert is_free <= (is_tag or fact.kind not in (TemplateKind.LICENCE, TemplateKind.WARNING)), fact
        if fact.kind is TemplateKind.WARNING and not is_understood(name):
            assert not is_free, fact
        if fact.kind is TemplateKind.LICENCE and meaning_of(fact.target) is None and fact.target not in WRAPPERS:
            assert not is_free or is_understood(name), fact


def test_a_partner_and_a_note_of_maintenance_beside_a_licence_leave_no_open_question(
    facts: dict[str, TemplateFact],
) -> None:
    for name, fact in facts.items():
        if fact.kind in (TemplateKind.SOURCE, TemplateKind.MAINTENANCE) and meaning_of(fact.target) is None:
            seen = from_page({"status": "live", "wikitext": box(f"{EXPIRED}\n{{{{{name}}}}}")}, asked(facts))
            assert {tag.name for tag in seen.tags if tag.seen_in != "prose"} == {"pd-old-100-expired"}, fact


@pytest.mark.parametrize(
    ("alias", "reason"),
    [
        *((name, "in_doubt") for name in ("PD-ESA", "PD-HHOFFMANN", "PD-meteorite", "Art", "Informação", "Facebook",
                                          "Attribution-PIB-India", "CrownCopyright", "Attribution-PresidentofIndonesia",
                                          "FoP-Italy", "FoP-France", "FoP-Greece", "FoP-Belgium")),
        *((name, "obligation") for name in ("CC-By-2.0", "CC-BY", "Cc-by-sa", "PD-Flickr")),
    ],
)  # fmt: skip
def test_a_misleading_redirect_is_what_its_target_is(facts: dict[str, TemplateFact], alias: str, reason: str) -> None:
    """Beside the licence, and as its only argument."""
    assert {reason, "obligation"}.intersection(reasons(box(f"{EXPIRED}\n{{{{{alias}}}}}"), facts))
    assert reasons(box(f"{{{{PD-Art|{alias}}}}}"), facts)


@pytest.mark.parametrize(
    ("alias", "target"),
    [("PD-art-3d", "pd-old-100"), ("PD-music", "pd-old-100"), ("PD-audio", "pd-old-100"),
     ("PD-art-70-3d", "pd-old-70"), ("PD-1978", "pd-us-no notice")],
)  # fmt: skip
def test_a_redirect_to_another_age_claims_the_age_of_its_target(
    facts: dict[str, TemplateFact], alias: str, target: str
) -> None:
    for text in (box(f"{{{{{alias}}}}}"), box(f"{{{{PD-Art|{alias}}}}}")):
        seen = from_page({"status": "live", "wikitext": text}, asked(facts))
        assert {tag.name for tag in seen.having(Kind.GROUND, "wikitext")} == {target}


def test_a_redirect_to_a_tag_of_unknown_makers_is_that_tag_and_no_us_ground(facts: dict[str, TemplateFact]) -> None:
    assert facts["anonymous work"].target == "pd-anon-50"
    seen = from_page({"status": "live", "wikitext": box("{{PD-Art|Anonymous work}}")}, asked(facts))
    assert {(tag.name, tag.us) for tag in seen.tags} == {("pd-anon-50", False)}


@pytest.mark.parametrize(("alias", "target"), [("Cropped", "extracted from"), ("Crop", "remove border"),
                                               ("Extracted", "image extracted")])  # fmt: skip
def test_look_alikes_lead_elsewhere_and_are_harmless(facts: dict[str, TemplateFact], alias: str, target: str) -> None:
    assert facts[alias.lower()].target == target
    assert not reasons(box(f"{EXPIRED}\n{{{{{alias}}}}}"), facts)


def test_no_name_gains_by_its_classification_but_a_redirect_by_its_target(facts: dict[str, TemplateFact]) -> None:
    """The archive's word makes no ground: a name is one only where our table says so of its target."""
    for name, fact in facts.items():
        meaning = asked_meaning(name, asked(facts))
        if meaning is not None and meaning.kind in FREE:
            target = meaning_of(fact.target)
            assert target is not None and target.kind is meaning.kind, fact


def test_no_recorded_list_of_transcluded_templates_makes_a_ground_of_what_is_not_written(
    facts: dict[str, TemplateFact],
) -> None:
    """Real pages, each with one of its templates written and all of them transcluded."""
    lines = (recorded(FOLDER) / "prop-templates.jsonl").read_text().splitlines()
    assert len(lines) == 27
    for line in lines:
        templates = list(map(normal_name, json.loads(line)["templates"]))
        for name in templates:
            row = {"status": "live", "wikitext": f"{{{{{name}}}}}", "templates": templates}
            seen = from_page(row, asked(facts))
            assert {tag.name for tag in seen.tags if tag.kind in FREE} <= {target_of(name, asked(facts))}, line
            assert all(decide(seen, profile, TODAY).verdict != "accept" for profile in ("strict", "life70")), line
