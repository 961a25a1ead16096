"""Whether a step grows no faster than the rows, in CPU and in memory: the arithmetic and the table.

CPU: beyond the fixed cost (that of an all but empty home) the largest home may take MOST_OVER_LINEAR times what is
linear, as either of the smaller homes tells it. Below FEW_CPU_S nothing can be told.
Memory: the peak may grow from the smallest to the largest home by so many bytes for each added row, beside NOISE_BYTES,
which allocators and the bounded memory of joins take, and HELPERS_BYTES for processes that help; and
it may never exceed MOST_BYTES.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.spent import Spent

MOST_OVER_LINEAR = 1.2
FEW_CPU_S = 0.5
MOST_BYTES = 1_500_000_000
NOISE_BYTES = 150_000_000
BYTES_A_ROW = 64.0
# These read pages in processes of their own above some number of rows, two on two cores, of a size that does not grow.
WITH_HELPERS, HELPERS_BYTES = ("asset rights/decisions", "asset dataset/captions"), 500_000_000


@dataclass(frozen=True, kw_only=True)
class Grown:
    """A step in one state of homes of several sizes: `spent` by rows, `fixed` on a home that is all but empty."""

    step: str
    state: str
    fixed: Spent
    spent: Mapping[int, Spent]

    @property
    def sizes(self) -> list[int]:
        return sorted(self.spent)

    def beyond(self, rows: int) -> float:
        """CPU seconds beyond the fixed cost."""
        return max(0.0, self.spent[rows].cpu_s - self.fixed.cpu_s)

    @property
    def over_linear(self) -> float | None:
        """What the largest home took against linear, 1 being linear; None where it took too little to tell."""
        *smaller, largest = self.sizes
        grown = self.beyond(largest)
        if grown < FEW_CPU_S:
            return None
        linear = max(self.beyond(rows) * largest / rows for rows in smaller)
        return grown / max(linear, FEW_CPU_S)

    @property
    def bytes_a_row(self) -> float:
        """How much the peak grew for each added row."""
        smallest, largest = self.sizes[0], self.sizes[-1]
        return (self.spent[largest].peak_bytes - self.spent[smallest].peak_bytes) / (largest - smallest)

    @property
    def problems(self) -> list[str]:
        smallest, largest = self.sizes[0], self.sizes[-1]
        peak = max(one.peak_bytes for one in self.spent.values())
        fixed = NOISE_BYTES + HELPERS_BYTES * (self.step in WITH_HELPERS)
        allowed = BYTES_A_ROW + fixed / (largest - smallest)
        found = []
        if self.over_linear is not None and self.over_linear > MOST_OVER_LINEAR:
            found.append(f"{self.over_linear:.2f} times linear, at most {MOST_OVER_LINEAR}")
        if self.bytes_a_row > allowed:
            found.append(f"{self.bytes_a_row:,.0f} bytes a row kept in memory, at most {allowed:,.0f}")
        if peak > MOST_BYTES:
            found.append(f"{peak / 1e6:,.0f} MB, at most {MOST_BYTES / 1e6:,.0f}")
        return found


def table(found: Sequence[Grown], before: Mapping[tuple[str, str], Grown]) -> Iterable[str]:
    """Lines of Markdown; `before` are the same of another commit."""
    sizes = found[0].sizes
    names = [*(f"CPU-s {rows:,}" for rows in sizes), "fixed", "x linear", *(f"MB {rows:,}" for rows in sizes), "B/row"]
    names += [f"CPU-s {sizes[-1]:,} before", "now/before", "MB before"] if before else []
    yield f"| step | state | {' | '.join(names)} | |"
    yield "|---|---|" + "---:|" * len(names) + "---|"
    for one in found:
        cells = [f"{one.spent[rows].cpu_s:.2f}" for rows in sizes]
        cells += [f"{one.fixed.cpu_s:.2f}", "-" if one.over_linear is None else f"{one.over_linear:.2f}"]
        cells += [f"{one.spent[rows].peak_bytes / 1e6:.0f}" for rows in sizes]
        cells += [f"{one.bytes_a_row:.0f}"]
        if before:
            cells += _beside(one, before.get((one.step, one.state)))
        yield f"| {one.step} | {one.state} | {' | '.join(cells)} | {'; '.join(one.problems)} |"


def _beside(one: Grown, before: Grown | None) -> list[str]:
    """CPU of the other commit, ours against it, and its memory, all at the largest size."""
    if before is None:
        return ["", "", ""]
    now, then = one.spent[one.sizes[-1]], before.spent[one.sizes[-1]]
    return [f"{then.cpu_s:.2f}", f"{now.cpu_s / max(then.cpu_s, 0.01):.2f}", f"{then.peak_bytes / 1e6:.0f}"]
