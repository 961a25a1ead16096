"""`pdd audit`: a blind sample of decisions for one person or two to judge, and the error rates of their answers.

They are kept in the home, or in the folder that the command is given in where the home is read-only.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from pd_assets.cli.project import HOST, require_free
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, at_work, is_read_only, open_home, write_text
from pd_assets.lib.rights import audit_result
from pd_assets.lib.rights.audit import Sample, draw_sample, folder_of, load_sample, samples, save_sample
from pd_assets.lib.rights.audit_answers import FIRST, ROLES, SETTLE
from pd_assets.lib.rights.audit_page import render
from pd_assets.lib.rights.audit_rates import Result, in_words
from pd_assets.lib.rights.audit_site import Judging, audit_site
from pd_assets.lib.rights.rules import PROFILES
from pd_assets.lib.settings import Settings
from pd_assets.lib.standing import of_the_environment

PAGE = "audit.html"
AUDIT_PORT = 8423
EXAMPLES = """one person:
  pdd audit --n 100                    write a page to judge on, offline; it gives the answers to download
  pdd audit --answers FILE             count them
two people, who see neither the verdict nor one another's answers:
  pdd audit --n 100 --role first       judge on a local page; Ctrl-C, and the same command goes on
  pdd audit --role second              the same sample, for the other person
  pdd audit --role settle              only what the two differ about
  pdd audit --result                   rates, agreement, page and CSV of all answers so far
"""


def write_page(count: int, seed: int, profile: str | None) -> Iterator[str]:
    """Draw the sample and write its page; lines that say where it is."""
    settings = of_the_environment()
    with at_work(_home(settings)) as home:
        sample = draw_sample(home, profile=_known(profile or settings.rights_profile), count=count, seed=seed)
        path = save_sample(home, sample) / PAGE
        _fetch_pictures(home, sample)
        write_text(path, render(home, sample))
    accepted = sum(one.is_accepted for one in sample.items)
    yield f"{len(sample.items)} items, {accepted} of them accepted, in an order that does not tell which"
    yield f"judge them in a browser: {path.as_uri()}"
    yield "then download the answers there, and: pdd audit --answers FILE (--role second for another person's)"


def count(answers_file: Path, role: str) -> Iterator[str]:
    """The error rates after the answers in a file, which are kept with their sample."""
    with at_work(_home(of_the_environment())) as home:
        result = audit_result.count_answers(home, answers_file, role)
    yield from _told(home, result)


def count_again(name: str | None, seed: int, profile: str | None) -> Iterator[str]:
    """The error rates of the answers that are kept."""
    settings = of_the_environment()
    with at_work(_home(settings)) as home:
        result = audit_result.count(home, _drawn(home, name, seed, profile or settings.rights_profile))
    yield from _told(home, result)


def judge(role: str, name: str | None, count: int, seed: int, profile: str | None, port: int) -> Iterator[str]:
    """Serve the page of one role until Ctrl-C, and say what has come of it."""
    settings = of_the_environment()
    require_free(port, "--port")
    with at_work(_home(settings)) as home:
        judging = prepare(home, role, name, count=count, seed=seed, profile=profile or settings.rights_profile)
        yield f"audit {judging.sample.name}, role {role}: {_progress(judging)}"
        yield f"judge on http://{HOST}:{port}/   (Ctrl-C stops it; the same command goes on)"
        _serve(judging, port, settings)
        yield f"\n{_progress(judging)}"
        # Before the last answer, rates would tell of the verdict and of the other person.
        if judging.answers and judging.is_finished:
            yield from _told(home, audit_result.count(home, judging.sample))


def prepare(home: Home, role: str, name: str | None, *, count: int, seed: int, profile: str) -> Judging:
    """What a role is to judge: the sample that is named, or the last that it has not finished, or a new one."""
    _known(profile)
    if name is None and role != SETTLE:
        kept = (Judging(home=home, sample=sample, role=role) for sample in samples(home, profile=profile, seed=seed))
        judging = next((one for one in kept if not one.is_finished), None)
    else:
        judging = Judging(home=home, sample=_drawn(home, name, seed, profile), role=role)
    if judging is None:
        judging = Judging(home=home, sample=draw_sample(home, profile=profile, count=count, seed=seed), role=role)
        save_sample(home, judging.sample)
    _fetch_pictures(home, judging.sample)
    return judging


def _drawn(home: Home, name: str | None, seed: int, profile: str) -> Sample:
    """The sample that is named, or else the one drawn last."""
    if name is not None:
        return load_sample(home, name)
    if (found := next(samples(home, profile=_known(profile), seed=seed), None)) is None:
        raise ConfigError(
            f"found no sample of profile {profile} and seed {seed} in {folder_of(home, '')}, expected one; "
            "run `pdd audit --role first` first, or name another with --sample, --profile or --seed"
        )
    return found


def _home(settings: Settings) -> Home:
    return open_home(settings.home, to_ask=is_read_only(settings.home))


def _known(profile: str) -> str:
    if profile not in PROFILES:
        raise ConfigError(f"--profile {profile} is unknown; expected one of {', '.join(PROFILES)}")
    return profile


def _fetch_pictures(home: Home, sample: Sample) -> None:
    home.fetched(*(home.root / one.path for one in sample.items if one.path))


def _progress(judging: Judging) -> str:
    items, given = judging.items, judging.answers
    return f"{sum(one.item_id in given for one in items)} of {len(items)} judged"


def _told(home: Home, result: Result) -> Iterator[str]:
    folder = folder_of(home, result.sample)
    yield f"audit {result.sample}, profile {result.profile}, {result.people} of 2 people"
    yield from in_words(result)
    yield f"kept in {folder}: {(folder / audit_result.PAGE).as_uri()}"


def _serve(judging: Judging, port: int, settings: Settings) -> None:
    import uvicorn

    application = audit_site(judging, also_called=settings.allowed_hosts)
    uvicorn.run(application, host=HOST, port=port, log_level="warning")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("--n", type=_at_least_one, default=100, help="items in a new sample (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another sample (default 0)")
    parser.add_argument("--profile", help="rights profile (default: PD_RIGHTS_PROFILE)")
    parser.add_argument("--role", choices=ROLES, help="judge as the first person, the second, or who settles")
    parser.add_argument("--sample", metavar="NAME", help="a sample drawn before (default: the last one)")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="count the answers downloaded from the page")
    parser.add_argument("--result", action="store_true", help="count the answers that are kept")
    parser.add_argument("--port", type=int, default=AUDIT_PORT, help=f"port of the local page (default {AUDIT_PORT})")


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number of at least 1")
    return number


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    given = arguments
    if given.answers:
        lines = count(given.answers, given.role or FIRST)
    elif given.result:
        lines = count_again(given.sample, given.seed, given.profile)
    elif given.role:
        lines = judge(given.role, given.sample, given.n, given.seed, given.profile, given.port)
    else:
        lines = write_page(given.n, given.seed, given.profile)
    for line in lines:
        print(line, flush=True)
