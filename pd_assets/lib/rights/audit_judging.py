"""One role's way through a sample of the audit: what it is to judge, what it has judged, and which sample it takes."""

from dataclasses import dataclass
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.rights.audit import Sample, Sampled, draw_sample, folder_of, load_sample, samples, save_sample
from pd_assets.lib.rights.audit_answers import ANSWERS, FIRST, SECOND, SETTLE, answers_of, differing, note_answer
from pd_assets.lib.rights.rules import PROFILES

LABELS = {"free": "Free", "not_free": "Not free", "cannot_tell": "Cannot tell"}


@dataclass(frozen=True, kw_only=True)
class Judging:
    """One role's way through a sample: what it is to judge, and what it has judged."""

    home: Home
    sample: Sample
    role: str

    @property
    def folder(self) -> Path:
        return folder_of(self.home, self.sample.name)

    @property
    def items(self) -> tuple[Sampled, ...]:
        """The whole sample; for who settles, what the two differ about."""
        if self.role != SETTLE:
            return self.sample.items
        differ = set(differing(answers_of(self.folder, FIRST), answers_of(self.folder, SECOND)))
        return tuple(one for one in self.sample.items if one.item_id in differ)

    @property
    def answers(self) -> dict[str, str]:
        return answers_of(self.folder, self.role)

    @property
    def is_finished(self) -> bool:
        given = self.answers
        return all(one.item_id in given for one in self.items)

    def judge(self, item_id: str, answer: str) -> None:
        note_answer(self.folder, self.role, item_id, answer)

    def differ(self, one: Sampled) -> str:
        """Both answers, without who gave which; nothing for who is to judge blind."""
        if self.role != SETTLE:
            return ""
        said = {answers_of(self.folder, role).get(one.item_id, "") for role in (FIRST, SECOND)}
        return " and ".join(LABELS[answer].lower() for answer in ANSWERS if answer in said)

    @property
    def end(self) -> str:
        """What is said where nothing is left to judge."""
        if self.role == SETTLE and not self.items:
            return "There is nothing to settle: the two do not differ about any picture that both have judged."
        return "All is judged."


def prepare(home: Home, role: str, name: str | None, *, count: int, seed: int, profile: str) -> Judging:
    """What a role is to judge: the sample that is named, or the last that it has not finished, or a new one."""
    known_profile(profile)
    if name is None and role != SETTLE:
        kept = (Judging(home=home, sample=sample, role=role) for sample in samples(home, profile=profile, seed=seed))
        judging = next((one for one in kept if not one.is_finished), None)
    else:
        judging = Judging(home=home, sample=drawn(home, name, seed, profile), role=role)
    if judging is None:
        judging = Judging(home=home, sample=draw_sample(home, profile=profile, count=count, seed=seed), role=role)
        save_sample(home, judging.sample)
    fetch_pictures(home, judging.sample)
    return judging


def drawn(home: Home, name: str | None, seed: int, profile: str) -> Sample:
    """The sample that is named, or else the one drawn last."""
    if name is not None:
        return load_sample(home, name)
    if (found := next(samples(home, profile=known_profile(profile), seed=seed), None)) is None:
        raise ConfigError(
            f"found no sample of profile {profile} and seed {seed} in {folder_of(home, '')}, expected one; "
            "run `pdd audit --role first` first, or name another with --sample, --profile or --seed"
        )
    return found


def known_profile(profile: str) -> str:
    if profile not in PROFILES:
        raise ConfigError(f"--profile {profile} is unknown; expected one of {', '.join(PROFILES)}")
    return profile


def fetch_pictures(home: Home, sample: Sample) -> None:
    home.fetched(*(home.root / one.path for one in sample.items if one.path))
