"""What is sent to a hub, and to which: what publishing.py asks of hub_push.py, a process of its own."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.settings import is_loopback


@dataclass(frozen=True, kw_only=True)
class Hub:
    """Where to, as whom, and how patiently. A hub that is silent for `timeout_s` has failed; what may pass is tried
    `tries` times, with a pause of `pause_s` that doubles. A push ends after `least_s`, and as much more as a slow line
    needs for its bytes.
    """

    repo: str
    endpoint: str
    token: str = field(repr=False)
    timeout_s: float = 60.0
    pause_s: float = 1.0
    tries: int = 4
    least_s: float = 600.0

    def __post_init__(self) -> None:
        owner, _, name = self.repo.partition("/")
        if not owner or not name or "/" in name:
            raise ConfigError(f"--to {self.repo}: expected OWNER/NAME, the repository on the hub")
        if urlsplit(self.endpoint).scheme != "https" and not is_loopback(self.endpoint):
            raise ConfigError(f"PD_HUB_ENDPOINT={self.endpoint}: a token is sent there; expected an https:// address")


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of the folder."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to send where; `kind`: "model" or "dataset"."""

    hub: Hub
    folder: Path
    kind: str
    message: str
    files: tuple[File, ...]

    @classmethod
    def parse(cls, line: str) -> "Request":
        raw = json.loads(line)
        files = tuple(File(**one) for one in raw["files"])
        return cls(**{**raw, "hub": Hub(**raw["hub"]), "folder": Path(raw["folder"]), "files": files})

    def to_json(self) -> str:
        return json.dumps({**asdict(self), "folder": str(self.folder)})
