"""Wholesalers whose RADIUS asks ours: what is written for them, and what a real FreeRADIUS answers (RFC 2865, 2868)."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Final

import pytest
from pyrad import packet
from pyrad.client import Client as Asking
from pyrad.client import Timeout
from pyrad.dictionary import Dictionary

from foundation import reach
from inventory import addresses, collecting, devices, lines, offers, orders, places, routing, wholesalers
from inventory.models.addresses import Role
from inventory.models.devices import RADIUS_ACCOUNTING, Device
from inventory.models.lines import Line
from inventory.models.wholesale import Wholesaler
from inventory.wholesalers import Terms
from provisioning import facts
from provisioning.artifact import Effect, Impact
from provisioning.artifacts.radius import PATHS, RADIUS, ended_logins
from provisioning.texts import redacted

STEERING: Final = {
    "collection": "tunnel-steering",
    "realm": "adsl",
    "tunnel_endpoint": "lns",
    "radius_from": "198.51.100.200 3fff:0:9::10",
}
TUNNEL: Final = {
    "Tunnel-Type:1": ["L2TP"],
    "Tunnel-Medium-Type:1": ["IPv4"],
    "Tunnel-Server-Endpoint:1": ["100.64.2.1"],
    "Tunnel-Password:1": ["between-lac-and-lns"],
    "Tunnel-Client-Auth-Id:1": ["gros"],
    "Tunnel-Server-Auth-Id:1": ["lns"],
    "Tunnel-Assignment-Id:1": ["lns"],
    "Tunnel-Preference:1": [10],
}
"""What the tests' wholesaler is told of our LNS."""


def sold(association: Any, name: str = "gros", **more: str) -> Wholesaler:
    """A wholesaler that sells us copper, with all that its collection takes."""
    terms = Terms(**{**STEERING, **more})
    made = wholesalers.add_wholesaler(association.session, association.act, name, terms)
    collecting.share_secret(association.session, association.act, made, f"agreed-with-{name}")
    return made


@pytest.fixture
def gros(association: Any) -> Wholesaler:
    made = sold(association)
    offers.find_offer(association.session, "adsl").wholesaler_id = made.id
    association.session.flush()
    return made


def written(association: Any) -> Mapping[str, str]:
    return RADIUS.desired(association.session, association.radius, association.later)


def entry(texts: Mapping[str, str], login: str) -> str:
    return texts["authorize"].split(f"\n{login}\t")[1].split("\n")[0]


def test_a_wholesaler_that_asks_is_written_beside_our_lns(
    association: Any, gros: Wholesaler, golden: Callable[..., None]
) -> None:
    golden("radius", "collected", written(association))


@pytest.mark.parametrize("lacking", ["realm", "radius_from"])
def test_one_of_whom_something_is_not_said_yet_is_not_written(association: Any, gros: Wholesaler, lacking: str) -> None:
    wholesalers.change_wholesaler(association.session, association.act, gros, Terms(**{lacking: ""}))
    texts = written(association)
    assert "gros" not in "".join(texts.values())


def test_no_secret_of_theirs_nor_of_a_tunnel_is_shown(association: Any, gros: Wholesaler) -> None:
    texts = "".join(written(association).values())
    assert "agreed-with-gros" in texts
    assert "between-lac-and-lns" in texts
    shown = redacted(texts, RADIUS.secrets, lambda _: "‹secret›")
    assert "agreed-with-gros" not in shown
    assert "between-lac-and-lns" not in shown


def test_lines_of_another_realm_or_on_another_lns_are_nobodys_to_ask_about(association: Any, gros: Wholesaler) -> None:
    assert "Tmp-String-1 := 'gros', Tmp-String-2 := 'lns'" in entry(written(association), "l0004@adsl")
    association.line("L0004").device_id = association.vpn.id
    association.session.flush()
    assert "Tmp-String" not in entry(written(association), "l0004@adsl")
    wholesalers.change_wholesaler(association.session, association.act, gros, Terms(realm="ftth.example"))
    assert "Tmp-String" not in entry(written(association), "l0005@adsl")


@pytest.mark.parametrize("realm", ["a b", "x/ || /", "a.example'", "é"])
def test_a_realm_that_would_mean_something_else_is_never_written(
    association: Any, gros: Wholesaler, realm: str
) -> None:
    gros.realm = realm
    with pytest.raises(facts.Unwritable, match="gros"):
        written(association)


def test_a_tunnel_that_ends_nowhere_is_said(association: Any, gros: Wholesaler) -> None:
    gros.tunnel_endpoint = "elsewhere"
    with pytest.raises(facts.MachineIncomplete, match="gros"):
        written(association)
    gros.tunnel_endpoint = "lns"
    association.lns.endpoint = "lns.abeilles.example:1701"
    with pytest.raises(facts.MachineIncomplete, match="lns"):
        written(association)


def test_a_wholesaler_that_comes_or_goes_ends_no_session(association: Any) -> None:
    before = written(association)
    offers.find_offer(association.session, "adsl").wholesaler_id = sold(association).id
    association.session.flush()
    after = written(association)
    for old, new in ((before, after), (after, before)):
        assert ended_logins(old, new) == ()
        assert RADIUS.effect(old, new) == Effect(Impact.HITLESS)
    assert RADIUS.lines(before, after) == ("L0004", "L0005")


def test_a_password_found_out_is_still_cut_where_a_wholesaler_may_ask(association: Any, gros: Wholesaler) -> None:
    before = written(association)
    lines.close_line(association.session, association.act, association.line("L0004"))
    assert ended_logins(before, written(association)) == ("l0004@adsl",)


@pytest.fixture
def second(association: Any) -> Device:
    """A second LNS. Neither tells routers whom it holds."""
    made = devices.add_device(
        association.session, association.act, "lns2", role="lns", platform="debian",
        site=places.find_site(association.session, "colo"), endpoint="100.64.2.3:1701",
    )  # fmt: skip
    for name in ("radius", "l2tp"):
        devices.set_secret(association.session, association.act, made, name, f"{name}-of-lns2")
    core = devices.add_interface(association.session, association.act, made, "core0")
    _give(association, core)
    return made


def _give(association: Any, port: Any) -> None:
    pool = addresses.find_pool(association.session, "coeur-v4")
    addresses.allocate(association.session, association.act, pool, port, Role.LINK, exactly=ip_network("192.0.2.9"))


def test_a_member_is_led_to_their_own_lns_first_and_to_another_where_each_tells_whom_it_holds(
    association: Any, gros: Wholesaler, second: Device
) -> None:
    gros.tunnel_endpoint = "lns2 lns"
    association.line("L0005").device_id = second.id
    association.session.flush()
    texts = written(association)
    assert "Tmp-String-2 := 'lns'" in entry(texts, "l0004@adsl")
    assert "Tmp-String-2 := 'lns2'" in entry(texts, "l0005@adsl")
    assert "Tunnel-Type:2" not in texts["site"]
    for lns in (association.lns, second):
        lns.asn = 64496
        routing.add_peer(
            association.session, association.act, lns, ip_address("192.0.2.1"), 64496, "edge", max_prefix=10
        )
    site = written(association)["site"]
    ours, other = (site.split(f"case '{name}' {{")[1].split("case ")[0] for name in ("lns", "lns2"))
    for part, order in ((ours, ("100.64.2.1", "100.64.2.3")), (other, ("100.64.2.3", "100.64.2.1"))):
        assert [f"Tunnel-Server-Endpoint:{tag} += '{order[tag - 1]}'" in part for tag in (1, 2)] == [True, True]
        assert "&Tunnel-Preference:1 += 10" in part
        assert "&Tunnel-Preference:2 += 20" in part


# What follows asks a real daemon, in a namespace where every asker has its address.

FREERADIUS: Final = Path("/etc/freeradius/3.0")
RFCS: Final = "/usr/share/freeradius/dictionary.rfc"
ADDRESSES: Final = ("192.0.2.2", "192.0.2.3", "198.51.100.200", "198.51.100.201", "198.51.100.202", "3fff:0:9::10")
SERVER: Final = {4: "192.0.2.3", 6: "3fff:0:9::10"}
OUTSIDE: Final = "198.51.100.202"
"""An address of nobody's who may ask."""


@dataclass(frozen=True)
class Daemon:
    """A FreeRADIUS that runs, and how it is asked."""

    namespace: int
    words: Dictionary
    accounting: Path

    def ask(
        self, login: str, password: str | None = None, *, by: str = "198.51.100.200", secret: str = "agreed-with-gros",
        proof: bool = True, chap: bool = False, state: bytes | None = None, tries: int = 3, **more: Any,
    ) -> packet.Packet | None:  # fmt: skip
        """What it answers; nothing where it keeps silent. A reply that its secret does not prove is no answer."""
        with self._client(by, secret, tries) as client:
            asked = client.CreateAuthPacket(User_Name=login, message_authenticator=proof, **more)
            if password is not None and chap:
                asked["CHAP-Challenge"] = asked.authenticator = asked.CreateAuthenticator()
                asked["CHAP-Password"] = _chap(password, asked.authenticator)
            elif password is not None:
                asked["User-Password"] = asked.PwCrypt(password)
            if state is not None:
                asked["Proxy-State"] = state
            try:
                return client.SendPacket(asked)
            except Timeout:
                return None

    def count(self, login: str, *, by: str = "198.51.100.200", secret: str = "agreed-with-gros") -> bool:
        """Whether a session's start is taken note of, or said to be."""
        with self._client(by, secret, 2) as client:
            told = client.CreateAcctPacket(
                User_Name=login, Acct_Status_Type="Start", Acct_Session_Id=login, NAS_IP_Address="198.51.100.99",
            )  # fmt: skip
            try:
                return bool(client.SendPacket(told).code == packet.AccountingResponse)
            except Timeout:
                return False

    @contextmanager
    def _client(self, by: str, secret: str, tries: int) -> Iterator[Asking]:
        server = SERVER[6 if ":" in by else 4]
        with reach.inside(self.namespace):
            client = Asking(server, secret=secret.encode(), dict=self.words, retries=tries, timeout=0.3)
            client.bind((by, 0))
        try:
            yield client
        finally:
            client._CloseSocket()


def _chap(password: str, challenge: bytes) -> bytes:
    return b"\x07" + md5(b"\x07" + password.encode() + challenge).digest()


@contextmanager
def running(texts: Mapping[str, str]) -> Iterator[Daemon]:
    """The daemon with these texts, loaded by itself, in a network namespace of its own."""
    if os.getuid() != 0 or shutil.which("freeradius") is None:
        pytest.skip("needs root and FreeRADIUS (Debian's package freeradius)")
    # Not pytest's folder: the daemon gives root up, and must reach its own.
    folder = Path(tempfile.mkdtemp(prefix="essaim-radius-"))
    copy, accounting = folder / "raddb", folder / "radacct.sqlite"
    shutil.copytree(FREERADIUS, copy, symlinks=True)
    for name, path in PATHS.items():
        there = copy / Path(path).relative_to(FREERADIUS)
        there.unlink(missing_ok=True)
        there.write_text(texts[name].replace(RADIUS_ACCOUNTING, str(accounting)))
    main = (copy / "radiusd.conf").read_text()
    for setting, value in (("raddbdir", copy), ("run_dir", folder), ("logdir", folder)):
        main = "\n".join(f"{setting} = {value}" if row.startswith(f"{setting} =") else row for row in main.split("\n"))
    # A refusal comes at once: that it waits for a second is Debian's choice, and none of ours.
    (copy / "radiusd.conf").write_text(main.replace("reject_delay = 1", "reject_delay = 0"))
    subprocess.run(["chown", "-R", "freerad:freerad", str(folder)], check=True)
    ready = "; ".join(f"ip addr add {one} dev lo" for one in ADDRESSES)
    run = "exec setpriv --reuid=freerad --regid=freerad --init-groups -- freeradius -f -lstdout -d"
    with (folder / "said").open("w") as said:
        daemon = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", f"ip link set lo up; {ready}; {run} {copy}"], stdout=said, stderr=said
        )
    try:
        until = time.monotonic() + 20
        while "Ready to process requests" not in (folder / "said").read_text():
            assert daemon.poll() is None, (folder / "said").read_text()
            assert time.monotonic() < until, (folder / "said").read_text()
            time.sleep(0.05)
        namespace = os.open(f"/proc/{daemon.pid}/ns/net", os.O_RDONLY)
        words = Dictionary(*(f"{RFCS}{rfc}" for rfc in ("2865", "2866", "2868", "2869", "3162", "4818")))
        yield Daemon(namespace, words, accounting)
        os.close(namespace)
    finally:
        daemon.terminate()
        daemon.wait(10)
        shutil.rmtree(folder)


def said(reply: packet.Packet | None, *names: str) -> dict[str, Any]:
    """The attributes of an accepted request, but for proofs; of `names` alone where given."""
    assert reply is not None
    assert reply.code == packet.AccessAccept, reply.code
    found = {name: reply[name] for name in attributes(reply)}
    return {name: value for name, value in found.items() if name in names or not names}


def attributes(reply: packet.Packet) -> set[str]:
    """Their names, each with its tag."""
    tagged = {64, 65, 66, 67, 69, 82, 83, 90, 91}
    return {
        f"{name}:{value[0]}" if reply._EncodeKey(name) in tagged else name
        for name in list(reply.keys())
        for value in dict.__getitem__(reply, reply._EncodeKey(name))
    }


@pytest.fixture
def three(association: Any, gros: Wholesaler) -> Line:
    """Beside the first, another that sells us L0005 and ends PPP itself."""
    other = sold(
        association, "autre", collection="realm-proxy", radius_from="198.51.100.201", ppp_end="wholesaler",
        tunnel_endpoint="",
    )  # fmt: skip
    line: Line = association.line("L0005")
    orders.place_order(association.session, association.act, line, other)
    association.session.flush()
    return line


def test_a_real_daemon_answers_each_who_asks_what_is_theirs(association: Any, three: Line) -> None:
    with running(written(association)) as daemon:
        # The wholesaler that we steer: a tunnel, and nothing of the member's.
        for chap in (False, True):
            reply = daemon.ask("l0004@adsl", "word-of-0", chap=chap, state=b"through a proxy")
            told = said(reply)
            assert told.pop("Message-Authenticator")
            assert told.pop("Proxy-State") == [b"through a proxy"]
            assert told == {**TUNNEL, "Service-Type": ["Framed-User"], "Framed-Protocol": ["PPP"]}
        # Over IPv6, and of the realm alone.
        assert said(daemon.ask("l0004@adsl", "word-of-0", by="3fff:0:9::10"), *TUNNEL) == TUNNEL
        for name in ("adsl", "@adsl"):
            assert said(daemon.ask(name, "cisco", Service_Type="Outbound-User"), *TUNNEL) == TUNNEL
        # Our LNS asks afterwards, without a proof, and gets the member's addresses.
        ours = daemon.ask("l0004@adsl", "word-of-0", by="192.0.2.2", secret="between-lns-and-radius", proof=False)
        assert said(ours, "Framed-IP-Address", "Tunnel-Type:1") == {"Framed-IP-Address": ["203.0.113.0"]}
        # The wholesaler that ends PPP itself is given them too, of the line that is bought there and of no other.
        theirs: dict[str, Any] = {"by": "198.51.100.201", "secret": "agreed-with-autre"}
        reply = daemon.ask("l0005@adsl", "word-of-1", **theirs)
        assert said(reply, "Framed-IP-Address", "Tunnel-Type:1") == {"Framed-IP-Address": ["203.0.113.2"]}
        assert reply is not None
        assert reply["Message-Authenticator"]

        def refused(login: str, password: str | None, **more: Any) -> bool:
            reply = daemon.ask(login, password, **more)
            assert reply is not None, login
            return reply.code == packet.AccessReject and attributes(reply) == {"Message-Authenticator"}

        assert refused("l0004@adsl", "wrong")
        assert refused("l0004@adsl", None)
        assert refused("l0004@adsl", "wrong", chap=True)
        assert refused("l0004@ftth", "word-of-0")
        assert refused("l0004@adsl@adsl", "word-of-0")
        assert refused("adsl", "cisco")
        assert refused("ftth", "cisco", Service_Type="Outbound-User")
        assert refused("essaim-release", "x")
        assert refused("l0005@adsl", "word-of-1")  # bought from the other
        assert refused("l0004@adsl", "word-of-0", **theirs)
        assert refused("adsl", "cisco", Service_Type="Outbound-User", **theirs)


def test_a_real_daemon_keeps_silent_where_nothing_proves_who_asks(association: Any, three: Line) -> None:
    with running(written(association)) as daemon:
        right: dict[str, Any] = {"login": "l0004@adsl", "password": "word-of-0", "tries": 1}
        assert daemon.ask(**right, proof=False) is None
        assert daemon.ask(**right, secret="another") is None
        assert daemon.ask(**right, by=OUTSIDE) is None
        # A request of our LNS' that was given a Proxy-State on the way (the Blast-RADIUS forgery).
        lns: dict[str, Any] = {"by": "192.0.2.2", "secret": "between-lns-and-radius"}
        assert daemon.ask(**right, **lns, proof=False, state=b"forged") is None
        assert said(daemon.ask(**right, **lns, proof=False), "Framed-IP-Address")
        # Sessions are counted once: by our LNS, or by whoever ends PPP, of what is bought there.
        assert daemon.count("l0004@adsl")
        assert not daemon.count("l0004@ftth")
        theirs: dict[str, Any] = {"by": "198.51.100.201", "secret": "agreed-with-autre"}
        assert daemon.count("l0005@adsl", **theirs)
        assert not daemon.count("l0004@adsl", **theirs)
        assert daemon.count("l0004@adsl", **lns)
        assert counted(daemon.accounting) == ["l0004@adsl", "l0005@adsl"]


def counted(accounting: Path) -> list[str]:
    """Whose sessions the daemon has taken note of."""
    with sqlite3.connect(accounting) as table:
        return sorted(name for (name,) in table.execute("SELECT username FROM radacct"))
