"""Stub."""

from pd_ml.bundle.facts import Facts


def write(facts: Facts) -> str:
    """Stub."""
    return f"{facts.release.bundle}\n"
