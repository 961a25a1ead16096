"""A generated copy of the bulk layout: an index of units, their shards, and a server that answers like the bucket.

Records vary as real ones do: media at the delivery service or elsewhere, none, several; numbers as text; absent usage.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Self

from pd_assets.lib.home import Home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.smithsonian.bulk import Bulk, open_bulk
from pd_assets.lib.smithsonian.sync import UnitSync, list_units, sync_unit
from tests.loopback import LoopbackServer

Record = dict[str, object]
BUCKET = "https://smithsonian-open-access.s3-us-west-2.amazonaws.com"
SIDE = 512
USAGES: tuple[object, ...] = (
    *[{"access": "CC0"}] * 6,
    {"access": "Usage conditions apply"},
    {"access": "(Not determined)"},
    None,
    {"access": "CC0", "codes": ["OA"], "text": "CC0"},
)
UPDATED: tuple[object, ...] = (1586592703, "1653672694", "Fri May 25 04:22:36 EDT 2018", "2021-03-04T05:06:07Z")
DATES = ("1825–1840", "ca. 1985", "20th century", "BCE 500s", "1847", "early 19th century")


def record_id(unit: str, number: int) -> str:
    return f"{unit.lower()}_{number}"


def record(unit: str, number: int, *, media_host: str = "https://ids.si.edu") -> Record:
    """The record of a number: always the same, and of another kind than its neighbours."""
    name = record_id(unit, number)
    media = [_medium(unit, number, at, media_host) for at in range((1, 1, 1, 2, 0, 3, 1)[number % 7])]
    described: Record = {
        "record_ID": name,
        "unit_code": unit,
        "data_source": "A museum",
        "title": {"label": "Title", "content": f"Object {number}"},
        "guid": f"http://n2t.net/ark:/65665/{name}",
        "metadata_usage": {"access": "CC0"},
    }
    if media:
        count: object = len(media) if number % 2 else str(len(media))
        described["online_media"] = {"mediaCount": count, "media": media}
    return {
        "id": f"edanmdm-{name}",
        "title": f"Object <i>{number}</i> &amp; more",
        "unitCode": unit,
        "type": "edanmdm",
        "url": f"edanmdm:{name}",
        "hash": hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest(),
        "docSignature": f"signature {number}",
        "lastTimeUpdated": UPDATED[number % len(UPDATED)],
        "content": {
            "descriptiveNonRepeating": described,
            "freetext": {
                "date": [{"label": "Date", "content": DATES[number % len(DATES)]}],
                "name": [{"label": "Artist", "content": f"Painter {number % 11}"}],
                "objectRights": [{"label": "Restrictions & Rights", "content": "CC0"}],
            },
            "indexedStructured": {"object_type": ["Paintings"], "online_media_type": ["Images"]},
        },
    }


def _medium(unit: str, number: int, at: int, host: str) -> Record:
    name = f"{unit}-{number:06}-{at}"
    service = f"{host}/ids/deliveryService?id={name}"
    medium: Record = {"type": "Images", "content": service, "thumbnail": service, "idsId": name}
    if number % 5 == 4:
        elsewhere = f"{host}/media/?irn={number}{at}"
        medium |= {"content": elsewhere, "thumbnail": f"{elsewhere}&thumb=yes", "idsId": elsewhere}
    if (usage := USAGES[number % len(USAGES)]) is not None:
        medium["usage"] = usage
    return medium


@dataclass(kw_only=True)
class GeneratedBulk:
    """Units of records, in shards by the first two digits of their hashes. `extra` are raw lines of a shard.

    The bucket has 256 shards of each unit; a few of them, with as many requests, serve most tests as well.
    """

    units: dict[str, dict[str, Record]]
    extra: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    shards: int = 16

    @classmethod
    def of(cls, units: dict[str, int], *, media_host: str = "https://ids.si.edu", shards: int = 16) -> Self:
        """So many records in each unit, and so many shards, a power of two up to 256."""
        return cls(
            shards=shards,
            units={
                unit: {record_id(unit, at): record(unit, at, media_host=media_host) for at in range(count)}
                for unit, count in units.items()
            },
        )

    def shard_of(self, unit: str, name: str) -> str:
        return self._shard(self.units[unit][name])

    def _shard(self, record: Record) -> str:
        return f"{int(str(record['hash'])[:2], 16) * self.shards // 256:02x}"

    def files(self) -> dict[str, bytes]:
        """Path -> content of all shards and indexes, with the bucket's addresses in the indexes."""
        found = {}
        root = "metadata/edan"
        for unit, records in self.units.items():
            lines: dict[str, list[bytes]] = {f"{number:02x}": [] for number in range(self.shards)}
            for one in records.values():
                lines[self._shard(one)].append(json.dumps(one, ensure_ascii=False).encode())
            folder = f"{root}/{unit.lower()}"
            for shard, content in lines.items():
                found[f"{folder}/{shard}.txt"] = b"".join(
                    line + b"\n" for line in [*content, *self.extra.get((unit, shard), [])]
                )
            index = "".join(f"{BUCKET}/{folder}/{shard}.txt\n" for shard in lines)
            found[f"{folder}/index.txt"] = index.encode()
        units = "".join(f"{BUCKET}/{root}/{unit.lower()}/index.txt\n" for unit in self.units)
        return {f"{root}/index.txt": units.encode(), **found}

    def write(self, folder: Path) -> Path:
        """Lay the files out in a folder, touching only those that changed; the folder of the index."""
        for path, content in self.files().items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.is_file() or file.read_bytes() != content:
                file.write_bytes(content)
        return folder / "metadata" / "edan"


@dataclass(frozen=True, kw_only=True)
class Served:
    """One answer of the server."""

    path: str
    status: int
    size_bytes: int


Fault = Callable[[BaseHTTPRequestHandler], bool]


class BulkServer(LoopbackServer):
    """Serves files with ETag and Last-Modified, answers conditions with 304, and keeps an access log.

    A fault of a path answers in its place while it returns True.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(_handler(self))
        self.files = files
        self.log: list[Served] = []
        self.faults: dict[str, Fault] = {}
        self.headers: list[dict[str, str]] = []
        # What the delivery service answers for every medium.
        self.any_picture: bytes | None = None

    @property
    def index(self) -> str:
        return f"{self.url}/metadata/edan/index.txt"

    def sent(self) -> set[str]:
        """The shards that were sent whole since the last call, as `<unit>/<shard>`."""
        found = {one.path for one in self.log if one.status == 200 and not one.path.endswith("index.txt")}
        self.log.clear()
        return {path.removeprefix("/metadata/edan/").removesuffix(".txt") for path in found}


def _handler(owner: BulkServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16

        def do_GET(self) -> None:
            owner.headers.append({name.lower(): value for name, value in self.headers.items()})
            fault = owner.faults.get(self.path)
            if fault is not None and fault(self):
                return
            is_medium = self.path.startswith(("/ids/", "/media/"))
            content = owner.any_picture if is_medium else owner.files.get(self.path.lstrip("/"))
            tag = f'"{hashlib.md5(content or b"", usedforsecurity=False).hexdigest()}"'
            status = 404 if content is None else 304 if self.headers.get("If-None-Match") == tag else 200
            body = (content or b"") if status == 200 else b""
            owner.log.append(Served(path=self.path, status=status, size_bytes=len(body)))
            self.send_response(status)
            self.send_header("ETag", tag)
            if is_medium:
                self.send_header("Content-Type", "image/jpeg")
            self.send_header("Last-Modified", "Mon, 07 Sep 2026 00:00:00 GMT")
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def synchronise(index: str | Path, home: Home, *, side: int = SIDE) -> dict[str, UnitSync]:
    """Synchronise every unit of the index, as the asset does."""
    with PoliteSession("tests", tries=2, sleep=lambda seconds: None) as session:
        bulk = open_bulk(str(index), session)
        return dict(_each(bulk, home, side))


def _each(bulk: Bulk, home: Home, side: int) -> Iterator[tuple[str, UnitSync]]:
    for unit, unit_index in list_units(bulk, home).items():
        yield unit, sync_unit(bulk, home, unit, unit_index, side=side)
