"""Stub."""

from pd_ml.bundle.facts import Facts


def write_page(facts: Facts) -> str:
    """Stub."""
    return f"{facts.release.bundle}\n"


def write_data(facts: Facts) -> str:
    """Stub."""
    return "{}\n"
