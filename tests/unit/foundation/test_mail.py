"""Mails go through a real server, or into the outbox; what a server does not take is never lost."""

from __future__ import annotations

import email
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from mail_server import Server, serving

from foundation.mail import Mail, MailNotSent, send
from foundation.settings import BadSettings, Settings, read_settings

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
ADA = Mail("ada@membres.example", "Urgence « E0001 »", "Bonjour,\n\nÀ relire : café.\n")
BEA = Mail("bea@membres.example", "Urgence « E0001 »", "Bonjour,\n\nÀ relire : thé.\n")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as opened:
        yield opened


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(var=folder, mail_from="bureau@abeilles.example", **more)


def outbox(folder: Path) -> list[EmailMessage]:
    return [
        email.message_from_bytes(path.read_bytes(), policy=policy.default)  # type: ignore[misc]
        for path in sorted((folder / "outbox").glob("*.eml"))
    ]


def test_without_a_server_mails_wait_in_a_folder_that_its_owner_alone_reads(tmp_path: Path) -> None:
    send(settings(tmp_path), [ADA, BEA], AT)
    assert {one["To"] for one in outbox(tmp_path)} == {ADA.to, BEA.to}
    first = next(one for one in outbox(tmp_path) if one["To"] == ADA.to)
    assert (first["From"], first["Subject"], first.get_content()) == ("bureau@abeilles.example", ADA.subject, ADA.text)
    assert first["Auto-Submitted"] == "auto-generated"
    assert (tmp_path / "outbox").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "outbox").iterdir()} == {0o600}


def test_a_server_is_given_each_mail(tmp_path: Path, server: Server) -> None:
    send(settings(tmp_path, smtp=server.url), [ADA], AT)
    ((to, taken),) = server.taken
    assert (to, taken["Subject"]) == (ADA.to, ADA.subject)
    assert taken.get_content().splitlines() == ADA.text.splitlines()
    assert outbox(tmp_path) == []


def test_an_address_that_is_refused_keeps_no_other_mail_from_going(tmp_path: Path, server: Server) -> None:
    with pytest.raises(MailNotSent) as unsent:
        send(settings(tmp_path, smtp=server.url), [BEA, ADA], AT)
    assert [to for to, _ in server.taken] == [ADA.to]
    assert [one["To"] for one in outbox(tmp_path)] == [BEA.to]
    assert "SMTP 550" in unsent.value.sentence("fr")
    assert BEA.to not in unsent.value.sentence("fr")


def test_a_server_that_is_not_there_leaves_everything_in_the_outbox(tmp_path: Path) -> None:
    # Nobody listens, and nobody else can begin to.
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        absent = settings(tmp_path, smtp=f"smtp://moi:hunter2@127.0.0.1:{held.getsockname()[1]}")
        with pytest.raises(MailNotSent) as unsent:
            send(absent, [ADA, BEA], AT)
    assert len(outbox(tmp_path)) == 2
    said = unsent.value.sentence("en")
    assert "refused" in said
    assert "hunter2" not in said


def test_a_password_is_never_said_without_tls(tmp_path: Path, server: Server) -> None:
    with pytest.raises(MailNotSent, match="no TLS"):
        send(settings(tmp_path, smtp=f"smtp://moi:hunter2@127.0.0.1:{server.server_address[1]}"), [ADA], AT)
    assert server.taken == []
    assert len(outbox(tmp_path)) == 1


def test_a_comma_makes_no_second_mailbox(tmp_path: Path) -> None:
    send(settings(tmp_path), [Mail("a,b@membres.example", "x", "y")], AT)
    assert outbox(tmp_path)[0]["To"] == '"a,b"@membres.example'


@pytest.mark.parametrize("smtp", ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example:x"])
def test_what_is_no_mail_server_is_refused(tmp_path: Path, smtp: str) -> None:
    with pytest.raises(BadSettings, match="ESSAIM_SMTP"):
        read_settings(var=tmp_path, smtp=smtp)


@pytest.mark.parametrize("mail_from", ["bureau", "a@b\nBcc: c@d", "a, b@c.example"])
def test_what_is_no_mailbox_of_ours_is_refused(tmp_path: Path, mail_from: str) -> None:
    with pytest.raises(BadSettings, match="ESSAIM_MAIL_FROM"):
        read_settings(var=tmp_path, mail_from=mail_from)
