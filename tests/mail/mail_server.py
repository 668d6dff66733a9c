"""A mail server for tests, on loopback: real SMTP (RFC 5321), as much of it as a client of ours says."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from typing import ClassVar


class Server(socketserver.ThreadingTCPServer):
    """A mail server on loopback that keeps what it is given, and refuses the mailboxes of `refused`."""

    allow_reuse_address = True
    daemon_threads = True
    refused: ClassVar[set[str]] = {"bea@membres.example"}

    def __init__(self) -> None:
        self.taken: list[tuple[str, EmailMessage]] = []
        super().__init__(("127.0.0.1", 0), Conversation)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class Conversation(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client of ours says."""

    server: Server

    def handle(self) -> None:
        self.say("220 test.example")
        to = ""
        while row := self.rfile.readline():
            words = row.decode().strip()
            match words.split(":")[0].split(" ")[0].upper():
                case "EHLO":
                    self.say("250 test.example")
                case "RCPT":
                    to = words.partition("<")[2].partition(">")[0]
                    self.say("550 unknown" if to in self.server.refused else "250 ok")
                case "DATA":
                    self.say("354 go on")
                    content = b"".join(iter(self.rfile.readline, b".\r\n"))
                    self.server.taken.append((to, email.message_from_bytes(content, policy=policy.default)))  # type: ignore[arg-type]
                    self.say("250 taken")
                case "QUIT":
                    return self.say("221 bye")
                case _:
                    self.say("250 ok")
        return None

    def say(self, row: str) -> None:
        self.wfile.write(f"{row}\r\n".encode())


@contextmanager
def serving() -> Iterator[Server]:
    """A server that runs for as long as somebody is inside."""
    with Server() as opened:
        thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()
