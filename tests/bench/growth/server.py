"""The archive of a generated home, on loopback: the bytes of any of its pictures, and nothing else."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.bench.growth import homes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name = self.path.removeprefix("/").removesuffix(".jpg")
        content = homes.body(int(name)) if name.isdecimal() else b""
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", "image/jpeg" if content else "text/plain")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    """Its address, while the block runs; in a process of its own, so that it counts for nothing."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    process = multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True)
    process.start()
    server.socket.close()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        process.terminate()
        process.join()
