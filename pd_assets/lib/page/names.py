"""A name as people write it, whatever it was read from. Who it names is in makers.py."""

import re

# What stands between names, and so neither before the first of them nor after the last.
_SEPARATORS = " \t\n,;:/|&+·•、，；：–—-"
_BETWEEN = re.compile(r"(?:\s*[,;])*\s*;(?:\s*[,;])*\s*")


def without_separators(name: str) -> str:
    """A name, or several that are told at once: `A; B`, not `A ; ; B ;`. What is nothing but separators stays: that
    something stands there is for others to judge.
    """
    plain = " ".join(_BETWEEN.sub("; ", name).split())
    return plain.strip(_SEPARATORS) or plain
