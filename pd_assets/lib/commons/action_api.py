"""How a question is put to the Action API of a MediaWiki: one request at a time, with `maxlag`, to its end.

What is asked for is in client.py and items.py. Errors: ArchiveError (ApiError, EndlessQuery among them), FetchFailed.
"""

import logging
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pd_assets.lib.commons.values import Json, at
from pd_assets.lib.errors import AccessDenied, ArchiveError, ArchiveResting, FetchFailed
from pd_assets.lib.http import Answer, PoliteSession, naming_the_archive, retry_after_s
from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.pacing import action_api

MOST_ANSWERS_FOR_A_LISTING = 100_000
MOST_RESTARTS = 2
MAXLAG_S = 5
HTML_WAIT_S = 5.0
WAITING_ERRORS = ("maxlag", "ratelimited", "readonly")
# What may pass, and may as well be the fault of one page: waited for once.
INTERNAL_ERROR = "internal_api_error"
# What the archive says of categories that it cannot find or read.
DATA_ERRORS = frozenset(
    {"missingtitle", "invalidtitle", "nosuchpageid", "badcontinue", "invalidcategory", "no-such-entity",
     "no-such-entity-link"}
)  # fmt: skip
# How an answer goes on -> what was asked for: once that is told, older versions would follow.
GOES_ON_WITH = {"iistart": "imageinfo", "iicontinue": "imageinfo", "rvcontinue": "revisions"}
NOTHING_TOLD: Mapping[int, Json] = MappingProxyType({})


log = logging.getLogger(__name__)


class ApiError(ArchiveError):
    """The Action API answered with an error; `code` is its name for it."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_about_data(self) -> bool:
        """Whether the category asked for is the cause, and not the archive or the way of asking."""
        return self.code in DATA_ERRORS


class EndlessQuery(ArchiveError):
    """A query whose continuations do not come to an end."""


class ActionApi:
    """One MediaWiki. What is asked of it goes through `ask` and `answers_to`."""

    def __init__(self, api: str, session: PoliteSession, *, token: str | None = None) -> None:
        self.api = api
        self.session = session
        self._policy = action_api(token)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._warned: set[str] = set()

    def probe(self) -> None:
        """Make sure that `api` is an Action API; ArchiveError names what is there instead."""
        with naming_the_archive(self.api, "PD_COMMONS_API"):
            answer = self.ask({"meta": "siteinfo", "siprop": "general"}, tries=2, is_known=False)
        general = at(answer, "query", "general")
        if not isinstance(general, dict) or not str(general.get("generator", "")).startswith("MediaWiki"):
            raise ArchiveError(f"PD_COMMONS_API={self.api} is no MediaWiki Action API; expected an address of api.php")

    def answers(self) -> bool:
        """Whether the archive answers anything at all. AccessDenied or ArchiveResting where it does not want to."""
        try:
            self.ask({"meta": "siteinfo", "siprop": "general"}, tries=2)
        except (AccessDenied, ArchiveResting):
            raise
        except ArchiveError:
            return False
        return True

    def answers_to(
        self,
        params: Mapping[str, str | int],
        most: int = MOST_ANSWERS_FOR_A_LISTING,
        *,
        tries: int | None = None,
        internal_waits: int | None = None,
        told: Mapping[int, Json] = NOTHING_TOLD,
    ) -> Iterator[Json]:
        """All answers to one query: the same parameters again with every `continue` that is wanted until there is none.

        A continuation that the archive does not take any more starts the query anew: what was said comes again.
        `told` are the pages as the answers so far tell them.
        """
        resume: Mapping[str, str | int] = {}
        restarts = 0
        for _ in range(most):
            try:
                answer = self.ask({**params, **resume}, tries=tries, internal_waits=internal_waits)
            except ApiError as error:
                if error.code != "badcontinue" or not resume or restarts == MOST_RESTARTS:
                    raise
                log.warning("%s; asking from the beginning", error)
                resume, restarts = {}, restarts + 1
                continue
            yield answer
            following = _wanted(answer.get("continue"), told)
            if not following:
                return
            if following == resume:
                raise EndlessQuery(f"{self.api}: a query goes on with the same continuation again and again")
            resume = following
        raise EndlessQuery(f"{self.api}: a query was still not complete after {most} answers")

    def ask(
        self,
        params: Mapping[str, str | int],
        *,
        tries: int | None = None,
        internal_waits: int | None = None,
        is_known: bool = True,
    ) -> Json:
        """One answer. Of an archive that `is_known` to be one, a page of HTML is a fault of its edge and passes.

        An internal error is waited for as often as `internal_waits`, or as others are: where a question is about many
        pages, one of them may be its cause.
        """
        fixed: dict[str, str | int] = {"action": "query", "format": "json", "formatversion": 2, "maxlag": MAXLAG_S}
        seen: list[Answer] = []
        internal_errors = 0

        def check(answer: Answer) -> float | None:
            nonlocal internal_errors
            seen[:] = [answer]
            if is_known and answer.is_html:
                return retry_after_s(answer.headers) or HTML_WAIT_S
            code = _error_code(answer)
            internal_errors += code.startswith(INTERNAL_ERROR)
            may_pass = code.startswith(INTERNAL_ERROR) and (internal_waits is None or internal_errors <= internal_waits)
            if code in WAITING_ERRORS or may_pass:
                return max(1.0, retry_after_s(answer.headers) or 5.0)
            return None if code else _wait_if_broken(answer)

        try:
            answer = self.session.get(
                self.api,
                policy=self._policy,
                params={**fixed, **params},
                headers=self._headers,
                check=check,
                tries=tries,
            )
        except FetchFailed as error:
            if seen and seen[0].is_html:
                raise FetchFailed(f"{self._no_json(seen[0])} ({error})") from error
            raise
        decoded = _decode(answer)
        if decoded is None:
            raise ArchiveError(self._no_json(answer))
        if told := _error(decoded):
            code = str(told.get("code"))
            raise ApiError(f"{self.api}: {code}: {told.get('info') or told.get('text')}", code=code)
        self._note_warnings(decoded)
        return decoded

    def _no_json(self, answer: Answer) -> str:
        return (
            f"PD_COMMONS_API={self.api} answered {answer.content_type or 'something'}, expected JSON; "
            "set PD_COMMONS_API to the address of a MediaWiki api.php"
        )

    def _note_warnings(self, decoded: Json) -> None:
        """Log what the archive warns of, once; a wiki without structured data has no slot of that name."""
        for text in _warnings(decoded):
            if text not in self._warned and "mediainfo" not in text:
                self._warned.add(text)
                log.warning("%s warns: %s", self.api, text)


def _warnings(decoded: Json) -> list[str]:
    """The warnings in an answer, in the older or the newer format."""
    found = decoded.get("warnings")
    entries = list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else []
    told = [entry for entry in entries if isinstance(entry, dict)]
    return [str(entry.get("warnings") or entry.get("text")) for entry in told]


def _error_code(answer: Answer) -> str:
    """The archive's name for the error in an answer, or nothing."""
    if "mediawiki-api-error" not in answer.headers and b'"error' not in answer.body[:300]:
        return ""
    error = _error(_decode(answer) or {})
    return "" if error is None else str(error.get("code", ""))


def _wait_if_broken(answer: Answer) -> float | None:
    """JSON that was cut off on its way is worth another try; HTML is no API and will stay none."""
    is_whole = answer.body.rstrip().endswith((b"}", b"]"))
    return 1.0 if answer.content_type == "application/json" and not is_whole else None


def _error(decoded: Json) -> Json | None:
    """The error in an answer: `error`, or the first of `errors` where a wiki uses the newer error formats."""
    errors = decoded.get("errors")
    found = errors[0] if isinstance(errors, list) and errors else decoded.get("error")
    return found if isinstance(found, dict) else None


def _wanted(following: object, told: Mapping[int, Json]) -> dict[str, str | int]:
    """What of a continuation was asked for: none of a file's older versions once its present one is told."""
    if not isinstance(following, dict):
        return {}
    kept = {key: value for key, value in following.items() if not _is_told(told, GOES_ON_WITH.get(key))}
    return kept if kept.keys() - {"continue"} or kept == following else {}


def _is_told(told: Mapping[int, Json], name: str | None) -> bool:
    """Whether this was told of every page that there is."""
    return bool(told) and name is not None and all(name in page or page.get("missing") for page in told.values())


def _decode(answer: Answer) -> Json | None:
    try:
        decoded = parse_json(answer.body)
    except UnreadableJson:
        return None
    return decoded if isinstance(decoded, dict) else None


def pages_of(answer: Json) -> list[Json]:
    pages = at(answer, "query", "pages")
    return [page for page in pages if isinstance(page, dict)] if isinstance(pages, list) else []
