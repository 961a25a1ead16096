"""A day as an argument of a command."""

import argparse
import re
from datetime import UTC, date, datetime

A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def a_day(text: str) -> date:
    """An argument that is today or a day before; ArgumentTypeError for any other, which is an error of use."""
    try:
        if not A_DAY.fullmatch(text):
            raise ValueError("the form is another")
        found = date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day ({error}); expected one such as 2026-11-30") from error
    if found > (today := datetime.now(UTC).date()):
        raise argparse.ArgumentTypeError(f"{text} is still to come; expected {today} or a day before")
    return found
