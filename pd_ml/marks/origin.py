"""What all marks of a picture say of where it comes from, and the words of the IPTC for it.

Terms: IPTC NewsCodes, Digital Source Type, vocabulary of 23 October 2024; a term is always written as its whole URI.
"""

from dataclasses import dataclass, replace

from pd_ml.provenance import LEDGER, RunRecord

_TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
# Made by a model from nothing, from a text, or out of a picture that was made so itself.
GENERATED = f"{_TERMS}trainedAlgorithmicMedia"
# A real picture that a model changed or enlarged.
ALTERED = f"{_TERMS}compositeWithTrainedAlgorithmicMedia"
# A sheet that shows real pictures beside pictures that a model made.
MIXED = f"{_TERMS}compositeSynthetic"
_IN_WORDS = {
    "trainedAlgorithmicMedia": "made by a generative model",
    "trainedAlgorithmicData": "data that a trained model made",  # a term of the C2PA
    "compositeWithTrainedAlgorithmicMedia": "a picture that a generative model edited",
    "compositeSynthetic": "a composite with parts that a generative model made",
}
_GENERATED = frozenset({"trainedAlgorithmicMedia", "trainedAlgorithmicData"})

SYSTEM = "Public-Domain Diffusion"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The system that drew a picture, by name and version, its model by digest, and how the picture came to be.

    `version`, `model_digest` and `ledger_sha256` are empty where they are not known yet: within a training.
    """

    system: str = SYSTEM
    version: str = ""
    model_digest: str = ""
    ledger_sha256: str = ""
    upscaler: str = ""
    source_type: str = GENERATED

    def as_mixed(self) -> "Origin":
        """For a sheet that shows real pictures too."""
        return replace(self, source_type=MIXED)


def origin_of(record: RunRecord, *, upscaler: RunRecord | None = None) -> Origin:
    """Of what the model of a finished folder drew, and `upscaler` enlarged."""
    return Origin(
        system=f"{SYSTEM} {record.stage}",
        version=record.version,
        model_digest=record.digest,
        ledger_sha256=record.outputs.get(LEDGER, ""),
        upscaler=f"{upscaler.stage} {upscaler.version}" if upscaler else "",
    )


def in_words(source_type: str) -> str:
    """What a term means; another term as it is."""
    return next((_IN_WORDS[term] for term in _terms(source_type) if term in _IN_WORDS), source_type)


def is_of_machines(source_type: str) -> bool:
    """Whether it says that a model made or edited the picture, or parts of it."""
    return not _IN_WORDS.keys().isdisjoint(_terms(source_type))


def is_generated(source_type: str) -> bool:
    """Whether it says that a model made the picture as a whole."""
    return not _GENERATED.isdisjoint(_terms(source_type))


def _terms(source_type: str) -> list[str]:
    """The last word of each URI: some write it alone, with https or with a stroke at its end."""
    return [uri.rstrip("/").replace("#", "/").replace(":", "/").rpartition("/")[2] for uri in source_type.split()]
