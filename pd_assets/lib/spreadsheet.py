"""Texts of pages in a CSV: none that a spreadsheet takes for a formula."""


def no_formula(value: str) -> str:
    """A text as it is, with a sign before it where it would be a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
