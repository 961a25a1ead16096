"""A relay on loopback that counts what passes through it in bytes, headers and all: the same measure for any client."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

BLOCK_BYTES = 1 << 16


class CountingRelay:
    """Passes connections on to a port of this machine. `received_bytes` is what the clients got so far."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._lock = threading.Lock()
        self.received_bytes = 0

    @property
    def port(self) -> int:
        found: int = self._server.getsockname()[1]
        return found

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        # Without the shutdown the thread that accepts would keep the socket open.
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as upstream:
            upload = threading.Thread(target=self._copy, args=(client, upstream, False), daemon=True)
            upload.start()
            self._copy(upstream, client, True)
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            upload.join()

    def _copy(self, source: socket.socket, target: socket.socket, is_counted: bool) -> None:
        with suppress(OSError):
            while block := source.recv(BLOCK_BYTES):
                if is_counted:
                    with self._lock:
                        self.received_bytes += len(block)
                target.sendall(block)
