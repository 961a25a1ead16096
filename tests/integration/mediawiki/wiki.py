"""A real MediaWiki in a folder, from Debian's package: install, serve on loopback, look at its access log, stop.

Needs no root once the packages of ../install.sh are there. What changes the wiki's content is in `admin` and `fill`.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from tests import last_words
from tests.integration.mediawiki.admin import Admin, Json
from tests.integration.mediawiki.errors import WikiCommandFailed, WikiNotInstalled
from tests.patience import PATIENCE_S, until

HERE = Path(__file__).parent
PROGRAM = Path("/usr/share/mediawiki")
EXTENSIONS = ("pdo_sqlite", "intl", "mbstring", "dom", "gd", "apcu", "curl")
ADMIN_USER = "Admin"
ADMIN_PASSWORD = "local-only-admin-1"
UPLOADER = "Uploader"
SERVER_OPTIONS = (
    "display_errors=0",
    "memory_limit=512M",
    "opcache.max_accelerated_files=20000",
    "opcache.memory_consumption=192",
    "zlib.output_compression=1",
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One line of the access log; `status` is None while the request is still being worked on."""

    at: float
    method: str
    path: str
    query: Mapping[str, str]
    user_agent: str
    headers: Mapping[str, str]
    status: int | None


def missing_requirements() -> list[str]:
    """What this machine lacks for a MediaWiki, in words; empty when everything is there."""
    missing = [] if (PROGRAM / "maintenance/install.php").is_file() else [f"MediaWiki ({PROGRAM})"]
    missing += [] if Path("/usr/bin/convert").exists() else ["ImageMagick (/usr/bin/convert)"]
    if shutil.which("php") is None:
        return [*missing, "php"]
    loaded = subprocess.run(["php", "-m"], capture_output=True, text=True, check=False).stdout.lower().split()
    return missing + [f"php extension {name}" for name in EXTENSIONS if name not in loaded]


class MediaWiki:
    """One wiki in one folder. As a context manager it is started on entry, when it is not yet, and stopped on exit."""

    def __init__(self, site: Path) -> None:
        self.site = site.resolve()
        self._server: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._logs = ExitStack()

    # --- the folder ---------------------------------------------------------------------------------------------

    @classmethod
    def install(cls, site: Path) -> Self:
        """A new, empty wiki in `site`, which must not exist or be empty; about two seconds."""
        if missing := missing_requirements():
            raise WikiNotInstalled(f"Missing: {', '.join(missing)}. Run tests/integration/install.sh as root.")
        wiki = cls(site)
        for name in ("data", "images", "cache", "tmp", "docroot/wikipedia"):
            (wiki.site / name).mkdir(parents=True)
        wiki._run_installer()
        wiki._make_relocatable()
        (wiki.site / "docroot/w").symlink_to(PROGRAM)
        (wiki.site / "docroot/wikipedia/commons").symlink_to("../../images")
        wiki.maintenance("createAndPromote.php", UPLOADER, "local-only-uploader-1")
        return wiki

    def copy_to(self, site: Path) -> Self:
        """The same wiki in another folder; the server must not be running."""
        shutil.copytree(self.site, site, symlinks=True)
        (site / "access.log").unlink(missing_ok=True)
        return type(self)(site)

    def maintenance(self, script: str, *arguments: str) -> str:
        """Run one of MediaWiki's maintenance scripts on this site and return what it printed."""
        env = {**os.environ, "MW_CONFIG_FILE": str(self.site / "LocalSettings.php")}
        return _run_php(str(PROGRAM / "maintenance" / script), *arguments, env=env)

    def run_jobs(self) -> None:
        """Work off the job queue: template edits reach the pages that use them, category changes the recent changes."""
        self.maintenance("runJobs.php")

    def keep_structured_data(self) -> None:
        """From now on pages have a `mediainfo` slot, as on Commons."""
        (self.site / "mediainfo").touch()

    def set_structured_data(self, title: str, *, captions: Mapping[str, str], statements: Json = None) -> int:
        """Write a file's structured data in one edit, in Wikibase's format; returns the new revision's id."""
        labels = {language: {"language": language, "value": text} for language, text in captions.items()}
        data = {"type": "mediainfo", "labels": labels, "descriptions": {}, "statements": statements or {}}
        env = {**os.environ, "MW_CONFIG_FILE": str(self.site / "LocalSettings.php"), "MW_PROGRAM": str(PROGRAM)}
        script = str(HERE / "set_mediainfo.php")
        return int(_run_php(script, "--title", title, "--json", json.dumps(data), env=env))

    def _run_installer(self) -> None:
        env = {name: value for name, value in os.environ.items() if name != "MW_CONFIG_FILE"}
        _run_php(
            str(PROGRAM / "maintenance/install.php"),
            *("--dbtype", "sqlite", "--dbname", "commonswiki", "--dbpath", str(self.site / "data")),
            *("--confpath", str(self.site), "--server", "http://127.0.0.1", "--scriptpath", "/w", "--lang", "en"),
            *("--pass", ADMIN_PASSWORD, "--skins=Vector", "Wikimedia Commons", ADMIN_USER),
            env=env,
        )

    def _make_relocatable(self) -> None:
        """The installer writes the database folder as an absolute path, several times; make it relative to the file."""
        shutil.copy(HERE / "settings.php", self.site)
        path = self.site / "LocalSettings.php"
        text = path.read_text().replace(f'"{self.site}/data"', '"$site/data"')
        path.write_text(text.replace("<?php", "<?php\n$site = __DIR__;", 1) + "\nrequire __DIR__ . '/settings.php';\n")

    # --- the server ---------------------------------------------------------------------------------------------

    def start(self, port: int = 0, workers: int = 3) -> Self:
        """Serve on 127.0.0.1; port 0 takes a free one. Returns once the API answers."""
        if self._server is not None:
            raise WikiCommandFailed(f"The wiki in {self.site} is already served on port {self._port}: stop() it first")
        self._port = port or _free_port()
        options = [argument for option in SERVER_OPTIONS for argument in ("-d", option)]
        self._server = subprocess.Popen(
            [
                "php",
                *options,
                "-S",
                f"127.0.0.1:{self._port}",
                "-t",
                str(self.site / "docroot"),
                str(HERE / "router.php"),
            ],
            env={
                **os.environ,
                "MW_CONFIG_FILE": str(self.site / "LocalSettings.php"),
                "PHP_CLI_SERVER_WORKERS": str(workers),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.site / "server.log").open("ab"),
            start_new_session=True,
        )
        for name in ("server.log", "access.log"):
            self._logs.enter_context(last_words.of(f"MediaWiki in {name}", self.site / name))
        self._wait_until_answering()
        self.forget_requests()
        return self

    def stop(self) -> None:
        """End the server and its workers; harmless when it is not running."""
        if self._server is None:
            return
        _kill_group(self._server.pid, signal.SIGTERM)
        try:
            # Nothing is lost where a slow one is killed.
            self._server.wait(timeout=5)
        except subprocess.TimeoutExpired:
            _kill_group(self._server.pid, signal.SIGKILL)
            self._server.wait()
        self._server = None
        self._logs.close()
        self.__dict__.pop("admin", None)

    def __enter__(self) -> Self:
        return self if self._server is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/w/api.php"

    @cached_property
    def admin(self) -> Admin:
        """An administrator's client, logged in, whose calls return when all their consequences are in the database."""
        return Admin(api_url=self.api_url, user=ADMIN_USER, password=ADMIN_PASSWORD, finished=self._wait_until_finished)

    def set_lag(self, seconds: float | None) -> None:
        """Pretend a replication lag, which `maxlag` refuses; None ends it."""
        path = self.site / "lag"
        path.unlink(missing_ok=True) if seconds is None else path.write_text(str(seconds))

    def _wait_until_answering(self) -> None:
        server = self._server
        assert server is not None
        until(lambda: _answers(self.api_url) or server.poll() is not None)
        if (code := server.poll()) is not None:
            self.stop()
            log = (self.site / "server.log").read_text(errors="replace")[-2000:]
            raise WikiCommandFailed(f"MediaWiki's server ended with {code} at {self.api_url}; its log:\n{log}")

    # --- the access log -----------------------------------------------------------------------------------------

    def requests(self, path: str = "/w/api.php") -> list[Request]:
        """The requests so far whose path begins with `path`, oldest first, without the administrator's own."""
        lines = self._log_lines()
        status = {str(line["id"]): line["status"] for line in lines if line["event"] == "end"}
        return [
            _request(line, status.get(str(line["id"])))
            for line in lines
            if line["event"] == "begin" and str(line["path"]).startswith(path) and not Admin.made(str(line["id"]))
        ]

    def forget_requests(self) -> None:
        """Begin the access log anew."""
        (self.site / "access.log").write_text("")

    def _wait_until_finished(self, request_id: str) -> None:
        """MediaWiki answers before it updates its link tables; the log's `end` line comes after them."""

        def is_finished() -> bool:
            return any(line["id"] == request_id and line["event"] == "end" for line in self._log_lines())

        until(is_finished, longest_pause_s=0.01)

    def _log_lines(self) -> list[dict[str, object]]:
        text = (self.site / "access.log").read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def _request(line: Mapping[str, object], status: object) -> Request:
    query, headers, at = line["query"], line["headers"], line["at"]
    assert isinstance(query, dict) and isinstance(headers, dict) and isinstance(at, float)
    return Request(
        at=at,
        method=str(line["method"]),
        path=str(line["path"]),
        query={str(name): str(value) for name, value in query.items()},
        user_agent=str(line["user_agent"]),
        headers={str(name): str(value) for name, value in headers.items()},
        status=status if isinstance(status, int) else None,
    )


def _run_php(*arguments: str, env: Mapping[str, str]) -> str:
    done = subprocess.run(
        ["php", "-d", "memory_limit=1G", *arguments], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise WikiCommandFailed(
            f"php {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(api_url: str) -> bool:
    try:
        with requests.Session() as session:
            session.trust_env = False
            query = {"action": "query", "meta": "siteinfo", "format": "json"}
            return session.get(api_url, params=query, timeout=PATIENCE_S).ok
    except requests.ConnectionError:
        return False


def _kill_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)
