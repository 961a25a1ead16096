"""By which readers and rules a decision was made: stored with it, so that a changed one reads and decides anew."""

from pd_assets.lib.code_version import code_version


def extractor_version() -> str:
    """Of what reads evidence out of a page or record."""
    return code_version("pd_assets.lib.rights.evidence")


def ruleset_version() -> str:
    """Of the rules, and the arithmetic and vocabulary that they rest on."""
    return code_version("pd_assets.lib.rights.rules")
