"""When failures in a row are the archive's, and no longer those of what was asked for: then a run stops."""

from dataclasses import dataclass

from pd_assets.lib.commons.client import CommonsClient

MOST_FAILURES_IN_A_ROW = 5
MOST_WHILE_IT_ANSWERS = 25


@dataclass(kw_only=True)
class FailuresInARow:
    """How many categories failed one after the other."""

    client: CommonsClient
    count: int = 0

    def went_well(self) -> None:
        """One did not fail."""
        self.count = 0

    def are_the_archives(self) -> bool:
        """Count one more; whether it is the archive: it answers no other question either, or there are very many."""
        self.count += 1
        is_doubtful = self.count % MOST_FAILURES_IN_A_ROW == 0
        return self.count >= MOST_WHILE_IT_ANSWERS or (is_doubtful and not self.client.answers())
