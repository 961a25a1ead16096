"""What curators say of pictures that wait: a file for each in `rights/judgements/`, written once, never changed.

A judgement is of one evidence: when the page's evidence changes, it is kept and counts no longer. Two roles judge
without seeing one another; where they differ a third settles. What they come to is part of the evidence from the next
decision on (`settled_by_people`, claims.Settled), and the rule table says what follows from it.
"""

import json
import logging
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, alone, write_text
from pd_assets.lib.rights.agreement import Agreement, agreement
from pd_assets.lib.rights.audit_answers import ANSWERS
from pd_assets.lib.rights.case import PROFILES
from pd_assets.lib.rights.claims import Settled

if TYPE_CHECKING:
    from pd_assets.lib.rights.waiting import Waiting

log = logging.getLogger(__name__)

FOLDER = Path("rights/judgements")
FREE, NOT_FREE = "free", "not_free"
LABELS: Mapping[str, str] = {"free": "free", "not_free": "not free", "cannot_tell": "cannot tell"}
JUDGES, SETTLED = 2, 3
SHORTEST_REASON, LONGEST_REASON, LONGEST_ROLE = 12, 2000, 40
# Names of people are written with a capital, roles are not: `curator`, `rights officer B`, `volunteer 12`.
_ROLE = re.compile(r"([^\W\d_]+(?:[ -][^\W\d_]+)*?)(?: ([A-Z]|[1-9][0-9]{0,2}))?")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.\w|(?:\+|\b00)\d[\d ()/-]{7,}\d")
# What every judgement is named like, and the greatest that is ever written.
_NAME, _MOST_BYTES = re.compile(r"[0-9a-f]{64}\.json"), 64_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One answer of one role about one picture, after the evidence that it looked at, which `evidence_digest` names
    (`Evidence.looked_at`).

    `number` counts the answers about this evidence under this profile: 1 and 2 judge blind, 3 settles.
    """

    item_id: str
    profile: str
    evidence_digest: str
    revid: int | None
    answer: str
    reason: str
    role: str
    day: str
    number: int

    @property
    def sha256(self) -> str:
        """Names the judgement: the digest of all that it says."""
        return sha256(json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def about(self) -> tuple[str, str, str]:
        return self.item_id, self.profile, self.evidence_digest


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What was said of one picture after one evidence, the first answer first. `others` are answers that can only come
    from another home, beside those that were given in turn here."""

    answers: tuple[Judgement, ...] = ()
    others: tuple[Judgement, ...] = ()

    @property
    def blind(self) -> tuple[Judgement, ...]:
        """The answers of those who did not see the other."""
        return self.answers[:JUDGES]

    @property
    def roles(self) -> set[str]:
        return {as_person(one.role) for one in self.answers}

    @property
    def differs(self) -> bool:
        """Whether the two say different things, settled or not."""
        return len({one.answer for one in self.blind}) > 1

    @property
    def is_open(self) -> bool:
        """Whether two differ, and nobody has settled it."""
        return self.differs and len(self.answers) < SETTLED

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to say: two agree, or a third has settled."""
        return len(self.answers) >= JUDGES and not self.is_open

    @property
    def answer(self) -> str | None:
        """What it comes to; None before two have judged, and while they differ."""
        return self.answers[-1].answer if self.is_done else None

    @property
    def is_surely_free(self) -> bool:
        """Whether two roles say free, and all was given in turn; or all that anybody says in any home is free."""
        said = (*self.answers, *self.others)
        is_in_turn = not self.others and [one.number for one in said] == [*range(1, len(said) + 1)]
        are_all = all(one.answer == FREE and one.number <= JUDGES for one in said)
        roles = {as_person(one.role) for one in said if one.answer == FREE}
        return self.answer == FREE and len(roles) >= JUDGES and (is_in_turn or are_all)

    @property
    def settled(self) -> Settled | None:
        """What it comes to as evidence: not free, or surely free; None where people cannot tell."""
        if self.answer != NOT_FREE and not self.is_surely_free:
            return None
        said = tuple(one for one in self.answers if one.answer == self.answer)
        return Settled(
            profile=said[0].profile, answer=said[0].answer, of=said[0].evidence_digest,
            roles=tuple(one.role for one in said), judgements=tuple(one.sha256 for one in said),
            day=max(one.day for one in said),
        )  # fmt: skip

    @property
    def says(self) -> str:
        """In a phrase that gives no answer away before two have judged."""
        if not self.answers:
            return "nobody has judged it"
        if len(self.answers) < JUDGES:
            return "one person has judged it; it waits for a second"
        if self.is_open:
            return "two people differ about it; it waits for a third who settles"
        if self.answer == FREE and not self.is_surely_free:
            return "several homes have judged it, and do not agree; it waits"
        said = LABELS[self.answers[-1].answer]
        return f"settled: {said}" if self.differs else f"two people say: {said}"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """All judgements of a home. `damaged` are the files that cannot be read or are not what was written: they count
    for nothing. While one of them may have been a judgement (`is_doubted`), nothing is settled as free: nobody knows
    whose it was."""

    by_evidence: Mapping[tuple[str, str, str], Standing]
    damaged: tuple[str, ...] = ()
    is_doubted: bool = False

    def standing(self, item_id: str, profile: str, evidence_digest: str) -> Standing:
        return self.by_evidence.get((item_id, profile, evidence_digest), Standing())

    def of_item(self, item_id: str) -> list[Standing]:
        """Everything that was ever said of an item, after whatever evidence."""
        found = [standing for (of, _, _), standing in self.by_evidence.items() if of == item_id]
        return sorted(found, key=lambda one: (one.answers[0].day, one.answers[0].profile))

    def of_profile(self, profile: str) -> list[Standing]:
        return [standing for (_, of, _), standing in self.by_evidence.items() if of == profile]

    def agreement(self, profile: str) -> Agreement:
        """How the two who judged blind agree, over all pictures that both have judged."""
        pairs = [standing.blind for standing in self.of_profile(profile) if len(standing.blind) == JUDGES]
        first, second = ({str(at): pair[number].answer for at, pair in enumerate(pairs)} for number in (0, 1))
        return agreement(first, second)


def read_judgements(home: Home) -> Judged:
    """All judgements that are whole; the others are named."""
    found: dict[tuple[str, str, str], list[Judgement]] = defaultdict(list)
    damaged: list[str] = []
    for path in home.matching(f"{FOLDER}/*.json"):
        try:
            one = _read(path)
        except (OSError, ValueError, TypeError, KeyError, RecursionError, ConfigError) as error:
            log.warning("%s: cannot be read (%s), and counts for nothing", path, error)
            damaged.append(path.name)
        else:
            found[one.about].append(one)
    return Judged(
        by_evidence={about: _standing(several) for about, several in found.items()},
        damaged=tuple(damaged),
        is_doubted=any(_NAME.fullmatch(name) for name in damaged),
    )


def settled_by_people(home: Home) -> dict[str, tuple[Settled, ...]]:
    """What people came to, by item, as a part of the evidence that they looked at; in an order of its own."""
    found: dict[str, list[Settled]] = defaultdict(list)
    judged = read_judgements(home)
    for (item_id, _, _), standing in judged.by_evidence.items():
        settled = standing.settled
        if settled is not None and not (judged.is_doubted and settled.answer == FREE):
            found[item_id].append(settled)
    return {item_id: tuple(sorted(said, key=lambda one: (one.profile, one.of))) for item_id, said in found.items()}


def judge(
    home: Home, seen: "Waiting", *, answer: str, reason: str, role: str, today: date, seen_digest: str
) -> Judgement:
    """Keep one answer about a picture that waits; it is on the disk when this returns.

    `seen_digest` is that of the evidence that was looked at. ConfigError for what cannot be an answer of this role, and
    for a picture that waits for others than people who look at it.
    """
    if not home.may_write:
        raise ConfigError(
            f"PD_HOME={home.root} is read-only, and a judgement is kept in {FOLDER} there; judge in a home that may "
            "be written"
        )
    if seen_digest != seen.looked_at:
        raise ConfigError(
            f"what is known of {seen.item_id} has changed since its page was opened here; look at it again, and judge "
            "what it says now"
        )
    if seen.is_for_others:
        raise ConfigError(
            f"{seen.item_id} waits for what nobody can tell by looking at it; its own page says what would settle that"
        )
    role, reason = valid_role(role), _valid_reason(reason, answer)
    with alone(home.root / FOLDER, "judges"):
        standing = read_judgements(home).standing(seen.item_id, seen.profile, seen.looked_at)
        _require_open(standing, seen.item_id, role)
        made = Judgement(
            item_id=seen.item_id, profile=seen.profile, evidence_digest=seen.looked_at, revid=seen.evidence.revid,
            answer=answer, reason=reason, role=role, day=today.isoformat(), number=len(standing.answers) + 1,
        )  # fmt: skip
        text = json.dumps({**asdict(made), "sha256": made.sha256}, ensure_ascii=False, indent=1) + "\n"
        write_text(home.root / FOLDER / f"{made.sha256}.json", text)
    return made


def valid_role(role: str) -> str:
    """A role as it is kept; ConfigError for what may be a person: a name, an address."""
    role = " ".join(unicodedata.normalize("NFKC", role).split())
    parts = _ROLE.fullmatch(role)
    if parts is None or len(role) > LONGEST_ROLE or parts[1] != parts[1].lower() or not _is_of_one_script(role):
        raise ConfigError(
            f"found the role {role[:LONGEST_ROLE]!r}, expected the name of a role in small letters, perhaps with a "
            f"letter or a number behind it (curator A, rights officer 2), of at most {LONGEST_ROLE} characters; no "
            "person's name and no e-mail address: it is kept for ever"
        )
    return role


def as_person(role: str) -> str:
    """What two spellings of one role have in common: whoever judges twice is one."""
    return role.casefold().replace("-", " ")


def _is_of_one_script(role: str) -> bool:
    """Letters of two scripts that look alike would make two roles of one."""
    return len({unicodedata.name(one, "?").split()[0] for one in role if one.isalpha()}) == 1


def _valid_reason(reason: str, answer: str) -> str:
    if answer not in ANSWERS:
        raise ConfigError(f"found the answer {answer[:40]!r}, expected one of {', '.join(ANSWERS)}")
    reason = reason.replace("\r\n", "\n").strip()
    if answer == FREE and len(reason) < SHORTEST_REASON:
        raise ConfigError(
            f"found a reason of {len(reason)} characters for the answer free, expected at least {SHORTEST_REASON}: say "
            "what on the page, or where else, shows that it is free"
        )
    if len(reason) > LONGEST_REASON:
        raise ConfigError(f"found a reason of {len(reason)} characters, expected at most {LONGEST_REASON}; shorten it")
    if _CONTROL.search(reason):
        raise ConfigError("found a reason with signs that are no text; expected plain text")
    if _ADDRESS.search(reason):
        raise ConfigError(
            "found an e-mail address or a telephone number in the reason; expected none: it is kept for ever"
        )
    return reason


def _require_open(standing: Standing, item_id: str, role: str) -> None:
    if as_person(role) in standing.roles:
        raise ConfigError(
            f"{role} has judged {item_id} as it stands now, and the first answer counts; another role may judge it"
        )
    if standing.is_done:
        raise ConfigError(f"nothing is left to judge about {item_id} as it stands now ({standing.says})")


def _standing(several: Iterable[Judgement]) -> Standing:
    """In the order of their numbers, of each role the first; the others, of homes that were copied together, beside."""
    kept: list[Judgement] = []
    others: list[Judgement] = []
    for one in sorted(several, key=lambda one: (one.number, one.day, one.sha256)):
        is_new = all(as_person(one.role) != as_person(other.role) for other in kept)
        most = SETTLED if len({other.answer for other in kept[:JUDGES]}) > 1 else JUDGES
        (kept if is_new and len(kept) < most else others).append(one)
    return Standing(answers=tuple(kept), others=tuple(others))


_TYPES: Mapping[str, tuple[type, ...]] = {"revid": (int, type(None)), "number": (int,)}


def _read(path: Path) -> Judgement:
    """One judgement; ValueError for one that is not what was written."""
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"larger than {_MOST_BYTES} bytes")
    told = json.loads(path.read_text())
    said = {field.name: told[field.name] for field in fields(Judgement)}
    if any(type(value) not in _TYPES.get(name, (str,)) for name, value in said.items()):
        raise ValueError("a value of another kind than is written")
    one = Judgement(**said)
    if told["sha256"] != one.sha256 or path.name != f"{one.sha256}.json":
        raise ValueError("not what was written")
    if one.answer not in ANSWERS or one.number not in range(1, SETTLED + 1):
        raise ValueError("no answer that is ever written")
    if valid_role(one.role) != one.role or date.fromisoformat(one.day).isoformat() != one.day:
        raise ValueError("no role or day that is ever written")
    if one.profile not in PROFILES or _valid_reason(one.reason, one.answer) != one.reason:
        raise ValueError("no profile or reason that is ever written")
    one.item_id.encode()
    return one


def judged_in_words(standings: Iterable[Standing], evidence_digest: str) -> list[str]:
    """What was said of a picture, a line each; before two have judged, no more than that one has."""
    return [line for standing in standings for line in _in_words(standing, evidence_digest)]


def _in_words(standing: Standing, evidence_digest: str) -> Iterator[str]:
    if len(standing.answers) < JUDGES:
        yield from (f"under {one.profile}: {standing.says}" for one in standing.answers)
        return
    for one in (*standing.answers, *standing.others):
        told = f"{one.role} on {one.day}, under {one.profile}: {LABELS[one.answer]}"
        told += " (settles)" if one.number == SETTLED else ""
        told += "" if one.evidence_digest == evidence_digest else " (of what its page said then, which has changed)"
        yield told + (f": {' '.join(one.reason.split())}" if one.reason else "")
