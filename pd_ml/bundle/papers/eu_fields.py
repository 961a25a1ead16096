"""The fields of the Commission's template in their order, answered from a bundle's facts.

Nothing is left out: what does not apply says so. Numbers are of all stages of training, not of the last one only.
"""

from collections.abc import Iterator
from dataclasses import replace

from pd_ml.bundle import layout
from pd_ml.bundle.distrust import is_day
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.kinds import kind_of
from pd_ml.bundle.papers.eu_form import OF_SEEN, YES_NO, Field, Value
from pd_ml.bundle.papers.eu_sources import source_fields
from pd_ml.bundle.papers.memorisation import verdicts
from pd_ml.bundle.papers.origins import origins
from pd_ml.bundle.papers.rules_in_words import RULES
from pd_ml.bundle.papers.sources import is_sandbox, language_name, month
from pd_ml.bundle.papers.stages import context_tokens, started_from
from pd_ml.bundle.papers.writing import NOT_APPLICABLE, listed, one_line

TITLE = (
    "Template for the Public Summary of Training Content for General-Purpose AI models required by Article 53(1)(d) of "
    "Regulation (EU) 2024/1689 (AI Act)"
)
# Below it a model is presumed to be none of general purpose: the Commission's guidelines of July 2025.
INDICATIVE_FLOP = 1e23
APPLIES = ("Yes", NOT_APPLICABLE)
TEXT_BANDS = ("less than 1 billion tokens", "1 billion to 10 trillion tokens", "more than 10 trillion tokens")
IMAGE_BANDS = ("less than 1 million images", "1 million to 1 billion images", "more than 1 billion images")
_OTHER_TABLE = "a rule of another version of the table"
_NO_MORE = ("Audio", "Video", "Other")


def fields(facts: Facts) -> tuple[Field, ...]:
    """Every field, in the template's order."""
    parts = (_head, _general, _amounts, source_fields, _measures)
    return tuple(replace(one, value=_filled(one.value)) for part in parts for one in part(facts))


def _filled(value: Value) -> Value:
    """No answer is left empty."""
    if isinstance(value, dict):
        return {name: _filled(one) for name, one in value.items()}
    return value if value not in ("", []) else NOT_APPLICABLE


def training_flop(facts: Facts) -> float | None:
    """The compute of all models together; None where that of one is not computed."""
    of_models = [facts.release.training_flop.get(link.name) for link in facts.chain]
    known = [flop for flop in of_models if flop is not None]
    return sum(known) if len(known) == len(of_models) else None


def published(facts: Facts) -> str:
    """Whether this summary is a duty, as far as the compute tells."""
    flop = training_flop(facts)
    if flop is None:
        told = facts.release.training_flop
        names = listed(sorted(one_line(link.name) for link in facts.chain if told.get(link.name) is None))
        return (
            f"Published in the template's form. The compute of training is not computed ({names}), so that nothing is "
            "claimed about the indicative threshold of 10^23 FLOP."
        )
    took = f"The training of all stages took {flop:.4g} FLOP"
    if flop < INDICATIVE_FLOP:
        return (
            f"Published voluntarily, in the template's form. {took}, below the indicative threshold of 10^23 FLOP of a "
            "general-purpose model."
        )
    return f"Published in the template's form. {took}, not below the indicative threshold of 10^23 FLOP."


def _head(facts: Facts) -> Iterator[Field]:
    release = facts.release
    yield Field(
        key="h.version",
        section="h",
        asks="Version of the Summary (with links to previous versions)",
        value={
            "version": one_line(release.bundle),
            "previous": [one_line(one) for one in release.previous] or NOT_APPLICABLE,
        },
    )
    yield Field(key="h.updated", section="h", asks="Last update (DD/MM/YY)", value=_short_day(release.released_on))


def _short_day(day: str) -> str:
    """`2026-11-30` as `30/11/26`; what is no day stays as it is."""
    return f"{day[8:]}/{day[5:7]}/{day[2:4]}" if is_day(day) else one_line(day)


def _general(facts: Facts) -> Iterator[Field]:
    release = facts.release
    yield Field(
        key="1.1.provider",
        section="1.1",
        asks="Provider name and contact details",
        value={"name": one_line(release.provider), "contact": one_line(release.contact)},
    )
    yield Field(
        key="1.1.rep",
        section="1.1",
        asks="Authorised representative name and contact details",
        value=one_line(release.representative) or NOT_APPLICABLE,
    )
    yield Field(
        key="1.2.models",
        section="1.2",
        asks="Versioned model name(s)",
        value=[
            {
                "model": one_line(link.name),
                "what it is": kind_of(link.run.stage).name,
                "SHA-256": link.run.digest,
            }
            for link in facts.chain
        ],
    )
    went_on = [f"{one_line(link.name)} went on from {one_line(other.name)}" for link, other in started_from(facts)]
    yield Field(
        key="1.2.deps",
        section="1.2",
        asks="Model dependencies (general-purpose AI model(s) that this one modifies, with their summary)",
        value="None: every model that this one was made of is named in 1.2 and was trained by this project's programs "
        f"from the pictures of the ledger; {f'{listed(went_on)}' if went_on else 'none started from other weights'}.",
    )
    yield Field(
        key="1.2.market",
        section="1.2",
        asks="Date of placement of the model on the Union market",
        value=one_line(release.released_on),
    )


def _amounts(facts: Facts) -> Iterator[Field]:
    counts, release = facts.counts, facts.release
    texts = sum(counts.texts.values())
    yield Field(
        key="1.3.modality",
        section="1.3",
        asks="Modality",
        value={
            "Text": APPLIES[not texts],
            "Image": APPLIES[not counts.pictures],
            **dict.fromkeys(_NO_MORE, NOT_APPLICABLE),
        },
        options=APPLIES,
    )
    yield Field(
        key="1.3.size",
        section="1.3",
        asks="Training data size, after pre-processing and without repetitions",
        value={
            "Text": _text_size(facts) if texts else NOT_APPLICABLE,
            "Image": {
                "band": IMAGE_BANDS[(counts.pictures >= 1_000_000) + (counts.pictures > 1_000_000_000)],
                "distinct pictures that were trained on": counts.pictures,
                "times shown, all models together": counts.showings,
                "only measured with, not in the size": counts.measured,
            },
            **dict.fromkeys(_NO_MORE, NOT_APPLICABLE),
        },
        bands={"Text": TEXT_BANDS, "Image": IMAGE_BANDS},
    )
    yield Field(
        key="1.3.types",
        section="1.3",
        asks="Types of content",
        value={
            "Image": {
                "what": "pictures of which a rule says, on evidence, that they are free of copyright",
                "kinds of pictures (photography, painting, print)": "not counted",
                f"{OF_SEEN}, by the rule that accepted them": {
                    f"{one_line(rule)} ({RULES.get(rule, _OTHER_TABLE)})": n for rule, n in counts.by_rule.items()
                }
                or "none",
            },
            "Text": f"short captions, made of label texts. {origins(facts)}" if texts else NOT_APPLICABLE,
        },
    )
    yield Field(
        key="1.3.latest",
        section="1.3",
        asks="Latest date of data acquisition/collection (MM/YYYY), and whether the model is continuously trained on "
        "new data after it",
        value={
            "latest": month(counts.last_day),
            "continuously trained": "No: a released version stays as it is",
            "collection goes on for later versions": "Yes" if release.is_continued else "No",
        },
    )
    fields_of = sum(release.languages.values())
    yield Field(
        key="1.3.lang",
        section="1.3",
        asks="Linguistic characteristics of the overall training data",
        value={
            "language of the captions": one_line(release.language),
            **{
                f"label fields in {language_name(language)}": f"{n} of {fields_of} ({n / fields_of:.1%})"
                for language, n in sorted(release.languages.items())
                if fields_of
            },
        }
        if texts
        else NOT_APPLICABLE,
    )
    yield Field(
        key="1.3.other",
        section="1.3",
        asks="Other relevant characteristics of the overall training data (regions, demography, ...)",
        value="Periods, places and media of the pictures are not counted: unknown.",
    )
    sandbox = " All pictures are made up: they come from the project's own sandbox." if is_sandbox(facts) else ""
    yield Field(
        key="1.3.comments",
        section="1.3",
        asks="Additional comments (optional)",
        value=f"{layout.LEDGER} names every picture, its page, revision, rule and evidence, and how often it was shown "
        f"to each model of the chain.{sandbox}",
    )


def _text_size(facts: Facts) -> dict[str, Value]:
    """Tokens are estimated: by the mean that the tokenizer counted, else by the most that is read of a text."""
    texts, most = sum(facts.counts.texts.values()), context_tokens(facts)
    told = (link.run.metrics.get("tokens_per_caption") for link in facts.chain)
    mean = next((float(one) for one in told if one is not None), None)
    tokens = texts * most if mean is None else texts * mean
    told_of = f"{most} tokens of a text are read at most" if mean is None else f"{mean:.4g} tokens a text on average"
    size: dict[str, Value] = {"band": "not computed"}
    if tokens:
        size = {
            "band": TEXT_BANDS[(tokens >= 1e9) + (tokens > 1e13)],
            "tokens": f"{'at most' if mean is None else 'about'} {tokens:.0f} ({told_of})",
        }
    return size | {
        "captions, each counted once for its picture": texts,
        **{f"of them under {one_line(name)}": count for name, count in facts.counts.texts.items()},
        "times shown, all models together": sum(facts.counts.text_showings.values()),
    }


def _measures(facts: Facts) -> Iterator[Field]:
    release = facts.release
    refused = sum(release.refused.values())
    yield Field(
        key="3.1.signatory",
        section="3.1",
        asks="Are you a signatory to the Code of Practice for general-purpose AI models with commitments to respect "
        "reservations of rights?",
        value=YES_NO[not release.follows_code],
        options=YES_NO,
    )
    yield Field(
        key="3.1.measures",
        section="3.1",
        asks="Measures before training to respect reservations of rights, and opt-out protocols honoured",
        value="No use rests on the exception for text and data mining: a picture is learnt from only where a rule "
        f"(table {one_line(release.ruleset_version)}, profile {one_line(release.profile)}) accepts it, on evidence, as "
        f"free of copyright. Items of the archives that were not accepted: {refused}. Pictures that the operator took "
        f"down, and that stay out: {release.taken_down}. Label texts are used under their licences. Requests go to "
        f"{one_line(release.contact)}.",
    )
    yield Field(key="3.1.comments", section="3.1", asks="Additional comments (optional)", value=NOT_APPLICABLE)
    yield Field(
        key="3.2.illegal",
        section="3.2",
        asks="General description of the measures to avoid or remove illegal content",
        value={
            "how": "Only pages of the archives named above are read. What a rule refuses or holds back is not learnt "
            "from; takedowns are kept out by bytes and by look. Nothing else looks for illegal content.",
            "items of the archives that were kept out, by verdict and rule": {
                f"{one_line(name)} ({RULES.get(name.partition(' ')[2], _OTHER_TABLE)})": count
                for name, count in sorted(release.refused.items())
            }
            or "none",
        },
    )
    yield Field(
        key="3.3.other",
        section="3.3",
        asks="Other relevant information (optional)",
        value=[one for one in verdicts(facts.evaluation)] or NOT_APPLICABLE,
    )
