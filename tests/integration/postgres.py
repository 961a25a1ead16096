"""A real Postgres on loopback: in a folder of its own, by a user who may, on a free port."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy

from tests import last_words
from tests.conftest import ROOT
from tests.integration.dagster_ui import free_port
from tests.patience import PATIENCE_S

USER = "pd"
# Postgres refuses to run as root.
UNPRIVILEGED = "nobody"


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A database of a server, running or not."""

    folder: Path
    port: int
    database: str = "pd"

    @property
    def settings(self) -> dict[str, str]:
        """The variables that deploy/postgres/dagster.yaml asks for."""
        return {
            "DAGSTER_PG_HOST": "127.0.0.1",
            "DAGSTER_PG_PORT": str(self.port),
            "DAGSTER_PG_USER": USER,
            "DAGSTER_PG_PASSWORD": "no one asks for it here",
            "DAGSTER_PG_DB": self.database,
        }

    def create(self) -> None:
        self._run("initdb", "--pgdata", str(self.data), "--username", USER, "--auth", "trust", "--encoding", "UTF8")
        self.start()
        self._create_database()

    def with_database(self, name: str) -> "Postgres":
        """An empty one beside it, of the same server."""
        made = replace(self, database=name)
        made._create_database()
        return made

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -k {self.folder}"
        log = str(self.folder / "postgres.log")
        self._run("pg_ctl", "start", "--pgdata", str(self.data), "--wait", "--options", options, "--log", log)

    def stop(self, mode: str = "fast") -> None:
        """`immediate` is what a crash looks like to those who are connected."""
        self._run("pg_ctl", "stop", "--pgdata", str(self.data), "--wait", "--mode", mode)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What the database answers."""
        engine = sqlalchemy.create_engine(f"postgresql+psycopg2://{USER}@127.0.0.1:{self.port}/{self.database}")
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(sqlalchemy.text(sql))]
        finally:
            engine.dispose()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def _create_database(self) -> None:
        self._run("createdb", "--host", "127.0.0.1", "--port", str(self.port), "--username", USER, self.database)

    def _run(self, program: str, *arguments: str) -> None:
        found = executable(program)
        assert found is not None, program
        as_another = {"user": UNPRIVILEGED, "extra_groups": []} if os.geteuid() == 0 else {}
        subprocess.run(
            [found, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=PATIENCE_S,
            **as_another,  # type: ignore[call-overload]
        )


def executable(program: str) -> str | None:
    """A program of Postgres: on the path, or where Debian keeps those of the server."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: float(path.parts[4]))
    return shutil.which(program) or (str(versions[-1]) if versions else None)


def missing() -> list[str]:
    """What a test on Postgres needs and does not find."""
    return [] if all(map(executable, ("initdb", "pg_ctl", "createdb"))) else ["postgresql"]


@contextmanager
def running() -> Iterator[Postgres]:
    """A fresh server; stopped and removed at the end."""
    # Not in pytest's folders: nobody but their owner may enter those.
    with tempfile.TemporaryDirectory(prefix="pd-postgres-") as name:
        if os.geteuid() == 0:
            shutil.chown(name, UNPRIVILEGED)
        server = Postgres(folder=Path(name), port=free_port())
        with last_words.of("Postgres", server.folder / "postgres.log"):
            server.create()
            try:
                yield server
            finally:
                if (server.data / "postmaster.pid").exists():
                    server.stop("immediate")


def dagster_home(folder: Path, server: Postgres) -> Mapping[str, str]:
    """A folder with the project's dagster.yaml for Postgres, and the variables that lead there."""
    folder.mkdir()
    shutil.copy(ROOT / "deploy/postgres/dagster.yaml", folder)
    return {"DAGSTER_HOME": str(folder), **server.settings}
