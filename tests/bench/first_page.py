"""How long from `pdd open` to the first page, from a cold start: `python -m tests.bench.first_page HOME [--times 5]`.

Each start is a process of its own; the pages of the machine's memory that hold files are dropped before where that may
be done (as root).
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DROP = Path("/proc/sys/vm/drop_caches")
REQUIRED_S = 3.0


@contextmanager
def opened(home: Path) -> Iterator[str]:
    """`pdd open` in a process of its own; the address of its site, without a slash at its end."""
    command = [sys.executable, "-m", "pd_assets.cli", "open", "--no-browser", "--port", "0"]
    with subprocess.Popen(
        command, env={**os.environ, "PD_HOME": str(home)}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[0].rstrip("/")
        finally:
            process.send_signal(signal.SIGINT)


def dropped() -> str:
    """Drop what memory holds of files, where that may be done; what to say where it may not."""
    os.sync()
    try:
        DROP.write_text("3\n")
    except OSError:
        return " (files still in memory)"
    return ""


def first_page_s(home: Path, path: str) -> float:
    """Seconds from the start of the process to the whole page."""
    started = time.monotonic()
    with opened(home) as url:
        with urllib.request.urlopen(url + path) as page:
            page.read()
        return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--path", default="/")
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    measured = []
    for _ in range(arguments.times):
        how = dropped()
        measured.append(first_page_s(arguments.home, arguments.path))
        print(f"{measured[-1]:.2f} s{how}", flush=True)
    print(f"median {statistics.median(measured):.2f} s, worst {max(measured):.2f} s, required {REQUIRED_S:.0f} s")
    sys.exit(max(measured) > REQUIRED_S)


if __name__ == "__main__":
    main()
