"""Send a folder to a Hugging Face style hub as one commit: `python -m pd_assets.lib.release.hub_push`, a child process.

It is one of its own because `huggingface_hub` reads its settings when it is imported. The request comes as a line of
JSON on stdin, which stays open for as long as whoever asked lives; what happened goes out as lines of JSON on stdout.
Blobs first, and one commit last, on the head that was seen: whatever fails before that publishes nothing, and run again
it sends only what the hub lacks. Errors: HubError.
"""

import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, set_client_factory
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from pd_assets.lib.release.hub_request import File, Request

Asked = TypeVar("Asked")
# What a hub makes itself in a new repository.
OF_THE_HUB = frozenset({".gitattributes"})
# What an earlier release holds, one set of names or another; nothing is removed from a repository without.
MANIFEST = "manifest.json"
RELEASES: Mapping[str, tuple[frozenset[str], ...]] = {
    "model": (frozenset({MANIFEST, "release.json", "run.json", "signature.json"}),),
    "dataset": (frozenset({MANIFEST, "pictures.arrow"}), frozenset({MANIFEST, "croissant.json"})),
}
BUSY, CONFLICT, CHANGED = 429, 409, 412
TRANSIENT = frozenset({408, BUSY, 500, 502, 503, 504})
# After these what was asked may be done all the same, and later; 0 is no answer.
UNANSWERED = TRANSIENT - {BUSY} | {0}
# What the library raises.
FAULTS = (httpx2.HTTPError, RuntimeError, ValueError, OSError, KeyError)
# A longer pause than that is for another run.
LONGEST_PAUSE_S = 60.0
NOTHING = "nothing was published"
TOLD = 5


class HubError(Exception):
    """The hub could not be asked, or said no; the message says what was found and what to do."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`commit` holds exactly the folder. `is_new`: it was made now; else it was there, and nothing was to do."""

    commit: str
    is_new: bool
    removed: tuple[str, ...] = ()
    made_repository: bool = False


def push(request: Request, tell: Callable[[str], None]) -> Outcome:
    """Have a repository whose head holds exactly these files; HubError where that cannot be."""
    limits = httpx2.Timeout(request.hub.timeout_s).as_dict()

    def with_timeout(asked: httpx2.Request) -> None:
        # Some calls of the library turn the client's own timeout off.
        asked.extensions = {**asked.extensions, "timeout": limits}

    set_client_factory(lambda: httpx2.Client(follow_redirects=True, event_hooks={"request": [with_timeout]}))
    return _Push(request, HfApi(endpoint=request.hub.endpoint, token=request.hub.token), tell).run()


class _Push:
    def __init__(self, request: Request, api: HfApi, tell: Callable[[str], None]) -> None:
        self.request, self.api, self.tell = request, api, tell
        self.hub, self.repo, self.kind = request.hub, request.hub.repo, request.kind

    def run(self) -> Outcome:
        head, made = self._head_or_new()
        there = self._tree(head)
        if self._is_ours(there):
            return Outcome(commit=head, is_new=False, made_repository=made)
        strangers = sorted(there.keys() - {file.path for file in self.request.files} - OF_THE_HUB)
        expected = RELEASES[self.kind]
        if strangers and not any(names <= there.keys() for names in expected):
            raise HubError(
                f"{self.repo} holds other files ({', '.join(strangers[:TOLD])}) and not all of "
                f"{' or '.join(', '.join(sorted(names)) for names in expected)}, so it is no earlier version of this; "
                "expected an empty repository, or one that was published from here; choose another name"
            )
        additions = self._blobs()
        self.tell("all blobs are there; one commit makes them public")
        deletions = [CommitOperationDelete(path_in_repo=path) for path in strangers]
        commit = self._commit(head, [*additions, *deletions])
        try:
            is_whole = self._is_ours(self._tree(commit))
        except FAULTS as error:
            raise HubError(
                f"the commit {commit} was made, and the hub does not list its files ({_short(error)}); run again, "
                "which compares them"
            ) from error
        if not is_whole:
            raise HubError(
                f"{self.repo} at {commit} does not hold exactly what was sent; look at it, and remove that "
                "commit: did a file change meanwhile?"
            )
        return Outcome(commit=commit, is_new=True, removed=tuple(strangers), made_repository=made)

    def _head_or_new(self) -> tuple[str, bool]:
        """The head of the repository, which is made, and private, where there is none."""
        try:
            return self._head(), False
        except RepositoryNotFoundError as error:
            if error.response.status_code != 404:
                raise
        self._patiently(lambda: self.api.create_repo(self.repo, repo_type=self.kind, private=True))
        return self._head(), True

    def _head(self) -> str:
        info = self._patiently(lambda: self.api.repo_info(self.repo, repo_type=self.kind))
        if not info.sha:
            raise HubError(f"{self.repo} has no commit, expected that of a new repository; make it by hand")
        return str(info.sha)

    def _tree(self, commit: str) -> Mapping[str, RepoFile]:
        def listed() -> Mapping[str, RepoFile]:
            found = self.api.list_repo_tree(self.repo, repo_type=self.kind, recursive=True, revision=commit)
            return {one.path: one for one in found if isinstance(one, RepoFile)}

        return self._patiently(listed)

    def _is_ours(self, there: Mapping[str, RepoFile]) -> bool:
        """Whether a tree holds exactly our files, but for what the hub made itself."""
        ours = {file.path: file for file in self.request.files}
        return there.keys() - OF_THE_HUB == ours.keys() - OF_THE_HUB and all(
            _same(self.request.folder / path, file, there[path]) for path, file in ours.items()
        )

    def _blobs(self) -> list[CommitOperationAdd]:
        """Send what is large and not yet there; nothing of it is to be seen before the commit."""
        folder = self.request.folder
        additions = [
            CommitOperationAdd(path_in_repo=file.path, path_or_fileobj=folder / file.path)
            for file in self.request.files
        ]
        for addition, file in zip(additions, self.request.files, strict=True):
            if addition.upload_info.size != file.size_bytes:
                raise HubError(f"{folder / file.path} was changed since it was verified; run again")
        self.tell(f"{len(additions)} files, {sum(file.size_bytes for file in self.request.files)} bytes")
        self.api.preupload_lfs_files(self.repo, additions=additions, repo_type=self.request.kind, free_memory=False)
        # `create_commit` would leave them out without a word.
        if left_out := [addition.path_in_repo for addition in additions if addition._should_ignore]:
            raise HubError(
                f"a .gitignore in {self.repo} leaves out {', '.join(left_out[:TOLD])}; remove it, or choose "
                "another repository"
            )
        return additions

    def _commit(self, head: str, operations: list[CommitOperationAdd | CommitOperationDelete]) -> str:
        """The one commit. After an answer that was lost the head says whether it is there, before it is tried again.

        It may land later still, so that from then on nobody is told that nothing was published.
        """
        lost: Exception | None = None
        pause_s = self.hub.pause_s
        for tries_left in reversed(range(self.hub.tries)):
            try:
                made = self.api.create_commit(
                    self.repo,
                    operations,
                    repo_type=self.kind,
                    commit_message=self.request.message,
                    parent_commit=head,
                )
                return str(made.oid)
            except FAULTS as error:
                status = _status(error)
                if status in UNANSWERED and isinstance(error, httpx2.HTTPError | ValueError | KeyError):
                    lost = error
                # While the lost one is at work the hub says that the repository is being changed.
                passes = status in TRANSIENT | {0} or (lost is not None and status == CONFLICT)
                if lost is None and not passes and status != CHANGED:
                    raise
                now, is_ours = self._seen_after(lost or error, head)
                if is_ours:
                    return now
                if now != head:
                    told = "whether this was published before that, its history tells" if lost else NOTHING
                    raise HubError(
                        f"somebody else changed {self.repo} meanwhile (its head is {now}, and was {head}); {told}; "
                        "look at that, and run again"
                    ) from error
                if not tries_left or not passes or not isinstance(error, httpx2.HTTPError):
                    if lost is None:
                        raise
                    raise HubError(
                        f"the commit was sent and not answered ({_short(lost)}; at last {_short(error)}), and may "
                        "still land: it is not there yet; run again, which looks first"
                    ) from error
                self.tell(f"the commit was not answered ({_short(error)}), and is not there; it is tried again")
                time.sleep(_pause(error, pause_s))
                pause_s *= 2
        raise AssertionError("unreachable")

    def _seen_after(self, lost: Exception, head: str) -> tuple[str, bool]:
        """The head after a commit whose answer was lost, and whether it is that commit."""
        try:
            now = self._head()
            return now, now != head and self._is_ours(self._tree(now))
        except FAULTS as error:
            raise HubError(
                f"the commit was sent and not answered ({_short(lost)}), and {self.hub.endpoint} does not say "
                f"whether it has it ({_short(error)}); run again, which asks that first"
            ) from error

    def _patiently(self, ask: Callable[[], Asked]) -> Asked:
        """The answer to what may be asked again, which the library does not do here."""
        pause_s = self.hub.pause_s
        for _ in range(self.hub.tries - 1):
            try:
                return ask()
            except httpx2.HTTPError as error:
                if _status(error) not in TRANSIENT | {0}:
                    raise
                time.sleep(_pause(error, pause_s))
                pause_s *= 2
        return ask()


def _same(path: Path, file: File, there: RepoFile) -> bool:
    """Whether a file of the hub has the bytes of ours: by SHA-256, or by git's own digest where it is small."""
    if there.size != file.size_bytes:
        return False
    if there.lfs is not None:
        return there.lfs.sha256 == file.sha256
    body = path.read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
    return there.blob_id == blob and hashlib.sha256(body).hexdigest() == file.sha256


def _status(error: BaseException) -> int:
    """What the hub answered, 0 where it did not."""
    return error.response.status_code if isinstance(error, HfHubHTTPError) else 0


def _pause(error: BaseException, pause_s: float) -> float:
    """The hub's own wish, within reason."""
    wish = error.response.headers.get("retry-after", "") if isinstance(error, HfHubHTTPError) else ""
    if wish.isdigit() and float(wish) > LONGEST_PAUSE_S:
        raise HubError(f"the hub asks for a pause of {wish} s (HTTP {_status(error)}); run again after that") from error
    return max(pause_s, float(wish)) if wish.isdigit() else pause_s


def _short(error: BaseException) -> str:
    told = getattr(error, "server_message", None) or str(error)
    status = _status(error)
    return f"{f'HTTP {status}' if status else type(error).__name__}: {' '.join(told.split())[:200]}"


@contextmanager
def _named(request: Request) -> Iterator[None]:
    """What the library raises, by name."""
    hub, repo = request.hub.endpoint, request.hub.repo
    try:
        yield
    except HubError:
        raise
    # It wraps what failed while a blob was sent.
    except FAULTS as error:
        cause: BaseException = error
        while isinstance(cause, RuntimeError) and cause.__cause__ is not None:
            cause = cause.__cause__
        said = {
            401: f"{hub} does not take the token (HTTP 401); expected one that may write {repo}; set PD_HUB_TOKEN",
            403: f"the token may not write {repo} (HTTP 403); expected one with write access; set PD_HUB_TOKEN",
            404: f"{hub} knows no place for {repo} (HTTP 404); expected the name of a user or organisation of yours",
            CONFLICT: f"{hub} answers that {repo} is being changed (HTTP 409); wait a little and run again",
            CHANGED: f"somebody else changed {repo} meanwhile (HTTP 412); look at that, and run again",
            BUSY: f"{hub} has had too many requests of you (HTTP 429); run again later",
        }
        if (status := _status(cause)) in said:
            told = said[status]
        elif status:
            told = f"{hub} answers {_short(cause)}; run again later, or look at its status page"
        elif isinstance(cause, httpx2.TimeoutException):
            told = f"{hub} said nothing for {request.hub.timeout_s:g} s; run again later: what it has is not sent again"
        elif isinstance(cause, httpx2.HTTPError):
            told = f"{hub} cannot be reached, or ended the connection ({_short(cause)}); run again"
        else:
            told = f"{hub} answers what was not expected ({_short(cause)}); is PD_HUB_ENDPOINT a hub of this kind?"
        raise HubError(f"{told}; {NOTHING}") from error


def main() -> int:
    """Answer the request on stdin."""
    request = Request.parse(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with _named(request):
            outcome = push(request, lambda says: _say({"event": "says", "says": says}))
    except HubError as error:
        _say({"event": "failed", "says": " ".join(str(error).split())})
        return 1
    _say({"event": "done", **asdict(outcome)})
    return 0


def _end_with_parent() -> None:
    """Nobody publishes for whoever is gone."""
    sys.stdin.read()
    os._exit(1)


def _say(event: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
