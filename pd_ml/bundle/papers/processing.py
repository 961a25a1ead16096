"""How pictures and their label texts were made ready, as the manifests of the dataset versions say."""

from collections.abc import Mapping

from pd_ml.bundle.papers.writing import code, of_things, one_line
from pd_ml.data.shards import Manifest

# What a fact of a manifest is, where a person would not guess it from its name.
_SETTINGS: Mapping[str, str] = {
    "minimum_side": "shortest side asked for, px",
    "max_side": "longest side, px",
    "per_artist": "most pictures of one maker",
    "per_cluster": "most pictures of one group of look-alikes",
    "limit": "most pictures",
    "include": "only what matches",
    "exclude": "without what matches",
}


def steps(manifest: Manifest) -> list[str]:
    """What was done, with its purpose; what a manifest does not tell is left out."""
    facts = manifest.facts
    done = ["Files are fetched, decoded and checked; what cannot be read is left out, so that no example is damaged."]
    if isinstance(side := facts.get("max_side"), int) and side:
        done.append(f"Pictures are made at most {side} px on their longest side, so that storage stays bounded.")
    done.append(
        "Copies, by bytes and by look, are recognised: they are left out or stay in one split, so that no copy of a "
        "held-out picture is learnt from."
    )
    done.append("Pictures are made sRGB and written without metadata, and each model crops and resizes what it reads.")
    if narrowed := selection(manifest):
        done.append(f"The selection was narrowed: {'; '.join(narrowed)}.")
    skipped = facts.get("skipped")
    if isinstance(skipped, list) and skipped:
        done.append(f"Left out since they could not be read: {of_things(len(skipped), 'picture')}.")
    if isinstance(labels := facts.get("labels"), str):
        policy = "only texts under CC0" if labels == "cc0" else "texts under CC0 and under CC BY-SA"
        done.append(f"Captions are made of label texts: {policy} (policy `{one_line(labels)}`).")
    return done


def selection(manifest: Manifest) -> list[str]:
    """The settings by which a version was narrowed; none where it holds all that was accepted."""
    settings = manifest.facts.get("selection")
    if not isinstance(settings, Mapping):
        return []
    return [
        f"{_SETTINGS[name]}: {code(str(value))}"
        for name, value in sorted(settings.items())
        if name in _SETTINGS and value not in (0, [], "", None)
    ]
