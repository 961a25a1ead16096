"""`pdd publish`: send a bundle or a dataset version to a Hugging Face style hub. A dry run, unless `--really`."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pd_assets.cli.project import project_root
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.settings import Settings
from pd_assets.lib.standing import of_the_environment

if TYPE_CHECKING:
    from pd_assets.lib.release.hub_request import Hub
    from pd_assets.lib.release.publishing import Gate, Published

EXAMPLES = """examples:
  pdd publish transformer --explain                          all that keeps the model from being released
  pdd publish transformer@4f2a --explain                     the same of a bundle that is there
  pdd publish transformer --to me/pictures                   the latest bundle: what would be sent
  pdd publish transformer@4f2a --to me/pictures --really     that bundle, for real: PD_HUB_TOKEN may write there
  pdd publish dataset:main --to me/free-pictures --really    the latest version of a dataset
"""


def explained(called: str) -> Iterator[str]:
    """Every reason against a release, and ConfigError where there is one."""
    from pd_assets.lib.release import publishing

    settings = of_the_environment()
    home = open_home(settings.home, to_ask=True)
    what, reasons = publishing.explain(home, called, profile=settings.rights_profile, gate=gates(settings))
    yield from (f"- {reason}" for reason in reasons)
    if reasons:
        raise ConfigError(f"{what} may not be released, as is said above")
    yield f"{what} may be released"


def published(called: str, *, to: str, endpoint: str | None, really: bool) -> Iterator[str]:
    """What is in the parcel, and what became of it; NotReleasable where the gates refuse it."""
    from pd_assets.lib.release import publishing
    from pd_assets.lib.release.hub_request import Hub
    from pd_assets.lib.release.operator import NotReleasable

    settings = of_the_environment()
    if really and not settings.hub_token:
        raise ConfigError("PD_HUB_TOKEN is not set; expected a token of the hub with write access; set it in .env")
    hub = Hub(repo=to, endpoint=endpoint or settings.hub_endpoint, token=settings.hub_token or "")
    home = open_home(settings.home, to_ask=True)
    parcel = publishing.find(home, called)
    yield f"{parcel} from {parcel.folder}, to the {parcel.kind} repository {hub.repo} at {hub.endpoint}"
    yield f"licence: {parcel.licence}"
    yield from (f"{size_bytes:>15,}  {name}" for name, size_bytes in parcel.files)
    yield f"{parcel.size_bytes:>15,}  bytes in {len(parcel.files)} files"
    if reasons := publishing.reasons_against(home, parcel, profile=settings.rights_profile, gate=gates(settings)):
        raise NotReleasable(str(parcel), reasons)
    yield "nothing speaks against its release"
    publishing.verify(parcel, settings.signing_key)
    yield "it was verified"
    if not really:
        yield "nothing was sent: this was a dry run, and the hub was not asked; --really sends it"
        return
    done = publishing.publish(parcel, hub, lambda line: print(line, flush=True))
    yield from _in_words(done, hub, is_dataset=parcel.kind == publishing.DATASET)


def _in_words(done: "Published", hub: "Hub", *, is_dataset: bool) -> Iterator[str]:
    yield from (f"removed, as this version has it not: {path}" for path in done.removed)
    if not done.is_new:
        yield f"nothing to do: {hub.repo} holds exactly this at {done.commit}"
        return
    place = f"datasets/{hub.repo}" if is_dataset else hub.repo
    yield f"published: {hub.endpoint}/{place}, commit {done.commit}"
    if done.made_repository:
        yield "the repository is new and private: look at it, and make it public there"


def gates(settings: Settings) -> "Gate":
    """All that keeps a model from being released today; checks that failed last are among it."""
    from pd_assets.checks.every import against_release
    from pd_assets.cli.instance import open_instance
    from pd_assets.lib.release.bundle import all_reasons

    def ask(home: Home, stage: str, version: str) -> list[str]:
        with open_instance(project_root()) as instance:
            failed = against_release(instance, home, stage, version)
        return all_reasons(home, stage, version, settings=settings, failed=failed)

    return ask


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "what",
        help="a model (transformer, models/transformer), of which the latest bundle is meant (with --explain the model "
        "in use), MODEL@BUNDLE, dataset:NAME (NAME, dataset/NAME), dataset:NAME@VERSION, or the path of one",
    )
    parser.add_argument("--to", metavar="OWNER/NAME", help="the repository; one that is not there is made, private")
    parser.add_argument("--endpoint", metavar="URL", help="the hub (default: PD_HUB_ENDPOINT)")
    parser.add_argument("--really", action="store_true", help="send it, and do not only say what would be sent")
    parser.add_argument("--explain", action="store_true", help="only say everything that speaks against its release")
    parser.set_defaults(wrong=parser.error)


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    if not arguments.explain and not arguments.to:
        arguments.wrong("expected --to OWNER/NAME, or --explain")
    lines = (
        explained(arguments.what)
        if arguments.explain
        else published(arguments.what, to=arguments.to, endpoint=arguments.endpoint, really=arguments.really)
    )
    for line in lines:
        print(line)
