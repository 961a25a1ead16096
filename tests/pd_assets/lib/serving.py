"""What the fixture `serve` is, and the answer of a server where all is well."""

from collections.abc import Callable

from pd_assets.lib.http import PoliteSession
from tests.pd_assets.lib.local_server import LocalServer, Reply

Serve = Callable[..., tuple[LocalServer, PoliteSession]]
CONTACT = "curator@museum.test"
FINE = Reply(body=b"fine")
