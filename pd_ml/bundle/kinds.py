"""What each stage of a chain makes, in the words of people, of the Hub and of the papers for machines: one table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

# The Hub's name of what a finished pipeline does, by ours.
_ON_THE_HUB = {
    "text-to-image": "text-to-image",
    "unconditional-image-generation": "unconditional-image-generation",
    "image-super-resolution": "image-to-image",
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`name` is for people, `purpose` how the dataset furthers what the system is for; else words of the field."""

    name: str
    purpose: str
    family: str
    task: str
    approach: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def task_on_the_hub(self) -> str:
        """ "" where it draws nothing by itself."""
        return _ON_THE_HUB.get(self.task, "")


_UNET = Kind(
    name="diffusion model without prompts, in pixels",
    purpose="pictures teach what pictures look like, so that new ones can be drawn",
    family="diffusion model",
    task="unconditional-image-generation",
    approach="self-supervised",
    inputs=(),
    outputs=("image",),
)
_UNET_TEXT = Kind(
    name="text-to-image diffusion model, in pixels",
    purpose="pictures with their label texts teach what pictures of such texts look like, so that new ones can be "
    "drawn for prompts",
    family="diffusion model",
    task="text-to-image",
    approach="supervised",
    inputs=("text",),
    outputs=("image",),
)
KINDS: Mapping[str, Kind] = {
    "tokenizer": Kind(
        name="tokenizer",
        purpose="label texts decide which parts of words become tokens, so that prompts can be read",
        family="byte-pair encoding",
        task="tokenization",
        approach="unsupervised",
        inputs=("text",),
        outputs=("tokens",),
    ),
    "clip": Kind(
        name="CLIP, a text tower and an image tower",
        purpose="pictures with their label texts teach which text goes with which picture, so that prompts have a "
        "meaning and drawn pictures can be measured against them",
        family="contrastive text and image towers",
        task="feature-extraction",
        approach="self-supervised",
        inputs=("text", "image"),
        outputs=("embedding",),
    ),
    "vae": Kind(
        name="autoencoder (VAE)",
        purpose="pictures teach how a picture is packed into fewer numbers and unpacked again",
        family="variational autoencoder",
        task="image-compression",
        approach="self-supervised",
        inputs=("image",),
        outputs=("latents", "image"),
    ),
    "latents": Kind(
        name="latents, computed by the autoencoder and the text tower",
        purpose="pictures and label texts are encoded once, so that later stages read them faster; nothing is learnt",
        family="latents and text states of a dataset",
        task="preprocessing",
        approach="unsupervised",
        inputs=("image", "text"),
        outputs=("latents",),
    ),
    "unet": _UNET,
    "unet_text": _UNET_TEXT,
    "transformer": replace(_UNET_TEXT, name="text-to-image diffusion transformer, in patches of pixels"),
    "latent_unet": replace(
        _UNET,
        name="diffusion model without prompts, in latents",
        purpose="pictures, as latents, teach what pictures look like, so that new ones can be drawn",
    ),
    "latent_diffusion": replace(
        _UNET_TEXT,
        name="text-to-image diffusion model, in latents",
        purpose="pictures, as latents, with their label texts teach what pictures of such texts look like, so that new "
        "ones can be drawn for prompts",
    ),
    "super_resolution": Kind(
        name="upscaler, four times larger",
        purpose="pictures and small copies of them teach what enlargement lacks, so that small pictures can be made "
        "larger",
        family="diffusion model",
        task="image-super-resolution",
        approach="self-supervised",
        inputs=("image",),
        outputs=("image",),
    ),
}


def kind_of(stage: str) -> Kind:
    """What a stage makes; one that is not known here is called by its name."""
    unknown = Kind(
        name=stage,
        purpose="the pictures teach this stage of the system",
        family=stage.replace("_", " "),
        task=stage,
        approach="self-supervised",
        inputs=(),
        outputs=(),
    )
    return KINDS.get(stage, unknown)
