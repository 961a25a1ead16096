"""The objects of a remote home, by their names below its prefix: a few operations of the S3 API, with named errors.

s3fs does the work. It is imported with the first bucket that is opened: a local home needs none of it.
"""

import errno
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pd_assets.lib.errors import ConfigError, PdError, RemoteError, RemoteUnreachable
from pd_assets.lib.remote.address import RemoteAddress

if TYPE_CHECKING:
    from s3fs import S3FileSystem

# What goes up in one request, and the parts of what is larger.
PART_BYTES = 32 * 2**20
# The API copies no larger object in one request.
LARGEST_COPY_BYTES = 4 * 2**30
DELETED_AT_ONCE = 1000
REFUSED = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "403"})
NOT_NOW = frozenset({"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "500", "502", "503", "504"})
CONFLICT = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
MISSING = frozenset({"NoSuchKey", "404"})


class Conflict(Exception):
    """A conditional write found something else than it expected."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A small object as it was read. `age_s` by the clock of the store, for whoever distrusts its own."""

    body: bytes
    etag: str
    age_s: float


class Bucket:
    """The objects below `s3://bucket/prefix`."""

    def __init__(self, address: RemoteAddress) -> None:
        self.address = address
        self._fs = _open(address)

    def read(self, name: str) -> Stored | None:
        """A small object, or None where there is none."""
        from fsspec.asyn import sync

        with self._named(name):
            try:
                answer, body = sync(self._fs.loop, _whole, self._fs, self.address.bucket, self._key(name))
            except OSError as error:
                if _code(error) in MISSING:
                    return None
                raise
        now = parsedate_to_datetime(str(answer["ResponseMetadata"]["HTTPHeaders"]["date"]))
        modified = answer["LastModified"]
        assert isinstance(modified, datetime)
        return Stored(body=body, etag=str(answer["ETag"]), age_s=(now - modified).total_seconds())

    def etag(self, name: str) -> str | None:
        """What tells one state of an object from the next; None where there is no object."""
        with self._named(name):
            try:
                answer = self._call("head_object", Key=self._key(name))
            except OSError as error:
                if _code(error) in MISSING:
                    return None
                raise
        return str(answer["ETag"])

    def put(self, name: str, body: bytes, *, over: str | None) -> str:
        """Write an object over the state that `over` names, or where there is none yet; its new ETag. Conflict else."""
        condition = {"IfNoneMatch": "*"} if over is None else {"IfMatch": over}
        with self._named(name):
            try:
                return str(self._call("put_object", Key=self._key(name), Body=body, **condition)["ETag"])
            except OSError as error:
                if _code(error) in CONFLICT | (MISSING if over else frozenset()):
                    raise Conflict(name) from error
                raise

    def upload(self, name: str, file: BinaryIO, size_bytes: int) -> None:
        """Write the next `size_bytes` of a file as an object, whatever was there."""
        with self._named(name):
            if size_bytes <= PART_BYTES:
                self._call("put_object", Key=self._key(name), Body=file.read(size_bytes))
                return
            with self._fs.open(self._path(name), "wb", block_size=PART_BYTES) as target:
                for start in range(0, size_bytes, PART_BYTES):
                    target.write(file.read(min(PART_BYTES, size_bytes - start)))

    def download(self, name: str, path: Path) -> bool:
        """Read an object into a file; False where there is none."""
        with self._named(name):
            try:
                self._fs.get_file(self._path(name), str(path))
            except FileNotFoundError as error:
                if _code(error) not in MISSING:
                    raise
                return False
        return True

    def copy(self, name: str, to: str, size_bytes: int) -> bool:
        """Copy an object within the bucket; False where there is none."""
        with self._named(name):
            try:
                if size_bytes > LARGEST_COPY_BYTES:
                    self._fs.cp_file(self._path(name), self._path(to))
                else:
                    source = {"Bucket": self.address.bucket, "Key": self._key(name)}
                    self._call("copy_object", Key=self._key(to), CopySource=source)
            except FileNotFoundError as error:
                if _code(error) not in MISSING | {""}:
                    raise
                return False
        return True

    def delete(self, names: Sequence[str]) -> None:
        """Remove objects; those that are gone already do not matter."""
        for start in range(0, len(names), DELETED_AT_ONCE):
            doomed = [{"Key": self._key(name)} for name in names[start : start + DELETED_AT_ONCE]]
            with self._named(names[start]):
                answer = self._call("delete_objects", Delete={"Objects": doomed, "Quiet": True})
            if isinstance(failed := answer.get("Errors"), list) and failed:
                raise RemoteError(
                    f"{self.address}: {len(failed)} objects could not be deleted, among them {failed[0]['Key']} "
                    f"({failed[0].get('Message')}); give the credentials the right s3:DeleteObject and run again"
                )

    def names(self, below: str = "") -> list[str]:
        """Every object whose name begins with `below`, a folder with its slash."""
        with self._named(below):
            home = self._path("")
            return [str(path).removeprefix(home) for path in self._fs.find(self._path(below))]

    def require(self) -> None:
        """RemoteError where there is no such bucket, or none that these credentials may use."""
        with self._named(""):
            try:
                self._call("head_bucket")
            except FileNotFoundError as error:
                raise self._no_bucket() from error

    def _call(self, method: str, **arguments: object) -> Mapping[str, object]:
        answer = self._fs.call_s3(method, Bucket=self.address.bucket, **arguments)
        assert isinstance(answer, Mapping)
        return answer

    def _key(self, name: str) -> str:
        return f"{self.address.prefix}/{name}".lstrip("/")

    def _path(self, name: str) -> str:
        return f"{self.address.bucket}/{self._key(name)}"

    def _no_bucket(self) -> RemoteError:
        return RemoteError(
            f"PD_HOME={self.address}: there is no bucket {self.address.bucket} at {_where(self.address)}; "
            "create it, or set PD_HOME or PD_S3_ENDPOINT to where it is"
        )

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        """Turn what the libraries raise into errors that say what to do."""
        from botocore.exceptions import BotoCoreError, NoCredentialsError, PartialCredentialsError

        at = f"{self.address}/{name}".rstrip("/")
        try:
            yield
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise RemoteError(
                f"{at}: found no credentials ({error}); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                "AWS_PROFILE, or give this machine a role"
            ) from error
        except (BotoCoreError, TimeoutError, ConnectionError) as error:
            raise RemoteUnreachable(
                f"{at}: {_where(self.address)} does not answer ({' '.join(str(error).split())}); check the network, "
                "PD_S3_ENDPOINT and AWS_REGION, and run again"
            ) from error
        except OSError as error:
            told = self._told(at, error)
            if told is None:
                raise
            raise told from error

    def _told(self, at: str, error: OSError) -> PdError | None:
        code = _code(error)
        if code == "NoSuchBucket":
            return self._no_bucket()
        if code in REFUSED:
            return RemoteError(
                f"{at}: {_where(self.address)} refuses these credentials ({error}); they need s3:ListBucket, "
                "s3:GetObject, s3:PutObject and s3:DeleteObject there"
            )
        if code in NOT_NOW:
            return RemoteUnreachable(f"{at}: {_where(self.address)} cannot answer now ({error}); run again later")
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = shutil.disk_usage(self.address.cache).free
            return ConfigError(
                f"no space left for the working copy of {self.address} ({free / 1e9:.1f} GB free in "
                f"{self.address.cache}); free some, or set PD_HOME_CACHE to a folder on a larger disk, and run again"
            )
        if code:
            return RemoteError(f"{at}: {_where(self.address)} answered {code} ({error})")
        return None


async def _whole(fs: "S3FileSystem", bucket: str, key: str) -> tuple[Mapping[str, object], bytes]:
    answer = await fs._call_s3("get_object", Bucket=bucket, Key=key)
    async with answer["Body"] as body:
        return answer, await body.read()


def _open(address: RemoteAddress) -> "S3FileSystem":
    try:
        from s3fs import S3FileSystem
    except ImportError as error:
        raise ConfigError(
            f"PD_HOME={address} needs s3fs, which is not installed; run pip install 'public-domain-diffusion[s3]'"
        ) from error
    return S3FileSystem(
        endpoint_url=address.endpoint,
        use_listings_cache=False,
        config_kwargs={"connect_timeout": 10, "read_timeout": 60},
    )


def _code(error: BaseException) -> str:
    """The code of the API's answer that an error was made of, or nothing."""
    answer = getattr(error.__cause__ or error, "response", None)
    return str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, Mapping) else ""


def _where(address: RemoteAddress) -> str:
    return address.endpoint or "the S3 API"
