"""How an item stood at the end of a day, in lines for a person: `pdd decide ITEM --as-of DATE`, offline."""

from collections.abc import Iterator
from datetime import date

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.rights.evidence_kept import Past, as_of, first_day

VERDICTS = {"accept": "accepted", "reject": "refused", "quarantine": "made to wait"}


def past_of(home: Home, item_id: str, profile: str, day: date) -> Past:
    """How an item stood. ConfigError where it was not decided yet, which says the first day known."""
    found = next((one for one in as_of(home, [item_id], day) if one.profile == profile), None)
    if found is None:
        first = first_day(home, [item_id], profile=profile)
        raise ConfigError(
            f"{item_id}: nothing is known of it on {day} under the profile {profile}; "
            + (f"the first day known is {first}" if first else "nothing was ever decided of it")
        )
    if found.evidence is not None and not found.is_proved:
        raise ConfigError(
            f"{item_id}: its evidence in rights/evidence is not what its digest {found.evidence_digest} says; "
            "run `pdd doctor --verify`"
        )
    return found


def evidence_of(past: Past, day: date) -> bytes:
    """Exactly the bytes whose SHA-256 is the digest; ConfigError where they were not kept."""
    if past.evidence is None:
        raise ConfigError(f"{past.item_id}: {_not_kept(past, day)}")
    return past.evidence.encode("utf-8", "surrogatepass")


def in_words(past: Past, day: date, *, everything: bool = False) -> Iterator[str]:
    """The verdict of the day, the rule, and the evidence; with `everything` its canonical JSON too."""
    since = f"since {past.since}" if past.since else "since a day that nobody noted"
    verdict = VERDICTS.get(past.verdict, past.verdict)
    yield f"{past.item_id} on {day}: {verdict} under the profile {past.profile}, {since}"
    yield f"  the rule that decided: {past.rule_id}, rule table {past.ruleset_version}{_known_of(past, day)}"
    if past.evidence is None:
        yield f"  {_not_kept(past, day)}"
        return
    revision = f"revision {past.revid}" if past.revid is not None else "no revision that is known"
    yield f"  it rested on {revision} of {past.page_url or 'a page without address'}, first seen on {past.seen_on}"
    yield f"  evidence, SHA-256 {past.evidence_digest}, in rights/evidence"
    yield f"  {past.evidence}" if everything else "The evidence itself: the same command with --evidence, or --all."


def _known_of(past: Past, day: date) -> str:
    if past.told_on is None:
        return ""
    if past.told_on < day.isoformat():
        return (
            f" (as decided on {past.told_on}; another rule may have given the same verdict since, which is not logged)"
        )
    return f" (told of {past.told_on}: of the days before only changes of the verdict are logged)"


def _not_kept(past: Past, day: date) -> str:
    named = f"; its SHA-256 was {past.evidence_digest}" if past.evidence_digest else ""
    return f"the evidence of {day} was not kept: rights/evidence began later, and what it was is unknown{named}"
