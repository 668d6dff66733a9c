"""`essaim ca` and OpenVPN's hand-outs, as people type them: the whole of docs/howto/openvpn.md."""

from __future__ import annotations

import json
import quopri
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from desk import polling, telling
from foundation import clock
from foundation.acts import Act
from foundation.database import open_store, reading, transaction
from foundation.settings import read_settings
from inventory import credentials, lines, signing
from monitoring.poll import OpenVpnServer
from provisioning import ending
from tests.integration.conftest import values_of


@pytest.fixture
def served(demo: Any) -> Any:
    """The demonstration, whose VPN server serves OpenVPN too; L0116 is M0042's."""
    for command in (
        "ca create --name Essaim",
        "device secret vpn openvpn --generate",
        "device interface add vpn ovpn0",
        "pool create ovpn-v4 192.0.2.64/27 --device vpn",
        "pool create ovpn-v6 3fff:300::/40 --handed 56 --device vpn",
        "address allocate --pool ovpn-v4 --interface vpn/ovpn0 --exactly 192.0.2.65/32",
        "address allocate --pool ovpn-v6 --interface vpn/ovpn0 --exactly 3fff:300::1/128",
        "offer add ovpn --title OpenVPN --technology openvpn --device vpn --pool-v4 ovpn-v4 --pool-v6 ovpn-v6",
        "line order M0042 --offer ovpn",
    ):
        demo(*command.split())
    return demo


def newest(terminal: Any) -> str:
    lines = json.loads(terminal("line", "list", "--member", "M0042", "--json").out)
    return str(lines[-1]["number"])


def certificates(terminal: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(terminal("ca", "show", "--certificates", "--json").out)
    return found


def test_a_member_is_handed_a_file_that_opens_their_line_and_nobody_keeps_its_key(served: Any) -> None:
    line, file = newest(served), served.folder / "l.ovpn"
    served("line", "handout", line, "--as", "ovpn", "--file", str(file))
    text = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "remote 192.0.2.4 1194" in text
    key = text.split("-----BEGIN PRIVATE KEY-----\n")[1].split("\n")[0]
    told = served("journal", "show", "--json").out
    assert key not in told
    assert "certificate.issue" in told
    with reading(open_store(read_settings())) as session:
        assert not any(key.encode() in value for value in values_of(session))
    assert [(one["line"], one["revoked_at"]) for one in certificates(served)] == [(line, None)]
    cube = json.loads(served("line", "handout", line, "--as", "cube").out)
    assert cube["server_name"] == "192.0.2.4"
    assert len(certificates(served)) == 2


def test_a_lost_certificate_is_taken_back_by_its_owner_or_by_who_keeps_lines(served: Any) -> None:
    served("line", "handout", newest(served), "--as", "ovpn")
    (held,) = certificates(served)
    assert served("--as", "M0140", "ca", "revoke", held["serial"], status=5).err
    served("--as", "M0042", "ca", "revoke", held["serial"])
    assert "n'est déjà plus valable" in served("ca", "revoke", held["serial"], status=1).err
    assert "essaim ca show --certificates" in served("ca", "revoke", "beef", status=3, lang="en").err
    (gone,) = certificates(served)
    assert gone["reason"] == "stolen"
    (authority,) = json.loads(served("ca", "show", "--json").out)
    assert authority["list_number"] == 2


def test_with_a_request_the_key_stays_at_the_members(served: Any, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    (tmp_path / "a.csr").write_bytes(request.public_bytes(serialization.Encoding.PEM))
    line = newest(served)
    text = served("line", "handout", line, "--as", "ovpn", "--request", str(tmp_path / "a.csr")).out
    assert "PRIVATE KEY" not in text
    assert f"key {line.lower()}.key" in text
    assert "contient la clé privée" in served(
        "line", "handout", line, "--as", "cube", "--request", str(tmp_path / "a.csr"), status=1
    ).err  # fmt: skip
    assert served("line", "handout", line, "--as", "ovpn", "--request", str(tmp_path / "none"), status=3).err
    (tmp_path / "b.csr").write_text("rien")
    assert served("line", "handout", line, "--as", "ovpn", "--request", str(tmp_path / "b.csr"), status=1).err
    assert len(certificates(served)) == 1


def test_the_calendar_knows_of_all_of_it_and_reminding_signs_ahead(served: Any) -> None:
    served("line", "handout", newest(served), "--as", "ovpn")
    rows = json.loads(served("credential", "list", "--json").out)
    kinds = {one["name"].partition(":")[0] for one in rows if one["until"] is not None}
    assert {"ca", "crl", "server", "openvpn"} <= kinds
    assert {one["member"] for one in rows if one["kind"] in ("ca", "crl", "server")} == {None}
    assert "avec un certificat" in served("credential", "renew", newest(served), status=1).err
    served("credential", "remind")


def test_an_authority_that_exists_comes_along_with_what_it_had_revoked(demo: Any, tmp_path: Path) -> None:
    signer, key = signing.found("Easy-RSA CA", clock.now(), signing.SKEW * 24000)
    (tmp_path / "ca.crt").write_text(signer.facts.text)
    (tmp_path / "ca.key").write_text(key)
    (tmp_path / "index.txt").write_text("R\t490101120000Z\t250101120000Z\t0B\tunknown\t/CN=parti\n")
    said = demo("ca", "import", str(tmp_path / "ca.crt"), str(tmp_path / "ca.key"), lang="en").out
    assert "certificates brought along: 1" in said
    assert [(one["serial"], one["reason"]) for one in certificates(demo)] == [("b", "before")]
    assert "déjà là" in demo("ca", "import", str(tmp_path / "ca.crt"), str(tmp_path / "ca.key"), status=1).err
    assert "ne se lit pas" in demo("ca", "import", str(tmp_path / "no"), str(tmp_path / "ca.key"), status=3).err
    assert "Easy-RSA CA" in demo("ca", "create", status=1).err
    assert "Easy-RSA CA 2 signe désormais" in demo("ca", "rotate").out


def test_without_its_index_it_says_what_is_not_known(demo: Any, tmp_path: Path) -> None:
    signer, key = signing.found("Easy-RSA CA", clock.now(), signing.SKEW * 24000)
    (tmp_path / "ca.crt").write_text(signer.facts.text)
    (tmp_path / "ca.key").write_text(key)
    assert "Sans son index.txt" in demo("ca", "import", str(tmp_path / "ca.crt"), str(tmp_path / "ca.key")).out


def test_a_server_of_openvpn_alone_lacks_nothing_of_wireguards(demo: Any) -> None:
    demo("ca", "create")
    demo("device", "add", "vpn2", "--role", "vpn", "--platform", "debian", "--site", "mezzanine")
    assert "wireguard" in demo("device", "show", "vpn2").out
    demo("device", "secret", "vpn2", "openvpn", "--generate")
    said = demo("device", "show", "vpn2").out
    assert "wireguard" not in said
    assert "ovpn0" in said


def test_without_an_authority_there_is_nothing_to_serve_with(demo: Any) -> None:
    assert "essaim ca create" in demo("device", "secret", "vpn", "openvpn", "--generate", status=1).err
    assert "essaim ca create" in demo("ca", "show").out
    assert "essaim ca create" in demo("ca", "rotate", status=1, lang="en").err


def test_a_member_is_told_before_their_certificate_ends_and_no_more_once_they_have_the_next(served: Any) -> None:
    line = newest(served)
    served("line", "handout", line, "--as", "ovpn")
    settings = read_settings(var=served.folder)
    store = open_store(settings)
    later = Act("machine:test", clock.now() + timedelta(days=705), "test")
    told = telling.remind(store, settings, later)
    assert told.told == (f"openvpn:{line.lower()}",)
    (written,) = [one.read_text() for one in sorted((served.folder / "outbox").iterdir())]
    assert f"essaim line handout {line} --as ovpn" in quopri.decodestring(written).decode()
    assert telling.remind(store, settings, later).told == ()
    (row,) = json.loads(served("ca", "show", "--json").out)
    assert row["list_number"] == 2  # signed again ahead of its end, on that day


def test_a_server_of_both_kinds_is_asked_for_the_connections_of_each(served: Any) -> None:
    with reading(open_store(read_settings())) as session:
        known = credentials.opened_by(session)
        servers = list(polling.vpn_servers(session, known))
    (line,) = (each for one in servers if isinstance(one, OpenVpnServer) for each in one.lines.items())
    assert line == (newest(served).lower(), int(newest(served)[1:]))
    assert [type(one).__name__ for one in servers] == ["OpenVpnServer", "VpnServer"]
    assert {one.machine.name for one in servers} == {"vpn"}


def test_a_line_of_openvpn_is_told_to_end_on_the_server_that_lets_it_in(served: Any) -> None:
    with transaction(open_store(read_settings())) as session:
        line = lines.find_line(session, newest(served))
        what = ending.of_line(session, Act("M0001", clock.now()), line)
    assert (what.logins, what.names, [one.name for one in what.machines]) == ((), (newest(served).lower(),), ["vpn"])
    said = served("line", "disconnect", newest(served), status=4)
    assert "essaim line disconnect" in said.err
    assert "anciens" not in said.err, "nothing was renewed"
