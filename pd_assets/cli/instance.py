"""The Dagster instance of a project's folder, with one clear line where it cannot be had.

Apart from project.py, since `pdd up` stays as long as the UI does and is small without Dagster.
"""

import logging
import os
import re
import sqlite3
from pathlib import Path

import dagster as dg
from dagster_shared.check import CheckError
from sqlalchemy.exc import DBAPIError
from yaml import YAMLError

from pd_assets.lib.errors import ConfigError

POST_PROCESSING = re.compile(r"Post processing at path root:(\S+) of original value .* failed:\n[\w.]+Error: ")
PASSWORD = "DAGSTER_PG_PASSWORD"
POSTGRES_MISSING = "Postgres needs dagster-postgres, which pip install -c constraints.txt -e '.[postgres]' installs"


def open_instance(root: Path) -> dg.DagsterInstance:
    """Dagster's storage as `dagster dev` finds it: DAGSTER_HOME, or the dagster.yaml of the project's folder.

    ConfigError where its settings are wrong, or its database is damaged, locked by somebody who does not let go, or
    not to be reached.
    """
    at_home = os.environ.get("DAGSTER_HOME")
    said = f"{at_home or root}/dagster.yaml"
    if os.environ.get(PASSWORD) == "":
        raise ConfigError(f"{PASSWORD} is set and empty; expected the password of Dagster's database on Postgres")
    # Dagster tells each of its tries to reach a database server; we tell the last.
    logging.disable(logging.WARNING)
    try:
        instance = dg.DagsterInstance.get() if at_home else dg.DagsterInstance.from_config(str(root))
        instance.get_runs_count()
        instance.get_dynamic_partitions("")
        instance.all_instigator_state()
    except (dg.DagsterError, CheckError, YAMLError) as error:
        raise ConfigError(f"Dagster cannot be set up as {said} says: {_told(error)}; mend it and run again") from error
    except Exception as error:
        found = error if isinstance(error, DBAPIError) else error.__cause__
        if not isinstance(found, DBAPIError):
            raise
        what = " ".join(str(found.orig).split())
        raise ConfigError(f"Dagster's database, as {said} says, cannot be used ({what}); {_cure(found)}") from error
    finally:
        logging.disable(logging.NOTSET)
    return instance


def _told(error: Exception) -> str:
    """What is wrong, without the definition of all that would be right."""
    if not isinstance(error, dg.DagsterInvalidConfigError):
        said = " ".join(str(error).split())
        return POSTGRES_MISSING if "dagster_postgres" in said else said.rstrip(".")
    # Of a variable that is not set, the cause is in the second line.
    causes = [POST_PROCESSING.sub(r"\1: ", one.message).split("\n")[0] for one in error.errors]
    return "; ".join(cause.partition(". In order for")[0].rstrip(".") for cause in causes)


def _cure(error: DBAPIError) -> str:
    if isinstance(error.orig, sqlite3.Error):
        return (
            "where it is damaged, move its folder away: the history of runs begins anew, and no table, picture or "
            "model is lost"
        )
    return "start the server, or mend its address, user and password there (the DAGSTER_PG_* variables)"
