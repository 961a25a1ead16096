"""An administrator's client of the test wiki: the events that a scraper has to notice.

Not the project's client: it exists so that tests change the wiki through MediaWiki's own code.
"""

import uuid
from collections.abc import Callable
from typing import TypeAlias

import requests

from tests.integration.mediawiki.errors import WikiApiError
from tests.patience import PATIENCE_S

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
ID_PREFIX = "admin-"


class Admin:
    """Logs in on the first change. Every change returns when MediaWiki has finished all that follows from it."""

    def __init__(self, *, api_url: str, user: str, password: str, finished: Callable[[str], None]) -> None:
        self._api_url = api_url
        self._user, self._password = user, password
        self._finished = finished
        self._token = ""
        self._session = requests.Session()
        self._session.trust_env = False

    @staticmethod
    def made(request_id: str) -> bool:
        """Whether a request in the access log is one of this client's."""
        return request_id.startswith(ID_PREFIX)

    def query(self, **parameters: str | int) -> dict[str, Json]:
        """The `query` object of one action=query answer."""
        return _object(self._call("GET", {"action": "query", **parameters})["query"])

    def page(self, title: str, **parameters: str | int) -> dict[str, Json]:
        """The one page of an action=query about `title`."""
        pages = self.query(titles=title, **parameters)["pages"]
        assert isinstance(pages, list)
        return _object(pages[0])

    def read(self, title: str) -> str:
        """The page's wikitext."""
        answer = self._call("GET", {"action": "parse", "page": title, "prop": "wikitext"})
        return str(_object(answer["parse"])["wikitext"])

    def edit(self, title: str, text: str, summary: str = "edited") -> int:
        """Replace the page's wikitext, or create it; returns the new revision's id."""
        answer = self._change(action="edit", title=title, text=text, summary=summary)
        return int(str(_object(answer["edit"]).get("newrevid", 0)))

    def append(self, title: str, text: str, summary: str = "appended") -> int:
        """Add wikitext at the page's end; returns the new revision's id."""
        return self.edit(title, self.read(title) + text, summary)

    def upload(self, title: str, data: bytes, text: str = "", comment: str = "uploaded") -> None:
        """Upload a file; over an existing title it is a new version, and `text` is then ignored by MediaWiki."""
        name = title.removeprefix("File:")
        answer = self._change(
            {"file": (name, data)}, action="upload", filename=name, text=text, comment=comment, ignorewarnings=1
        )
        result = _object(answer["upload"]).get("result")
        if result != "Success":
            raise WikiApiError("upload", str(result), str(answer))

    def move(self, title: str, to: str, *, leave_redirect: bool = True, reason: str = "better name") -> None:
        """Rename a page; for a file the old title becomes a redirect unless told otherwise."""
        keep: dict[str, str | int] = {} if leave_redirect else {"noredirect": 1}
        self._change(action="move", **{"from": title, "to": to, "reason": reason, **keep})

    def delete(self, title: str, reason: str = "copyright violation") -> None:
        """Delete the page, and for a file all its versions."""
        self._change(action="delete", title=title, reason=reason)

    def undelete(self, title: str, reason: str = "restored") -> None:
        """Restore a deleted page, and for a file all its versions."""
        self._change(action="undelete", title=title, reason=reason)

    def revision_delete(self, title: str, reason: str = "hidden") -> str:
        """Hide the content of the file's newest old version; returns that version's archive name."""
        page = self.page(title, prop="imageinfo", iiprop="timestamp|archivename", iilimit=2)
        versions = page["imageinfo"]
        assert isinstance(versions, list) and len(versions) == 2, f"{title} has no old version to hide"
        archive_name = str(_object(versions[1])["archivename"])
        self._change(
            action="revisiondelete",
            **{
                "type": "oldimage",
                "target": title,
                "ids": archive_name.split("!")[0],
                "hide": "content",
                "reason": reason,
            },
        )
        return archive_name

    def _change(self, files: dict[str, tuple[str, bytes]] | None = None, /, **parameters: str | int) -> dict[str, Json]:
        if not self._token:
            self._log_in()
        return self._call("POST", {**parameters, "token": self._token}, files)

    def _log_in(self) -> None:
        token = self._tokens(type="login")["logintoken"]
        answer = self._call(
            "POST",
            {
                "action": "clientlogin",
                "username": self._user,
                "password": self._password,
                "logintoken": str(token),
                "loginreturnurl": self._api_url,
            },
        )
        result = _object(answer["clientlogin"])
        if result["status"] != "PASS":
            raise WikiApiError("clientlogin", str(result["status"]), str(result.get("message")))
        self._token = str(self._tokens()["csrftoken"])

    def _tokens(self, **parameters: str) -> dict[str, Json]:
        return _object(self.query(meta="tokens", **parameters)["tokens"])

    def _call(
        self, method: str, parameters: dict[str, str | int], files: dict[str, tuple[str, bytes]] | None = None
    ) -> dict[str, Json]:
        request_id = f"{ID_PREFIX}{uuid.uuid4()}"
        every: dict[str, str | int] = {"format": "json", "formatversion": 2, **parameters}
        answer = self._session.request(
            method,
            self._api_url,
            params=every if method == "GET" else None,
            data=None if method == "GET" else every,
            files=files,
            headers={"X-Request-Id": request_id, "User-Agent": "test-wiki-admin"},
            timeout=PATIENCE_S,
        )
        self._finished(request_id)
        found: dict[str, Json] = answer.json()
        if "error" in found:
            error = _object(found["error"])
            raise WikiApiError(str(parameters["action"]), str(error["code"]), str(error["info"]))
        return found


def _object(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict), f"expected a JSON object, found {value!r}"
    return value
