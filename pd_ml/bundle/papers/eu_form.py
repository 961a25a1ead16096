"""What a field of the Commission's template is: its key, what it asks, and the options of a choice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = "str | int | float | list[Value] | dict[str, Value]"
YES_NO = ("Yes", "No")
# Of hosts, sources and rules the ledger is counted over all pictures, held-out ones included.
OF_SEEN = "pictures trained on or measured with"


@dataclass(frozen=True, kw_only=True)
class Field:
    """`options` are those of a choice, `bands` those of each modality."""

    key: str
    section: str
    asks: str
    value: Value
    options: tuple[str, ...] = ()
    bands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
