"""The head of a model card that a Hub reads: https://huggingface.co/docs/hub/model-cards. YAML, written by hand.

Every string is in double quotes, so that no name of anybody can end a line or begin a key.
"""

from pd_ml.bundle import layout, terms
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.papers.measured import Measured, measures
from pd_ml.bundle.papers.stages import takes_prompts, task_of
from pd_ml.bundle.papers.writing import number, yaml_text


def head(facts: Facts) -> str:
    """What stands between the two lines of dashes."""
    release = facts.release
    word = terms.ON_HUBS[facts.licence]
    named = ["license: other", f"license_name: {yaml_text(word)}"]
    lines = named if facts.licence == layout.OPENMDW else [f"license: {word}"]
    lines += [f"license_link: {layout.LICENCE}", "library_name: diffusers", f"pipeline_tag: {task_of(facts)}"]
    if takes_prompts(facts):
        lines += ["language:", f"- {yaml_text(release.language)}"]
    tags = ("diffusers", "public-domain", "art", "trained-from-scratch", release.stage)
    lines += ["tags:", *(f"- {yaml_text(tag)}" for tag in tags)]
    return "\n".join([*lines, *_index(facts)]) + "\n"


def _index(facts: Facts) -> list[str]:
    """`model-index`: each number with its floor and sample size in its name. None where nothing was measured."""
    found = measures(facts.evaluation)
    if not found:
        return []
    dataset = facts.datasets.get(facts.evaluated.dataset_version)
    name = f"{dataset.name if dataset else 'dataset'} {facts.evaluated.dataset_version}"
    return [
        "model-index:",
        f"- name: {yaml_text(facts.model.name)}",
        "  results:",
        "  - task:",
        f"      type: {task_of(facts)}",
        "    dataset:",
        f"      type: {yaml_text(dataset.name if dataset else 'dataset')}",
        f"      name: {yaml_text(f'held-out pictures of {name}')}",
        "    metrics:",
        *(line for one in found for line in _metric(one)),
    ]


def _metric(one: Measured) -> list[str]:
    beside = f"; beside {one.beside}" if one.beside else ""
    interval = f"; 95% interval {one.interval}" if one.interval else ""
    size = "not told" if one.n is None else str(one.n)
    return [
        f"    - type: {yaml_text(one.metric)}",
        f"      value: {_yaml_number(one.value)}",
        f"      name: {yaml_text(f'{one.name} (n {size}{beside}{interval})')}",
    ]


def _yaml_number(value: float) -> str:
    """To four digits, and with a point, which YAML 1.1 asks of a number with an exponent."""
    text = number(value)
    mantissa, exponent, power = text.partition("e")
    return f"{mantissa}.0e{power}" if exponent and "." not in mantissa else text
