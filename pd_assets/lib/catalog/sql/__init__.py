"""The SQL that joins the tables, one statement a file."""

from importlib.resources import files


def load(name: str) -> str:
    """The statement in `<name>.sql`."""
    return (files(__name__) / f"{name}.sql").read_text()
