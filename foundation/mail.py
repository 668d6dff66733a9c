"""Mails: short, plain text, to one person each (RFC 5322). Through a server (RFC 5321), or into the outbox.

The outbox is the server's console twin: a folder of `.eml` files that only its owner reads. What a server did not take
goes there too, so that nothing that was to be said is lost.
"""

from __future__ import annotations

import os
import secrets
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from foundation.errors import Unavailable
from foundation.speech import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from foundation.settings import Settings

PATIENCE: Final = 15
"""Seconds that a server is waited for."""

_WIDTH: Final = 560
"""Pixels of a picture in a mail."""

_ITS_OWN_FAULT: Final = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError)
_IN_THE_CLEAR: Final = "no TLS: the password stays here"


class MailNotSent(Unavailable):
    """A server did not take mails. They are in the outbox."""

    kind = "mail-not-sent"
    phrase = Phrase(
        "Le serveur de courrier n'a pas pris {count} message(s) ({reason}) : ils attendent dans {folder}.",
        "The mail server did not take {count} message(s) ({reason}): they wait in {folder}.",
    )


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture that a mail carries (SVG), and the same in words, which stand in the text and beside the picture."""

    svg: str
    words: str


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one person; `text` is plain, each paragraph on a line of its own.

    It says all there is to say: who sees no picture misses nothing.
    """

    to: str
    subject: str
    text: str
    drawings: tuple[Drawing, ...] = ()


def send(settings: Settings, mails: Sequence[Mail], at: datetime) -> None:
    """Send mails through the settings' server, or write them into the outbox where there is none.

    Raises MailNotSent once those that the server did not take are in the outbox: the others have gone.
    """
    messages = [_message(settings, mail, at) for mail in mails]
    if not settings.smtp:
        return _keep(settings, messages)
    left, reason = list(messages), ""
    try:
        with _server(settings) as server:
            for message in messages:
                try:
                    server.send_message(message)
                    left.remove(message)
                except _ITS_OWN_FAULT as refused:  # one address that nobody takes keeps no other from going
                    reason = _words(refused)
    except (OSError, smtplib.SMTPException) as failed:
        reason = _words(failed)
    if left:
        _keep(settings, left)
        raise MailNotSent(count=len(left), reason=reason, folder=settings.outbox)
    return None


def _message(settings: Settings, mail: Mail, at: datetime) -> EmailMessage:
    message = EmailMessage()
    domain = settings.mail_from.rpartition("@")[2]
    message["From"] = _address(settings.mail_from)
    message["To"] = _address(mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{secrets.token_hex(12)}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers it
    message.set_content(mail.text)
    if mail.drawings:
        _draw(message, mail, domain)
    return message


def _draw(message: EmailMessage, mail: Mail, domain: str) -> None:
    """The same text once more, with its pictures below it, which come with the mail, from nowhere else (RFC 2387)."""
    names = [f"{secrets.token_hex(12)}@{domain}" for _ in mail.drawings]
    rows = [f"<p>{escape(row)}</p>" for row in mail.text.splitlines() if row]
    for name, drawing in zip(names, mail.drawings, strict=True):
        rows.append(f'<p><img src="cid:{name}" alt="{escape(drawing.words)}" width="{_WIDTH}"></p>')
    message.add_alternative("\n".join(["<!doctype html>", *rows, ""]), subtype="html")
    page = message.get_payload()[1]  # type: ignore[index]  # what was just added
    for name, drawing in zip(names, mail.drawings, strict=True):
        page.add_related(drawing.svg.encode(), "image", "svg+xml", cid=f"<{name}>", disposition="inline")  # type: ignore[union-attr]


def _address(text: str) -> Address:
    """One mailbox, whatever signs are in it: a comma makes no second one."""
    local, _, domain = text.rpartition("@")
    return Address(username=local, domain=domain)


@contextmanager
def _server(settings: Settings) -> Iterator[smtplib.SMTP]:
    url = urlsplit(settings.smtp)
    host, trusted = url.hostname or "", ssl.create_default_context()
    if url.scheme == "smtps":
        opened: smtplib.SMTP = smtplib.SMTP_SSL(host, url.port or 465, timeout=PATIENCE, context=trusted)
    else:
        opened = smtplib.SMTP(host, url.port or 25, timeout=PATIENCE)
    with opened as server:
        server.ehlo()
        if url.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=trusted)
            server.ehlo()
        if url.username and url.password:
            if not isinstance(server.sock, ssl.SSLSocket):
                raise smtplib.SMTPNotSupportedError(_IN_THE_CLEAR)
            server.login(unquote(url.username), unquote(url.password))
        yield server


def _keep(settings: Settings, messages: Sequence[EmailMessage]) -> None:
    settings.outbox.mkdir(mode=0o700, exist_ok=True)
    for message in messages:
        path = settings.outbox / f"{secrets.token_hex(8)}.eml"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(message.as_bytes())


def _words(failed: Exception) -> str:
    """Why, in few words and without anybody's address."""
    code = getattr(failed, "smtp_code", None)
    if isinstance(failed, smtplib.SMTPRecipientsRefused):
        code = next(iter(failed.recipients.values()))[0]
    if isinstance(failed, OSError) and failed.strerror:
        return failed.strerror
    return f"SMTP {code}" if code else str(failed) if isinstance(failed, smtplib.SMTPNotSupportedError) else "SMTP"
