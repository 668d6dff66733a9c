"""What drivers speak to where it is no machine of the lab: a name server of this run that takes updates (knot or bind,
on the loopback, with the zones of the golden texts), and two stand-ins for routers that nobody here has.
"""

from __future__ import annotations

import base64
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import pytest

from provisioning.drivers import cisco

KNOT = """\
server:
    rundir: {folder}
    listen: 127.0.0.1@{port}
database:
    storage: {folder}
key:
{keys}
acl:
  - id: ours
    key: [{names}]
    action: [transfer, update]
template:
  - id: default
    storage: {folder}
    acl: ours
    zonefile-sync: -1
    journal-content: changes
zone:
{zones}
"""
BIND = """\
options {{
  directory "{folder}"; pid-file none; session-keyfile none; recursion no; notify no;
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
}};
controls {{ }};
{keys}
{zones}
"""
EMPTY = """\
$TTL 3600
@ SOA ns.former.example. root.former.example. 7 7200 1800 1209600 600
@ NS ns.former.example.
"""


IOS = """\
hostname router
service password-encryption
username essaim privilege 15 secret 9 $9$abc
aaa new-model
ip scp server enable
file prompt quiet
interface GigabitEthernet1
 ip address 192.0.2.2 255.255.255.240
 negotiation auto
archive
 path flash:
line vty 0 4
 transport input ssh
"""
ROUTEROS = """\
/user add name=essaim group=full
/ip address add address=192.0.2.2/28 interface=ether1
/ip firewall address-list add list=theirs address=198.51.100.0/24 comment="a; \\"theirs\\" \\$x"
"""


@dataclass(frozen=True)
class NameServer:
    """Where it answers, and the keys that it knows, as `algorithm:name:base64`."""

    software: str
    port: int
    keys: tuple[str, ...]


@pytest.fixture(scope="session")
def name_server(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., object]:
    """Make a server of these zones, each as good as empty, and give it while it runs."""

    @contextmanager
    def made(software: str, zones: list[str]) -> Iterator[NameServer]:
        program = {"knot": "knotd", "bind": "named"}[software]
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
        folder, port = tmp_path_factory.mktemp(software), free_port()
        folder.chmod(0o755)
        keys = tuple(
            f"hmac-sha256:{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}" for name in ("essaim", "another")
        )
        for zone in zones:
            (folder / f"{zone}.zone").write_text(EMPTY)
        (folder / "conf").write_text(configuration(software, folder, port, keys, zones))
        argv = ["knotd", "-c", "conf"] if software == "knot" else ["named", "-f", "-c", "conf"]
        with (folder / "log").open("wb") as log:
            environment = {**os.environ, "TMPDIR": str(folder)}
            server = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log, env=environment)
            try:
                until_it_answers(port, zones, server, folder / "log")
                yield NameServer(software, port, keys)
            finally:
                server.terminate()
                server.wait(20)

    return made


@pytest.fixture
def ios_router() -> Callable[[], AbstractContextManager[Any]]:
    """Make a router that answers as IOS does, and give it while it runs."""

    @contextmanager
    def made() -> Iterator[Any]:
        module = module_beside("ios_router")
        served = module.Served(module.Router("essaim", "hum-hum-7", IOS))
        try:
            with pytest.MonkeyPatch.context() as quick:
                quick.setattr(cisco.IosDriver, "patience", 0.01)  # it answers at once
                yield served
        finally:
            served.close()

    return made


@pytest.fixture
def routeros_router(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], AbstractContextManager[Any]]:
    """Make a router that answers as RouterOS does, and give it while it runs."""

    @contextmanager
    def made() -> Iterator[Any]:
        module = module_beside("routeros_router")
        router = module.Router("essaim", "hum-hum-7", ROUTEROS)
        served = module.Served(router, tmp_path_factory.mktemp("routeros"))
        try:
            yield served
        finally:
            served.close()

    return made


def module_beside(name: str) -> Any:
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(name, module)  # where its dataclasses look for their own
    spec.loader.exec_module(module)
    return module


def configuration(software: str, folder: Path, port: int, keys: tuple[str, ...], zones: list[str]) -> str:
    parts = [key.split(":") for key in keys]
    names = [name for _, name, _ in parts]
    if software == "knot":
        return KNOT.format(
            folder=folder, port=port, names=", ".join(names),
            keys="\n".join(f"  - id: {name}\n    algorithm: {kind}\n    secret: {said}" for kind, name, said in parts),
            zones="\n".join(f"  - domain: {zone}\n    file: {zone}.zone" for zone in zones),
        )  # fmt: skip
    held = " ".join(f'key "{name}";' for name in names)
    return BIND.format(
        folder=folder, port=port,
        keys="\n".join(f'key "{name}" {{ algorithm {kind}; secret "{said}"; }};' for kind, name, said in parts),
        zones="\n".join(
            f'zone "{zone}" {{ type primary; file "{zone}.zone"; '
            f"allow-transfer {{ {held} }}; allow-update {{ {held} }}; }};"
            for zone in zones
        ),
    )  # fmt: skip


def free_port() -> int:
    """A port that nothing listens on, over TCP or UDP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def until_it_answers(port: int, zones: list[str], server: subprocess.Popen[bytes], log: Path) -> None:
    """Until it has loaded every zone."""
    end, left = time.monotonic() + 15, list(zones)
    while time.monotonic() < end and server.poll() is None:
        try:
            while left:
                answer = dns.query.tcp(dns.message.make_query(left[-1], "SOA"), "127.0.0.1", port=port, timeout=1)
                if answer.rcode() != 0:
                    break
                left.pop()
            else:
                return
        except OSError:
            pass
        time.sleep(0.05)
    pytest.fail(log.read_text(errors="replace")[-600:])


@pytest.fixture(scope="session")
def radius_database() -> Iterator[Any]:
    """A PostgreSQL with FreeRADIUS' schema, one for all; `fresh()` before each use."""
    with module_beside("freeradius").database() as made:
        yield made


@pytest.fixture
def freeradius() -> Callable[[Any], AbstractContextManager[Any]]:
    """Make a FreeRADIUS that reads its logins in such a database, and give it while it runs."""
    made: Callable[[Any], AbstractContextManager[Any]] = module_beside("freeradius").freeradius
    return made
