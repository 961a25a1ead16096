"""A small archive on loopback that speaks Wikimedia Commons' Action API, for the demo and for trying things offline.

archive = Archive.painted(count=2600, seed=0)      # or Archive.from_folder(folder)
with SandboxServer(archive) as server:
    ...                                            # server.api_url, server.base_url
"""

from pd_assets.sandbox.archive import Archive
from pd_assets.sandbox.faults import Faults
from pd_assets.sandbox.scenes import attributes
from pd_assets.sandbox.server import SandboxServer, serve_forever

__all__ = ["Archive", "Faults", "SandboxServer", "attributes", "serve_forever"]
