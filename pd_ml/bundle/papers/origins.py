"""Where label texts came from, in the words of every paper: `release.json` counts label fields by what they were read
from. Nothing tells where a text was before that."""

from pd_ml.bundle import layout
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.papers.writing import one_line

# What label fields that `pdd import-prior` brought say of where they were seen.
PRIOR_SYSTEM = "PD-Diffusion"


def brought(facts: Facts) -> int:
    """Label fields of an earlier system; 0 where no label text was shown."""
    return facts.release.label_origins.get(PRIOR_SYSTEM, 0) if facts.counts.texts else 0


def credited(facts: Facts) -> list[str]:
    """Whom to thank for captions of an earlier system that the weights are share-alike with; no page names them."""
    if facts.licence != layout.BY_SA:
        return []
    return [one_line(name) or "somebody whom nothing names" for name in sorted(facts.release.label_credits)]


def origins(facts: Facts) -> str:
    """In a sentence; "" where no label text was shown."""
    if not facts.counts.texts:
        return ""
    imported = brought(facts)
    own = sum(facts.release.label_origins.values()) - imported
    told = [f"{own} of the archives' own pages and records"] if own else []
    if imported:
        told.append(
            f"{imported} that an earlier system of the operator ({PRIOR_SYSTEM}) wrote or collected, of which it is "
            "not known whether a model made them"
        )
    return f"Label fields by origin: {'; '.join(told) or 'not recorded'}."
