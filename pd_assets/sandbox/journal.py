"""The archive's memory of what happened: the logs, and the recent changes. Entries are only ever added."""

from collections.abc import Mapping

from pd_assets.sandbox.records import Change, LogEvent, Page


class Journal:
    """Logs and recent changes, oldest first."""

    def __init__(self) -> None:
        self.events: list[LogEvent] = []
        self.changes: list[Change] = []

    def log(
        self,
        kind: str,
        title: str,
        page_id: int,
        *,
        timestamp: str,
        user: str,
        comment: str,
        params: Mapping[str, object],
        is_recent: bool = True,
        page_id_now: int | None = None,
    ) -> None:
        """One event of a kind such as `move/move`. `page_id_now` differs from `page_id` where the title changed hands;
        what happened before the archive's first change is not recent."""
        type_, _, action = kind.partition("/")
        event = LogEvent(
            logid=len(self.events) + 1,
            timestamp=timestamp,
            type=type_,
            action=action,
            title=title,
            page_id=page_id,
            user=user,
            comment=comment,
            params=params,
        )
        self.events.append(event)
        if is_recent:
            self.changes.append(
                Change(
                    rcid=len(self.changes) + 1,
                    timestamp=timestamp,
                    type="log",
                    title=title,
                    page_id=page_id if page_id_now is None else page_id_now,
                    user=user,
                    comment=comment,
                    event=event,
                )
            )

    def changed(self, kind: str, page: Page) -> None:
        """An edit or a new page: `edit` or `new`."""
        self._change(kind, page, title=page.title, page_id=page.pageid, comment=page.latest.comment)

    def categorised(self, page: Page, category_title: str, category_id: int, *, joined: bool) -> None:
        """A page joined or left a category."""
        what = "added to category" if joined else "removed from category"
        comment = f"[[:{page.title}]] {what}"
        self._change("categorize", page, title=category_title, page_id=category_id, comment=comment)

    def _change(self, kind: str, page: Page, *, title: str, page_id: int, comment: str) -> None:
        self.changes.append(
            Change(
                rcid=len(self.changes) + 1,
                timestamp=page.touched,
                type=kind,
                title=title,
                page_id=page_id,
                user=page.latest.user,
                comment=comment,
                revid=page.latest.revid,
                old_revid=page.latest.parentid,
            )
        )
