"""The `pdd` command: a module per command, its arguments beside its work. Nothing else imports them.

Exit codes: 0 done, 1 a named error on stderr in one line, 2 wrong usage.
"""

import argparse
import difflib
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from dotenv import load_dotenv

from pd_assets.lib.errors import PdError
from pd_assets.lib.home import named_if_full
from pd_assets.lib.settings import unknown_variables

# What `pdd --help` lists, and the module of each, with `add_arguments(parser)` and `run(arguments)`.
COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "demo": ("pd_assets.cli.demo", "run the whole pipeline offline on the sandbox; ends with pictures"),
        "up": ("pd_assets.cli.up", "our pages, Dagster's UI and its daemon on 127.0.0.1"),
        "open": ("pd_assets.cli.open", "our pages about the home: pictures, models, draw, judge"),
        "try": ("pd_assets.cli.try_", "a category of the live archive: harvest, look, train and draw, in one command"),
        "run": ("pd_assets.cli.run", "run one job here and now, without the UI"),
        "prepare": (
            "pd_assets.cli.prepare",
            "make Dagster's database ready, where its services are started one by one",
        ),
        "web": ("pd_assets.cli.web", "our pages and Dagster's UI alone, where services are started one by one"),
        "doctor": ("pd_assets.cli.doctor", "check settings, home, archive and devices, and say what to mend"),
        "migrate": ("pd_assets.cli.migrate", "bring a home that an older version wrote to this version's format"),
        "rebucket": ("pd_assets.cli.rebucket", "change the number of buckets that what is per item is cut into"),
        "decide": ("pd_assets.cli.decide", "explain the verdict on one item or title"),
        "trace": ("pd_assets.cli.trace", "which datasets and models saw a picture, and how its verdict changed"),
        "takedown": ("pd_assets.cli.takedown", "keep a picture and its copies out of everything from now on"),
        "label": ("pd_assets.cli.label", "go through the licensed pictures that lack a caption"),
        "audit": ("pd_assets.cli.audit", "a blind sample of decisions to judge in a browser, and its error rates"),
        "rights-gaps": ("pd_assets.cli.rights_gaps", "the templates that hold back otherwise free pages"),
        "check-category": (
            "pd_assets.cli.check_category",
            "pages of a category that contradict themselves, to be mended at the archive",
        ),
        "publish": ("pd_assets.cli.publish", "send a bundle or a dataset to a hub; a dry run unless --really"),
        "rebuild": ("pd_assets.cli.rebuild", "fetch and export a dataset version again from its manifest"),
        "drift": ("pd_assets.cli.drift", "how many accepted pictures lost their ground, by month and tag, and why"),
        "import-prior": ("pd_assets.cli.import_prior", "take over titles and labels of PD-Diffusion, never its rights"),
        "sandbox": ("pd_assets.cli.sandbox", "a small archive on loopback that speaks Commons' API"),
        "sql": ("pd_assets.cli.sql", "ask the tables with DuckDB, read-only"),
    }
)
# The unknown variables that were told of.
TOLD = "PD_TOLD"
EXAMPLES = """examples:
  pdd demo                                   the whole line, offline, from an empty folder to a picture
  pdd demo --latent                          the latent line, ending with enlarged pictures
  pdd try "Category:Paintings by Jan van Goyen"      real pictures, a small model of them, and a page to draw on
  pdd run nightly                            refresh, decide, fetch, catalogue; without the UI
  pdd up                                     our pages on http://127.0.0.1:3000, Dagster below /dagster
  pdd open                                   our pages about the home in a browser
  pdd open --export site/                    gallery, models and reports as plain HTML
  pdd doctor                                 what is in order and what is to mend
  pdd migrate                                after an update, where a command asks for it
  pdd prepare                                before Dagster's services are started one by one
  pdd web --read-only                        our pages and Dagster's UI: show everything and start nothing
  pdd sandbox --pictures my_pictures         serve a folder with a metadata.jsonl as if it were Commons
  pdd rebucket 16                            sixteen buckets, each a run or a pod of its own where that helps
  pdd decide "File:The Night Watch.jpg"      why a picture was accepted or not
  pdd trace "File:The Night Watch.jpg"       which datasets and models saw it
  pdd takedown commons:M123 --reason "the heirs ask for it" --purge
  pdd label --category "Winter in art"        write captions for pictures that have none
  pdd audit --n 100                          a page to judge a blind sample of decisions with
  pdd rights-gaps --csv gaps.csv             which unknown templates hold back most pages that are otherwise free
  pdd check-category "Winter in art"         which of its pages contradict themselves, and where to mend them
  pdd audit --role first                     as the first of two people; then --role second, --role settle
  pdd drift --csv drift.csv                  what became of accepted pictures, month by month
  pdd publish transformer --to me/pictures    what would be sent to a hub, and what speaks against it
  pdd rebuild --manifest old/ --out again/    a dataset version again, byte for byte where the archive still has it
  pdd import-prior old/pd.db --dry-run       what PD-Diffusion's database would bring
  pdd sql "select * from catalog.licensed_images limit 5"
"""


CHOICES = re.compile(r"invalid choice: '(?P<given>.*?)' \(choose from (?P<choices>.*)\)")
UNKNOWN = "unrecognized arguments: "


class Parser(argparse.ArgumentParser):
    """One that says what may have been meant where a command, an option or a choice is not known."""

    def error(self, message: str) -> NoReturn:
        if found := CHOICES.search(message):
            choices = [one.strip(" '") for one in found["choices"].split(",")]
            message += self._near(found["given"], choices)
        elif message.startswith(UNKNOWN):
            options = [option for one in self._of_all() for option in one._option_string_actions]
            given = next(iter(message.removeprefix(UNKNOWN).split()), "").partition("=")[0]
            message += self._near(given, options)
        super().error(message)

    def _of_all(self) -> Iterator[argparse.ArgumentParser]:
        yield self
        for action in self._subparsers._group_actions if self._subparsers else ():
            yield from dict(action.choices or ()).values()

    def _near(self, given: str, there: Sequence[str]) -> str:
        near = difflib.get_close_matches(given, there, n=2, cutoff=0.6)
        return f"; did you mean {' or '.join(near)}?" if near else ""


def build_parser(*commands: str) -> argparse.ArgumentParser:
    """The command line with the arguments of these commands; the modules of the others are not imported."""
    parser = Parser(
        prog="pdd",
        description="Public-Domain Diffusion: image generators trained on provably public-domain pictures.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    below = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (place, says) in COMMANDS.items():
        command = below.add_parser(name, help=says)
        if name in commands:
            module = import_module(place)
            command.formatter_class = argparse.RawDescriptionHelpFormatter
            command.epilog = "".join(["examples:\n", *_examples_of(name)])
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


def _examples_of(command: str) -> list[str]:
    """The lines of EXAMPLES about a command, for one that has none of its own."""
    return [line for line in EXAMPLES.splitlines(keepends=True) if line.split()[:2] == ["pdd", command]]


def _name_unknown_variables() -> None:
    """On stderr, each once: the processes that a command starts know what it has told."""
    told = os.environ.get(TOLD, "").split()
    unknown = unknown_variables(os.environ)
    for name in unknown:
        if name not in told:
            print(f"pdd: {unknown[name]}", file=sys.stderr)
    if unknown:
        os.environ[TOLD] = " ".join(unknown)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command."""
    given = sys.argv[1:] if argv is None else list(argv)
    load_dotenv(Path.cwd() / ".env")
    _name_unknown_variables()
    arguments = build_parser(*given[:1]).parse_args(given)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        arguments.run(arguments)
    except PdError as error:
        print(f"pdd: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            # Whoever read the output has seen enough of it; nothing is written at the interpreter's end either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        if (full := named_if_full(error, Path.cwd())) is None:
            raise
        print(f"pdd: {full}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("pdd: interrupted; run the same command again to go on", file=sys.stderr)
        return 130
    return 0
