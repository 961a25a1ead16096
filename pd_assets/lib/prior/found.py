"""What was read of the prior system: titles with its labels, and what could not be read, counted by its reason."""

from collections import Counter
from dataclasses import dataclass, field

MOST_EXAMPLES, LONGEST_EXAMPLE = 3, 60


@dataclass(kw_only=True)
class Tally:
    """So many of each reason, with the first examples."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, example: object = "", *, once: bool = False) -> None:
        """Count one more; an example that is shown `once` is not shown again."""
        self.counts[reason] += 1
        shown, text = self.examples.setdefault(reason, []), ascii(example)[:LONGEST_EXAMPLE]
        if example != "" and len(shown) < MOST_EXAMPLES and not (once and text in shown):
            shown.append(text)

    @property
    def total(self) -> int:
        return self.counts.total()

    def lines(self) -> list[str]:
        """`3 x reason (example, example)`, the most frequent first."""
        ordered = sorted(self.counts.items(), key=lambda one: (-one[1], one[0]))
        return [
            f"{count} x {reason}" + (f" ({', '.join(self.examples[reason])})" if self.examples[reason] else "")
            for reason, count in ordered
        ]


@dataclass(kw_only=True)
class Found:
    """Titles in normal form with their labels, as key and value of the prior system.

    `unreadable` are rows and files that say nothing usable, `elsewhere` those of another archive, `banned` pictures
    that it had given up, which are asked for all the same. `notes` are sentences about how it was read.
    """

    what: str
    by_title: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    banned: int = 0
    unreadable: Tally = field(default_factory=Tally)
    elsewhere: Tally = field(default_factory=Tally)
    notes: list[str] = field(default_factory=list)
