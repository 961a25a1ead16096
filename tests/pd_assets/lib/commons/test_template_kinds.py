"""What a template is, by the categories above it."""

import pytest

from pd_assets.lib.commons import template_kinds
from pd_assets.lib.commons.template_kinds import kind_of, to_ask
from pd_assets.lib.rights.knowledge import TemplateKind

PARENTS = {
    "Old tags": ["Tags of age"],
    "Tags of age": ["Tags by ground"],
    "Tags by ground": ["PD license tags"],
    "Very old tags": ["Old tags"],
    "Ponds": ["Waters"],
    "Waters": ["Ponds"],
    "Pond templates": ["Commons templates"],
    "Pond licence templates": ["Commons templates"],
    "License redirects to speedy deletion": ["License tags"],
    "License-related tags": ["License tags"],
    "Trademark notes": ["License-related tags"],
}


@pytest.mark.parametrize(
    ("categories", "kind"),
    [
        (["PD license tags"], "licence"),
        (["pd_license tags"], "licence"),
        (["Old tags"], "licence"),
        (["License tags", "Source templates"], "licence"),
        (["License redirects to speedy deletion"], "warning"),
        (["License tags", "Problem tags"], "warning"),
        (["License-related tags"], "other"),
        (["Trademark notes"], "other"),
        (["License-related tags", "PD license tags"], "licence"),
        (["Source templates", "Commons templates"], "source"),
        (["Data ingestion layout templates"], "box"),
        (["Pond templates"], "other"),
        (["Pond licence templates"], "licence"),
        (["Copyright notes of ponds", "Commons templates"], "licence"),
        (["Non-copyright restrictions", "Commons templates"], "other"),
        (["Ponds"], "unclassified"),
        (["Very old tags"], "unclassified"),
        ([], "unclassified"),
    ],
)
def test_the_gravest_root_within_three_steps_is_what_a_template_is(categories: list[str], kind: str) -> None:
    assert kind_of(categories, PARENTS) == kind


def test_only_categories_on_the_way_to_a_root_are_asked_for() -> None:
    assert to_ask(["Old tags", "PD license tags", "New tags"], {}) == {"Old tags", "New tags"}
    assert to_ask(["Old tags"], {"Old tags": ["Tags of age"]}) == {"Tags of age"}
    assert to_ask(["Old tags"], PARENTS) == set()
    chain = {"a": ["b"], "b": ["c"], "c": ["d"]}
    assert to_ask(["a"], chain) == set(), "nobody climbs on beyond the third step"


def test_the_kinds_are_those_that_the_rights_know() -> None:
    kinds = {*template_kinds.GRAVITY, template_kinds.UNCLASSIFIED, template_kinds.MISSING}
    assert kinds == {kind.value for kind in TemplateKind}
    assert set(template_kinds.ROOTS.values()) <= set(template_kinds.GRAVITY)
