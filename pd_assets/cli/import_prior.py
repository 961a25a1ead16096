"""`pdd import-prior PATH`: take over titles and labels of PD-Diffusion, the system before this one."""

import argparse
from contextlib import nullcontext
from pathlib import Path

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, at_work, open_home
from pd_assets.lib.standing import of_the_environment


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("path", type=Path, metavar="PATH", help="its SQLite database, flat folder or exported folder")
    parser.add_argument(
        "--label-licence",
        choices=("CC0-1.0", "CC-BY-SA-4.0"),
        help="licence of the captions in it (__label, __description), by your word; without it they are refused",
    )
    parser.add_argument("--label-credit", default="", metavar="NAME", help="whom to thank for these captions")
    parser.add_argument("--dry-run", action="store_true", help="read all of it, show the counts, and write nothing")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    settings = of_the_environment()
    home = open_home(settings.home)
    if home.archive not in (None, settings.commons_api):
        raise ConfigError(
            f"PD_HOME={home.root} holds pictures of {home.archive}, and PD_COMMONS_API is {settings.commons_api}; "
            "set one of them to that of the other"
        )
    with nullcontext(home) if arguments.dry_run else at_work(home) as chosen:
        _import(chosen, settings.commons_api, arguments)


def _import(home: Home, api: str, arguments: argparse.Namespace) -> None:
    from pd_assets.lib.prior.importing import import_prior
    from pd_assets.lib.prior.labels import Labels

    credit = " ".join(arguments.label_credit.split())
    if arguments.label_licence is None and credit:
        raise ConfigError("--label-credit without --label-licence: captions are refused; state their licence too")
    labels = Labels(licence=arguments.label_licence, credit=credit)
    done = import_prior(home, arguments.path, api=api, labels=labels, dry_run=arguments.dry_run)
    print("\n".join(done.lines))
