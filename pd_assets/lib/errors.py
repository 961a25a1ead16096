"""The named errors of the platform. Each message says what was found, what was expected and what to do.

PdError
├── ConfigError      a setting, path or argument that cannot work
├── ArchiveError     an archive that cannot be reached, or answers what it should not
│   ├── AccessDenied     it refuses us (User-Agent, contact): stop the run
│   ├── ArchiveResting   it wants a longer pause than a run makes: stop the run, and run again later
│   └── FetchFailed      one address could not be fetched; other addresses may still work
│       ├── AddressRefused   the archive refuses this address; that says nothing of others
│       └── RequestRejected  a firewall's page came instead, every time
├── RemoteError      a home in a bucket that cannot be used
│   ├── RemoteUnreachable  it does not answer; it may later
│   ├── HomeBusy           another machine writes it, and may be done later
│   ├── LeaseLost          another machine took over; what was not published is not
│   └── ObjectAltered      an object is missing, or is not what was published
├── TableError       a table that is missing or of another schema
│   └── DamagedTable     a file of a table that cannot be read, or is not what was written
├── WorkUnderWay     another run is at work there, and it is not waited for
└── SandboxError     the sandbox archive cannot start or has been given unusable pictures
"""

from pathlib import Path


class PdError(Exception):
    """Base of every error that a user can mend; a command line prints it in one line and exits with 1."""


class ConfigError(PdError):
    """A setting, path or argument that cannot work."""


class ArchiveError(PdError):
    """An archive that cannot be reached, or that answers what it should not."""


class AccessDenied(ArchiveError):
    """The archive refuses this client; going on would make it worse."""


class ArchiveResting(ArchiveError):
    """The archive asked for a longer pause than a run makes; no other address would fare better."""


class FetchFailed(ArchiveError):
    """One address could not be fetched after all retries. `permanent` tells whether trying again later is useless."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class AddressRefused(FetchFailed):
    """The archive refuses this address (HTTP 403); when several different ones are refused, it refuses us."""


class RequestRejected(FetchFailed):
    """A firewall before the archive rejected the request whenever it was made; it may let it pass later."""


class RemoteError(PdError):
    """A home in a bucket that cannot be used as it is: no such bucket, no credentials, no access."""


class RemoteUnreachable(RemoteError):
    """The bucket does not answer, or answers that it cannot now."""


class HomeBusy(RemoteError):
    """Another machine holds the home's lease."""


class LeaseLost(RemoteError):
    """Another machine took the lease over, so nothing was published from here."""


class ObjectAltered(RemoteError):
    """An object in the bucket is missing, or its content is not what was published."""


class TableError(PdError):
    """A table that is missing or of another schema."""


class DamagedTable(TableError):
    """A file of a table that cannot be read, or is not what was written. `heals` says what mends it."""

    def __init__(self, table: str, path: Path, *, found: str, heals: str) -> None:
        super().__init__(f"{table}: {path} is damaged ({' '.join(found.split())[:300]}); {heals}")
        self.table, self.path, self.found, self.heals = table, path, found, heals


class WorkUnderWay(PdError):
    """Another run is at work there, and who asks does not wait for it."""


class SandboxError(PdError):
    """The sandbox archive cannot start, or has been given unusable pictures."""
