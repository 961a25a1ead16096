"""What the answers of an audit come to: error rates with their intervals, by rule and by tag, and how two people agree.

Each rate is that of its own half of the sample; the rate over everything weighs the halves by how many items they stand
for. Where two people differ and nobody has settled it, nobody can tell.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.rights.agreement import Agreement, agreement
from pd_assets.lib.rights.audit import Sample, Sampled
from pd_assets.lib.rights.audit_answers import Answers, differing, final_answers
from pd_assets.lib.rights.intervals import wilson
from pd_assets.lib.rights.plain_words import tag_name
from pd_assets.lib.rights.tags import Kind

# Fewer answers than these say little, and the result says so.
FEW = 30


@dataclass(frozen=True, kw_only=True)
class Rate:
    """`wrong` of `judged`, as a share with its 95% interval; `worst` counts each `cannot tell` as wrong."""

    wrong: int
    judged: int
    cannot_tell: int
    share: float
    low: float
    high: float
    worst: float


@dataclass(frozen=True, kw_only=True)
class Group:
    """The rate of the sampled items that one rule decided, or that carry one tag; `stands_for` so many of all items."""

    name: str
    rate: Rate
    stands_for: int | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """The error rates of one audit, and how its people agree.

    `false_accepts` is the share of accepted items that are not free, `false_rejects` the share of the others that are
    free, `errors` the share of all items that are decided wrongly. `agreement` is None where one person judged alone.
    `open` are the differences that nobody has settled, `notes` what a reader must know to read it right.
    """

    sample: str
    profile: str
    false_accepts: Rate
    false_rejects: Rate
    errors: Rate
    people: int = 1
    agreement: Agreement | None = None
    open: int = 0
    settled: int = 0
    accepted_by_rule: tuple[Group, ...] = ()
    accepted_by_tag: tuple[Group, ...] = ()
    refused_by_rule: tuple[Group, ...] = ()
    refused_by_tag: tuple[Group, ...] = ()
    notes: tuple[str, ...] = ()


def estimate(sample: Sample, first: Answers, second: Answers | None = None, settle: Answers | None = None) -> Result:
    """The rates of the answers so far; items without an answer count for nothing. ConfigError for a foreign item."""
    second, settle = second or {}, settle or {}
    given = {*first, *second, *settle}
    if foreign := sorted(given - {one.item_id for one in sample.items}):
        raise ConfigError(f"answers for {', '.join(foreign[:3])}, which the sample {sample.name} does not hold")
    final = final_answers(first, second, settle)
    accepted, others = ([one for one in sample.items if one.is_accepted is kind] for kind in (True, False))
    accepts, rejects = _rate(accepted, final, wrong="not_free"), _rate(others, final, wrong="free")
    differ = differing(first, second)
    agreed = agreement(first, second) if second else None
    open_ones = sum(item not in settle for item in differ)
    return Result(
        sample=sample.name,
        profile=sample.profile,
        false_accepts=accepts,
        false_rejects=rejects,
        errors=_together([(sample.accepted, accepts), (sample.others, rejects)]),
        people=sum(bool(answers) for answers in (first, second)),
        agreement=agreed,
        open=open_ones,
        settled=len(differ) - open_ones,
        accepted_by_rule=_groups(accepted, final, "not_free", _rule_of),
        accepted_by_tag=_groups(accepted, final, "not_free", tags_of),
        refused_by_rule=_groups(others, final, "free", _rule_of),
        refused_by_tag=_groups(others, final, "free", tags_of),
        notes=tuple(_notes(len(sample.items), first, second, agreed, open_ones, accepts, rejects)),
    )


def _rule_of(one: Sampled) -> tuple[str, ...]:
    return (one.rule_id,)


def tags_of(one: Sampled) -> tuple[str, ...]:
    """The licence tags that a page itself has, as people write them; what a museum says of its picture."""
    seen = one.seen
    if seen.medium is not None:
        return (f"museum: {seen.medium.usage_access or 'no usage given'}",)
    tags = [tag_name(tag.name) for tag in seen.tags if tag.seen_in == "wikitext" and tag.kind is not Kind.UNKNOWN]
    unknown = ["a tag that nobody knows"] if seen.having(Kind.UNKNOWN) else []
    return tuple(dict.fromkeys([*tags, *unknown])) or ("no tag",)


def _groups(
    items: Sequence[Sampled], answers: Answers, wrong: str, names_of: Callable[[Sampled], Iterable[str]]
) -> tuple[Group, ...]:
    """The rate of each group that has an answer: the most errors first, then the most answers."""
    members: dict[str, list[Sampled]] = {}
    for one in items:
        for name in names_of(one) if one.item_id in answers else ():
            members.setdefault(name, []).append(one)
    groups = [
        Group(
            name=name,
            rate=_rate(listed, answers, wrong=wrong),
            stands_for=listed[0].of_rule if names_of is _rule_of else None,
        )
        for name, listed in members.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-group.rate.wrong, -group.rate.judged, group.name)))


def _notes(
    items: int, first: Answers, second: Answers, agreed: Agreement | None, open_ones: int, accepts: Rate, rejects: Rate
) -> Iterable[str]:
    if not second:
        yield "one person judged: how two people agree is not known"
    unjudged = items - len({*first, *second})
    if unjudged:
        yield f"{unjudged} of {items} pictures of the sample are not judged yet"
    if second and (alone := len({*first} ^ {*second})):
        yield f"{alone} pictures have the answer of one person only, which counts"
    if open_ones:
        yield f"differences that are not settled and count as cannot tell: {open_ones} (pdd audit --role settle)"
    if agreed is not None and agreed.kappa is None:
        yield "kappa does not exist here: both gave one and the same answer to everything"
    if agreed is not None and agreed.pairs < FEW:
        yield f"both judged only {agreed.pairs} pictures (fewer than {FEW}): kappa and its interval are rough"
    if agreed is not None:
        yield "kappa is that of the sample, of which half was drawn among the accepted"
    for what, rate in (("accepted", accepts), ("refused", rejects)):
        if rate.judged < FEW:
            yield f"only {rate.judged} {what} pictures are judged (fewer than {FEW}): mind the interval of the rate"


def _rate(items: Sequence[Sampled], answers: Answers, *, wrong: str) -> Rate:
    given = [answers[one.item_id] for one in items if one.item_id in answers]
    unsure = given.count("cannot_tell")
    count, judged = given.count(wrong), len(given) - unsure
    low, high = wilson(count / judged if judged else 0.0, judged)
    return Rate(
        wrong=count,
        judged=judged,
        cannot_tell=unsure,
        share=count / judged if judged else 0.0,
        low=low,
        high=high,
        worst=(count + unsure) / len(given) if given else 0.0,
    )


def _together(halves: Sequence[tuple[int, Rate]]) -> Rate:
    """The rate over everything: the halves weighed by what they stand for, with Wilson's interval for as many
    independent answers as have the variance of the weighed sum (Korn and Graubard 1998, section 2)."""
    everything = sum(size for size, _ in halves) or 1
    weighed = [(size / everything, rate) for size, rate in halves if size]
    share = sum(weight * rate.share for weight, rate in weighed)
    if all(rate.judged for _, rate in weighed):
        variance = sum(weight**2 * rate.share * (1 - rate.share) / rate.judged for weight, rate in weighed)
        spread = share * (1 - share)
        flat = 1 / sum(weight**2 / rate.judged for weight, rate in weighed) if weighed else 0.0
        low, high = wilson(share, min(spread / variance, flat) if variance else flat)
    else:
        low, high = 0.0, 1.0
    return Rate(
        wrong=sum(rate.wrong for _, rate in halves),
        judged=sum(rate.judged for _, rate in halves),
        cannot_tell=sum(rate.cannot_tell for _, rate in halves),
        share=share,
        low=low,
        high=high,
        worst=sum(weight * rate.worst for weight, rate in weighed),
    )


def in_words(result: Result) -> list[str]:
    """The result as lines for a person."""
    named = {
        "accepted items that are not free": result.false_accepts,
        "other items that are free": result.false_rejects,
        "items decided wrongly": result.errors,
    }
    told = [
        f"{what:<33} {rate.share:6.1%}  (95% interval {rate.low:.1%} to {rate.high:.1%}; {rate.wrong} of {rate.judged} "
        f"judged, {rate.cannot_tell} cannot tell; {rate.worst:.1%} were all of those wrong)"
        for what, rate in named.items()
    ]
    return [*told, agreement_in_words(result), *(f"note: {note}" for note in result.notes)]


def agreement_in_words(result: Result) -> str:
    """How two people agree, in a line."""
    agreed = result.agreement
    if agreed is None:
        return "agreement: none to tell of, one person judged"
    kappa = (
        "none" if agreed.kappa is None else f"{agreed.kappa:.2f} (95% interval {agreed.low:.2f} to {agreed.high:.2f})"
    )
    return (
        f"agreement of two people: {agreed.same} of {agreed.pairs} ({agreed.raw:.1%}), Cohen's kappa {kappa}; "
        f"{result.settled} differences settled, {result.open} open"
    )
