"""What listens on loopback for alerts: a webhook and a mail server, as small as they can be."""

import json
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from ssl import SSLContext, SSLSocket
from threading import Thread


@contextmanager
def webhook() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Its address, and the JSON bodies that came so far."""
    received: list[dict[str, object]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", received
        server.shutdown()


@contextmanager
def mail_server(context: SSLContext | None = None) -> Iterator[tuple[int, list[str]]]:
    """Its port, and the messages and logins that came so far; with a context it offers STARTTLS."""
    received: list[str] = []

    class Mail(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line.split()[0].upper() if line.split() else b""
                if word == b"EHLO":
                    self.wfile.write(b"250-here\r\n250-AUTH PLAIN\r\n")
                if word == b"EHLO" and context and not isinstance(self.connection, SSLSocket):
                    self.wfile.write(b"250-STARTTLS\r\n")
                if word == b"AUTH":
                    received.append(line.decode().strip())
                    self.wfile.write(b"235 welcome\r\n")
                    continue
                if word == b"STARTTLS" and context:
                    self.wfile.write(b"220 go on\r\n")
                    with suppress(OSError):
                        self._encrypt(context)
                    continue
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    received.append(self._message())
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
                if word == b"QUIT":
                    return

        def _encrypt(self, context: SSLContext) -> None:
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

        def _message(self) -> str:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            found = message_from_bytes(b"".join(lines), policy=default)
            return f"To: {found['To']}\n{found.get_content()}"

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1], received
        server.shutdown()
