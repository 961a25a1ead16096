"""How the finished pipeline is opened without this project, how large its pictures are, and what its chain was made of,
in words."""

from collections.abc import Mapping

from pd_ml.bundle import terms
from pd_ml.bundle.facts import Facts, Link
from pd_ml.bundle.files import code_of
from pd_ml.bundle.kinds import kind_of
from pd_ml.bundle.papers.writing import code
from pd_ml.provenance import INIT_FROM, RunRecord

FACTOR = 4


_OPEN_OWN = """import torch
from diffusers import DiffusionPipeline

# {code} is the pipeline's code: read it, then let it run.
pipeline = DiffusionPipeline.from_pretrained(
    "./pipeline", custom_pipeline="./pipeline", trust_remote_code=True, local_files_only=True
)
"""
_OPEN_PLAIN = """import torch
from diffusers import DiffusionPipeline

pipeline = DiffusionPipeline.from_pretrained("./pipeline", local_files_only=True)
"""


def task_of(facts: Facts) -> str:
    """The Hub's name of what the pipeline does."""
    return kind_of(facts.release.stage).task_on_the_hub or "unconditional-image-generation"


def takes_prompts(facts: Facts) -> bool:
    """Whether the pipeline draws what a text says."""
    return task_of(facts) == "text-to-image"


def snippet(facts: Facts) -> str:
    """Python that opens the pipeline with diffusers alone, offline, and saves a picture drawn as the measured ones."""
    own = code_of(facts)
    opened = _OPEN_OWN.replace("{code}", " with ".join(own)) if own else _OPEN_PLAIN
    settings = ", ".join([*_sampling(facts), "generator=torch.Generator().manual_seed(0)"])
    if task_of(facts) == "image-to-image":
        opened = opened.replace("import DiffusionPipeline\n", "import DiffusionPipeline\nfrom PIL import Image\n")
        opened += 'small = Image.open("small.png").convert("RGB")\n'
        return f'{opened}pipeline(small, {settings}).images[0].save("large.png")\n'
    prompt = '"a house by the sea", ' if takes_prompts(facts) else ""
    return f'{opened}pipeline({prompt}{settings}).images[0].save("picture.png")\n'


def _sampling(facts: Facts) -> list[str]:
    """The settings that the evaluation drew with, as arguments."""
    told = facts.evaluation.get("sampling")
    found = told if isinstance(told, Mapping) else {}
    steps, scale = found.get("sample_steps"), found.get("guidance_scale")
    arguments = [f"num_inference_steps={steps}"] if isinstance(steps, int) else []
    if takes_prompts(facts) and isinstance(scale, int | float):
        arguments.append(f"guidance_scale={scale}")
    return arguments


def size_in_words(facts: Facts) -> str:
    """How large the pictures are, as far as the records of the chain tell."""
    if task_of(facts) == "image-to-image":
        crop = _whole(facts.model.run, "crop_size")
        learnt = f"; it learnt on crops of {crop} x {crop} px" if crop else ""
        return f"{FACTOR} times the width and {FACTOR} times the height of what it is given{learnt}"
    side = next((found for link in facts.chain if (found := _whole(link.run, "image_size"))), 0)
    if not side:
        return "not recorded"
    if facts.model.run.config.get("buckets") is True:
        return f"about as many pixels as {side} x {side}, in several shapes"
    return f"{side} x {side} px"


def context_tokens(facts: Facts) -> int:
    """How many tokens of a text are read; 0 where no model of the chain reads texts."""
    return next((n for link in facts.chain if (n := _whole(link.run, "text_max_position_embeddings"))), 0)


def started_from(facts: Facts) -> list[tuple[Link, Link]]:
    """The models that did not start from nothing, each with the one that it went on from."""
    found = ((link, terms.parents_of(facts, link.run).get(INIT_FROM)) for link in facts.chain)
    return [(link, other) for link, other in found if other is not None]


def dataset_versions(facts: Facts) -> list[str]:
    """Versions of the dataset in the order of the chain, each once; one that only the evaluation used is the last."""
    return list(dict.fromkeys([*(link.run.dataset_version for link in facts.chain), facts.evaluated.dataset_version]))


def use_in_words(facts: Facts, version: str) -> str:
    """Which models learnt from a dataset version, as Markdown."""
    models = ", ".join(code(link.name) for link in facts.chain if link.run.dataset_version == version)
    return f"Learnt from by {models}." if models else "Of the evaluation only: no model learnt from it."


def level_in_words(run: RunRecord) -> str:
    """How the training was kept from reading what it was not given."""
    return run.level or "not recorded"


def _whole(run: RunRecord, name: str) -> int:
    found = run.config.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0
