"""The `pdd` command. Exit codes: 0 done, 1 a named error on stderr in one line, 2 wrong usage."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from dotenv import load_dotenv

from pd_assets.lib.errors import PdError

UI_PORT = 3000
SANDBOX_PORT = 8421
LABEL_PORT = 8422
JOBS = (
    "nightly",
    "refresh_sources",
    "build_dataset",
    "train_models",
    "train_latent_models",
    "train_all_models",
    "whole_line",
)
EXAMPLES = """examples:
  pdd demo                                   the whole line, offline, from an empty folder to a picture
  pdd demo --latent                          the latent line, ending with enlarged pictures
  pdd run nightly                            refresh, decide, fetch, catalogue; without the UI
  pdd up                                     the Dagster UI on http://127.0.0.1:3000
  pdd sandbox --pictures my_pictures         serve a folder with a metadata.jsonl as if it were Commons
  pdd decide "File:The Night Watch.jpg"      why a picture was accepted or not
  pdd trace "File:The Night Watch.jpg"       which datasets and models saw it
  pdd takedown commons:M123 --reason "the heirs ask for it" --purge
  pdd label --category "Winter in art"        write captions for pictures that have none
  pdd audit --n 100                          a page to judge a blind sample of decisions with
  pdd sql "select * from catalog.licensed_images limit 5"
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line, with help for every command."""
    parser = argparse.ArgumentParser(
        prog="pdd",
        description="Public-Domain Diffusion: image generators trained on provably public-domain pictures.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="run the whole pipeline offline on the sandbox; ends with pictures")
    demo.add_argument("--pictures", type=Path, metavar="DIR", help="serve this folder instead of drawn paintings")
    demo.add_argument(
        "--latent",
        action="store_true",
        help="autoencoder, latent models and upscaler, in small",
    )

    up = commands.add_parser("up", help="Dagster UI and daemon on 127.0.0.1")
    up.add_argument("--port", type=int, default=UI_PORT, help=f"port of the UI (default {UI_PORT})")

    run = commands.add_parser("run", help="run one job here and now, without the UI")
    run.add_argument("job", choices=JOBS, help="nightly: refresh, decide, fetch, catalogue; whole_line: everything")

    commands.add_parser("prepare", help="make Dagster's database ready, where its services are started one by one")

    commands.add_parser("doctor", help="check settings, home, archive and devices, and say what to mend")

    decide = commands.add_parser("decide", help="explain the verdict on one item or title")
    decide.add_argument("item", help="an item id (commons:M123) or a title (File:Name.jpg)")
    decide.add_argument("--profile", help="rights profile (default: PD_RIGHTS_PROFILE)")

    trace = commands.add_parser("trace", help="which datasets and models saw a picture, and how its verdict changed")
    trace.add_argument("item", help="an item id (commons:M123), a title (File:Name.jpg) or a SHA-256")

    takedown = commands.add_parser("takedown", help="keep a picture and its copies out of everything from now on")
    takedown.add_argument("item", help="an item id (commons:M123), a title (File:Name.jpg) or a SHA-256")
    takedown.add_argument("--reason", required=True, metavar="TEXT", help="why, for whoever asks later")
    takedown.add_argument(
        "--purge", action="store_true", help="remove its files, all datasets that hold it, and what shows it"
    )

    label = commands.add_parser("label", help="go through the licensed pictures that lack a caption")
    label.add_argument("--category", metavar="TITLE", help="only pictures of this category")
    label.add_argument(
        "--order", choices=("useful", "random"), default="useful", help="useful: those first of which least is known"
    )
    label.add_argument("--seed", type=int, default=0, help="another seed, another order (default 0)")
    label.add_argument("--port", type=int, default=LABEL_PORT, help=f"port of the page (default {LABEL_PORT})")
    label.add_argument("--no-browser", action="store_true", help="on the terminal instead of a local page")

    audit = commands.add_parser("audit", help="a blind sample of decisions to judge in a browser, and its error rates")
    audit.add_argument("--n", type=_at_least_one, default=100, help="items in the sample (default 100)")
    audit.add_argument("--seed", type=int, default=0, help="another seed, another sample (default 0)")
    audit.add_argument("--profile", help="rights profile (default: PD_RIGHTS_PROFILE)")
    audit.add_argument("--answers", type=Path, metavar="FILE", help="count the answers downloaded from the page")

    sandbox = commands.add_parser("sandbox", help="a small archive on loopback that speaks Commons' API")
    sandbox.add_argument("--port", type=int, default=SANDBOX_PORT, help=f"port (default {SANDBOX_PORT})")
    sandbox.add_argument("--pictures", type=Path, metavar="DIR", help="a folder with pictures and metadata.jsonl")
    sandbox.add_argument("--quiet", action="store_true", help="say nothing once it runs")

    sql = commands.add_parser("sql", help="ask the tables with DuckDB, read-only")
    sql.add_argument("query", nargs="?", help="one statement; without it, statements are read from stdin")
    return parser


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number of at least 1")
    return number


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command."""
    arguments = build_parser().parse_args(argv)
    load_dotenv(Path.cwd() / ".env")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _run(arguments)
    except PdError as error:
        print(f"pdd: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read the output has seen enough of it; nothing is written at the interpreter's end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("pdd: interrupted; run the same command again to go on", file=sys.stderr)
        return 130
    return 0


def _run(arguments: argparse.Namespace) -> None:
    """Each command imports what it needs, so that `pdd --help` is instant."""
    if arguments.command == "demo":
        from pd_assets.commands.demo import run_demo, run_latent_demo

        (run_latent_demo if arguments.latent else run_demo)(arguments.pictures)
    elif arguments.command == "run":
        from pd_assets.commands.run import run_job

        run_job(arguments.job)
    elif arguments.command == "up":
        from pd_assets.commands.up import run_up

        run_up(arguments.port)
    elif arguments.command == "prepare":
        from pd_assets.commands.prepare import run_prepare

        run_prepare()
    elif arguments.command == "sandbox":
        _serve(arguments)
    elif arguments.command == "doctor":
        from pd_assets.commands.doctor import examine

        examine()
    elif arguments.command == "decide":
        from pd_assets.commands.decide import explain

        for line in explain(arguments.item, arguments.profile):
            print(line)
    elif arguments.command == "trace":
        from pd_assets.commands.trace import tell

        for line in tell(arguments.item):
            print(line)
    elif arguments.command == "takedown":
        from pd_assets.commands.takedown import remove

        for line in remove(arguments.item, reason=arguments.reason, purge=arguments.purge):
            print(line)
    elif arguments.command == "label":
        from pd_assets.commands.label import run_label

        run_label(
            order=arguments.order,
            category=arguments.category,
            seed=arguments.seed,
            port=arguments.port,
            in_browser=not arguments.no_browser,
        )
    elif arguments.command == "audit":
        from pd_assets.commands.audit import count, write_page

        told = (
            count(arguments.answers)
            if arguments.answers
            else write_page(arguments.n, arguments.seed, arguments.profile)
        )
        for line in told:
            print(line)
    elif arguments.command == "sql":
        from pd_assets.commands.sql import ask

        ask(arguments.query if arguments.query or sys.stdin.isatty() else sys.stdin.read())


def _serve(arguments: argparse.Namespace) -> None:
    from pd_assets.commands.project import require_free
    from pd_assets.sandbox import Archive, serve_forever

    require_free(arguments.port, "--port")
    archive = Archive.from_folder(arguments.pictures) if arguments.pictures else Archive.painted()

    def on_ready(url: str) -> None:
        if not arguments.quiet:
            print(f"The sandbox answers at {url}\nUse it with PD_COMMONS_API={url}; stop it with Ctrl-C.", flush=True)

    serve_forever(archive, arguments.port, on_ready=on_ready)


if __name__ == "__main__":
    sys.exit(main())
