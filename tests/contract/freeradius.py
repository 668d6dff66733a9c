"""A PostgreSQL of this run that holds FreeRADIUS' own schema, and a FreeRADIUS that reads its logins there."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyrad import packet
from pyrad.client import Client
from pyrad.dictionary import Dictionary

from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import devices
from inventory.models.devices import Device
from provisioning.artifacts.radius_sql import RADIUS_SQL

SCHEMA = Path("/etc/freeradius/3.0/mods-config/sql/main/postgresql/schema.sql")
MODULE = Path("/usr/lib/freeradius/rlm_sql_postgresql.so")
HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "radius-in-sql.md"
SECRET = "between-lns-and-radius"
PASSWORD = "one-of-your-own"
ALLOWED = "local all all trust\nhostssl radius essaim 127.0.0.1/32 scram-sha-256\nhostssl all all 127.0.0.1/32 trust\n"
ATTRIBUTES = """\
ATTRIBUTE User-Name 1 string
ATTRIBUTE User-Password 2 string
ATTRIBUTE Framed-IP-Address 8 ipaddr
ATTRIBUTE Framed-Route 22 string
ATTRIBUTE Delegated-IPv6-Prefix 123 octets
"""
BEGINNING = """\
prefix = /usr
libdir = /usr/lib/freeradius
modconfdir = /etc/freeradius/3.0/mods-config
logdir = {folder}
run_dir = {folder}
pidfile = {folder}/pid
client loopback {{
    ipaddr = 127.0.0.1
    secret = {secret}
}}
instantiate {{
    expr
}}
modules {{
    expr {{
    }}
"""
"""How the configuration of a test's FreeRADIUS begins: `folder`, `secret`."""
TABLES = """\
        acct_table1 = "radacct"
        acct_table2 = "radacct"
        postauth_table = "radpostauth"
        authcheck_table = "radcheck"
        groupcheck_table = "radgroupcheck"
        authreply_table = "radreply"
        groupreply_table = "radgroupreply"
        usergroup_table = "radusergroup"
        client_table = "nas"
        group_attribute = "SQL-Group"
        read_clients = no
"""
ACCOUNTING = (
    BEGINNING
    + """\
    sql {{
        dialect = "sqlite"
        driver = "rlm_sql_sqlite"
        sqlite {{
            filename = "{folder}/radacct.sqlite"
            bootstrap = "${{modconfdir}}/sql/main/sqlite/schema.sql"
        }}
        radius_db = "radius"
"""
    + TABLES
    + """\
        pool {{
            start = 1
            min = 1
            max = 1
        }}
        $INCLUDE ${{modconfdir}}/sql/main/sqlite/queries.conf
    }}
}}
server {{
    listen {{
        type = acct
        ipaddr = 127.0.0.1
        port = {port}
    }}
    preacct {{
        update request {{
            &Acct-Unique-Session-Id := "%{{md5:%{{User-Name}} %{{Acct-Session-Id}}}}"
        }}
    }}
    accounting {{
        sql
    }}
}}
"""
)
"""The whole of one that writes sessions down in a table of SQLite: `folder`, `secret`, `port`."""
"""What its module of rows calls the tables, as Debian's does."""
CONFIGURATION = (
    BEGINNING
    + """\
    pap {{
    }}
    sql {{
        dialect = "postgresql"
        driver = "rlm_sql_postgresql"
        server = "127.0.0.1"
        port = {database}
        login = "radius"
        radius_db = "radius"
"""
    + TABLES
    + """\
        read_groups = yes
        pool {{
            start = 1
            min = 1
            max = 2
        }}
        $INCLUDE ${{modconfdir}}/sql/main/postgresql/queries.conf
    }}
}}
server {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {port}
    }}
    authorize {{
        sql
        pap
    }}
    authenticate {{
        Auth-Type PAP {{
            pap
        }}
    }}
}}
"""
)


@dataclass(frozen=True)
class Database:
    """The database `radius`, as the howto has it prepared."""

    folder: Path
    port: int
    tools: Path

    def rows(self, statement: str, *values: Any, database: str = "radius") -> list[Any]:
        """What somebody who may do all there is told."""
        with psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True
        ) as opened:
            done = opened.execute(statement.encode(), values or None)
            return done.fetchall() if done.description else []

    def fresh(self) -> None:
        """As FreeRADIUS' schema and the howto leave it."""
        self.rows("DROP DATABASE IF EXISTS radius WITH (FORCE)", database="postgres")
        self.rows("CREATE DATABASE radius", database="postgres")
        self.rows(SCHEMA.read_text())
        self.rows("DROP ROLE IF EXISTS essaim", database="postgres")
        self.rows("GRANT SELECT ON ALL TABLES IN SCHEMA public TO radius")
        for block in re.findall(r"```sql\n(.*?)```", HOWTO.read_text(), re.DOTALL):
            self.rows(block)

    def undo_late(self) -> None:
        """What the howto's timer does."""
        command = re.search(r'-c "(SELECT essaim\..*?)"', HOWTO.read_text())
        assert command is not None
        argv = [self.tools / "psql", "-qAt", "-h", self.folder, "-p", str(self.port), "-U", "essaim", "-d", "radius",
                "-c", command[1]]  # fmt: skip
        subprocess.run(argv, check=True, capture_output=True)


@contextmanager
def database() -> Iterator[Database]:
    """A private PostgreSQL with TLS. Skips where its programs or FreeRADIUS' module are not installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs or not MODULE.exists() or os.getuid() != 0:
        pytest.skip("needs postgresql, freeradius-postgresql, and root to start them as their own users")
    tools, owner = programs[-1].parent, pwd.getpwnam("postgres")
    folder, port = Path(tempfile.mkdtemp(prefix="essaim-radius-")), free_port()
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o755)

    def ours(*argv: object) -> None:
        subprocess.run([str(one) for one in argv], check=True, cwd=folder, user=owner.pw_uid, group=owner.pw_gid,
                       extra_groups=[], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # fmt: skip

    data = folder / "data"
    ours(tools / "initdb", "-D", data, "-E", "UTF8", "--locale=C", "--no-sync", "--wal-segsize=1", "-A", "trust")
    (data / "pg_hba.conf").write_text(ALLOWED)
    for name, content in zip(("server.crt", "server.key"), certificate(), strict=True):
        (data / name).write_bytes(content)
        (data / name).chmod(0o600)
        os.chown(data / name, owner.pw_uid, owner.pw_gid)
    options = (
        f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c ssl=on -c fsync=off "
        "-c dynamic_shared_memory_type=mmap"
    )
    try:
        ours(tools / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        made = Database(folder, port, tools)
        made.rows("CREATE ROLE radius LOGIN", database="postgres")
        yield made
    finally:
        if (data / "postmaster.pid").exists():
            ours(tools / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def freeradius(held: Database) -> Iterator[Radius]:
    """A FreeRADIUS that reads its logins there."""
    folder, port = held.folder / f"radius-{time.monotonic_ns()}", free_port()
    folder.mkdir(mode=0o700)
    (folder / "attributes").write_text(ATTRIBUTES)
    configuration = CONFIGURATION.format(folder=folder, secret=SECRET, database=held.port, port=port)
    (folder / "radiusd.conf").write_text(configuration)
    with (folder / "out").open("wb") as out:
        daemon = subprocess.Popen(["freeradius", "-f", "-l", "stdout", "-d", folder], stdout=out, stderr=out)
        try:
            radius = Radius(port, Dictionary(str(folder / "attributes")))
            until = time.monotonic() + 15
            while b"Ready to process requests" not in (folder / "out").read_bytes():
                assert daemon.poll() is None, (folder / "out").read_text()[-800:]
                assert time.monotonic() < until, (folder / "out").read_text()[-800:]
                time.sleep(0.05)
            yield radius
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(10)


@dataclass(frozen=True)
class Radius:
    """Where it answers."""

    port: int
    dictionary: Dictionary

    def given(self, login: str, password: str) -> dict[str, list[Any]] | None:
        """What a login is given; None where it is refused (PAP)."""
        client = Client("127.0.0.1", authport=self.port, secret=SECRET.encode(), dict=self.dictionary)
        client.timeout, client.retries = 5, 1
        asked = client.CreateAuthPacket(code=packet.AccessRequest, User_Name=login)
        asked["User-Password"] = asked.PwCrypt(password)
        try:
            answer = client.SendPacket(asked)
        finally:
            if client._socket is not None:
                client._socket.close()
        if answer.code != packet.AccessAccept:
            return None
        return {str(name): list(answer[name]) for name in answer.keys() if isinstance(name, str)}  # noqa: SIM118


def served_by_rows(session: EssaimSession, act: Act, held: Database) -> Device:
    """The sample's RADIUS server has its logins in that database, and there is no other machine to be asked."""
    for device in devices.list_devices(session, limit=1000):
        if device.role != "radius":
            device.until = clock.today(act.at)
    server = devices.find_device(session, "radius")
    server.platform, server.management = RADIUS_SQL.platform, "127.0.0.1"
    server.endpoint = f"127.0.0.1:{held.port}"
    devices.set_secret(session, act, server, "login", PASSWORD)
    return server


def free_port() -> int:
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        port: int = tcp.getsockname()[1]
        return port


def certificate() -> tuple[bytes, bytes]:
    """What a server shows, signed by itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "radius.example")])
    shown = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    return shown.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain
    )
