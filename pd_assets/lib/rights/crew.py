"""The processes that decide beside one another (lib/crew.py), each a `python -m pd_assets.lib.rights.crew TERMS`."""

from typing import TypeAlias

from pd_assets.lib import crew
from pd_assets.lib.rights.batches import Terms, decide_due, read_evidence, refuse_copies

JOBS: tuple[crew.Job[Terms], ...] = (read_evidence, refuse_copies, decide_due)
Crew: TypeAlias = crew.Crew[Terms]


def crew_of(terms: Terms, size: int) -> Crew:
    """`size` processes that do these jobs; with 0 they are done in this process."""
    return Crew(__name__, JOBS, terms, size)


if __name__ == "__main__":
    crew.serve(JOBS, Terms.from_json)
