"""`pdd doctor`: are settings, home, archive and device in order, and what is to mend; is all of the home whole."""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Callable

from pd_assets.cli import sandbox
from pd_assets.cli.instance import open_instance
from pd_assets.cli.project import project_root
from pd_assets.lib.addresses import archives_of
from pd_assets.lib.catalog.items import count_accepted, stale_items
from pd_assets.lib.catalog.looks import stale
from pd_assets.lib.child import program
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.unread import load_unread
from pd_assets.lib.errors import ConfigError, PdError
from pd_assets.lib.home import at_work, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.prior.told import in_short
from pd_assets.lib.release import asked_requests
from pd_assets.lib.settings import Settings, require_contact
from pd_assets.lib.soundness import faults, repair
from pd_assets.lib.standing import ARCHIVE, of_the_environment
from pd_assets.running import dead_runs

EXAMPLES = """examples:
  pdd doctor              a line for each thing: ok, a note, or what to mend
  pdd doctor --verify     every table, picture, dataset and model, read whole
  pdd doctor --repair     heal what can be healed, then the same
"""
LITTLE_BYTES = 5_000_000_000


def examine() -> None:
    """Print a line for each thing looked at; ConfigError at the end where something has to be mended."""
    settings = of_the_environment()
    failed = sum(not _looked_at(title, look) for title, look in _looks(settings).items())
    if failed:
        raise ConfigError(f"{failed} of the lines above need mending")


def _looks(settings: Settings) -> dict[str, Callable[[], str]]:
    return {
        "home": lambda: _home(settings),
        "archive": lambda: _archive(settings),
        "rights": lambda: f"profile {settings.rights_profile}; uploads wait {settings.fresh_days} days in quarantine",
        "evidence": lambda: _evidence(settings),
        "takedowns": lambda: _requests(settings),
        "imported": lambda: in_short(open_home(settings.home)),
        "runs": _runs,
        "device": _device,
        "room": _room,
        "xformers": lambda: (
            "installed" if importlib.util.find_spec("xformers") else "not installed (optional, CUDA only)"
        ),
    }


class _Noted(PdError):
    """Nothing to mend, but to be known: what only a run needs is not there, or what an operator is asked for."""


def _looked_at(title: str, look: Callable[[], str]) -> bool:
    try:
        print(f"ok    {title:<9} {look()}")
    except _Noted as told:
        print(f"note  {title:<9} {told}")
    except PdError as error:
        print(f"MEND  {title:<9} {error}")
        return False
    return True


def _home(settings: Settings) -> str:
    home = open_home(settings.home)
    free = shutil.disk_usage(home.root).free
    filled = f", filled from {home.archive}" if home.archive else ", empty"
    warning = "; that is little" if free < LITTLE_BYTES else ""
    place = f"{settings.home}, worked on in {home.root}" if home.copy else str(home.root)
    return f"{place}{filled}; {free / 1e9:.0f} GB free{warning}"


def _evidence(settings: Settings) -> str:
    """Which evidence could not be read anew for too long. It waits, and nothing is wrong with the home."""
    home = open_home(settings.home)
    found, unread = stale(home, days=settings.stale_days), len(load_unread(home))
    waiting = f"; {unread} single pages could not be read the last time (commons/unread.json)" if unread else ""
    if not found:
        return f"none is older than {settings.stale_days} days (PD_STALE_DAYS){waiting}"
    left_out = count_accepted(home, stale_items(home, found), profile=settings.rights_profile)
    return (
        f"not read anew for {settings.stale_days} days (PD_STALE_DAYS): {found}; {left_out} accepted pictures are left "
        f"out of the next dataset until it can be: `pdd run nightly`{waiting}"
    )


def _requests(settings: Settings) -> str:
    waiting = asked_requests.waiting(open_home(settings.home, to_ask=True))
    if waiting:
        raise _Noted(f"requests that wait for an operator: {waiting}; `pdd open`, then /ask/requests, has them")
    return "no request waits for an operator"


def _archive(settings: Settings) -> str:
    home = open_home(settings.home)
    if not os.environ.get(ARCHIVE, "").strip():
        if sandbox.remembered(home) is not None and not sandbox.is_at_work(home):
            return (
                f"the sandbox at {settings.commons_api}, which pdd run, pdd label and pdd up start where it is needed"
            )
        try:
            require_contact(settings)
        except ConfigError as error:
            if home.archive is None:
                raise
            raise _Noted(f"{error}; until then nothing new can be fetched, and all that is here can be asked") from None
    with PoliteSession(require_contact(settings), archives=archives_of(settings)) as session:
        CommonsClient(settings.commons_api, session, thumb_side=settings.max_side).probe()
        return f"{settings.commons_api} answers; we are {session.user_agent}"


def _runs() -> str:
    with open_instance(project_root()) as instance:
        dead = dead_runs.bury(instance)
    return f"{len(dead)} whose process was gone, now marked as failed" if dead else "none that is dead and still listed"


def _device() -> str:
    smi = shutil.which("nvidia-smi")
    if smi is None:
        return "no NVIDIA GPU found: training runs on the CPU, use PD_RECIPE=debug"
    names = subprocess.run(
        [smi, "--query-gpu=name,memory.total", "--format=csv,noheader"], capture_output=True, text=True, check=False
    )
    return " | ".join(names.stdout.strip().splitlines()) or "nvidia-smi is there but reports no GPU"


def _room() -> str:
    """The clean room's steps are tried by children that are thrown away; trainings say their own level in run.json."""
    done = subprocess.run([*program(), "room"], capture_output=True, text=True, check=False)
    try:
        alone, several = (json.loads(line) for line in done.stdout.splitlines())
    except ValueError:
        why = " ".join((done.stderr or "it said nothing").split())
        raise ConfigError(f"`python -m pd_ml room` failed ({why}); trainings will say why in one line") from None
    if alone["level"] == several["level"] == "kernel":
        return f"trainings are kept apart by the kernel (root: {alone['root']}, Landlock {alone['landlock']})"
    missing = "; ".join(several.get("missing", [])) or "see docs/clean-room.md"
    told = f"a training of one process: {alone['level']}; of several: {several['level']}"
    return told if missing in told else f"{told} (missing: {missing})"


def verify() -> None:
    """Read everything in the home and print what is damaged, with what heals it; ConfigError where anything is."""
    home = open_home(of_the_environment().home, to_ask=True)
    found = 0
    for fault in faults(home):
        found += 1
        print(f"MEND  {fault}")
    if found:
        raise ConfigError(f"{found} things in {home.root} are damaged; each line above ends with what heals it")
    print(f"ok    {home.root}: every table, picture, dataset and model is what was written")


def mend() -> None:
    """Heal what can be, and look again."""
    settings = of_the_environment()
    with at_work(open_home(settings.home)) as home:
        for line in repair(home, settings.commons_api):
            print(line)
    verify()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("--verify", action="store_true", help="read everything in the home, and list what is damaged")
    parser.add_argument("--repair", action="store_true", help="heal what the next runs do not, and list what is left")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    if arguments.repair:
        mend()
    elif arguments.verify:
        verify()
    else:
        examine()
