"""Nothing that anyone types breaks out of OpenVPN's texts: what is accepted, the daemon reads as it was typed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foundation import clock
from foundation.text import render
from inventory import signing, tls_crypt
from provisioning import openvpn_handouts
from provisioning.artifacts import openvpn_members, openvpn_trust
from provisioning.artifacts.openvpn_members import Client
from provisioning.facts import Unwritable
from provisioning.openvpn_handouts import OpenVpnHandout

NOW = clock.now()
HOSTILE = st.text(alphabet=st.sampled_from("a1-._@ \t\n\r\"'`$\\<>/#;|{}\u202e\u2028\u0000é"), max_size=24)
TYPED = st.one_of(
    HOSTILE,
    st.text(max_size=40),
    st.from_regex(r"\A[a-z0-9.@-]{1,30}\Z"),
    st.builds("{}\n{}".format, HOSTILE, st.sampled_from(["script-security 2", "</ca>", "up /bin/sh", "DEFAULT"])),
)


def handout(name: str, server: str, host: str) -> OpenVpnHandout:
    signer, key = signing.found("Essaim", NOW, signing.SKEW * 24)
    text = signer.facts.text.strip()
    wrapping = tls_crypt.client_text(tls_crypt.new_server_key()).strip()
    return OpenVpnHandout(
        "L0006", name, server, host, 1194, 1420, date(2028, 11, 22), "192.0.2.66", "2001:db8:300:100::", text, text,
        key.strip(), wrapping,
    )  # fmt: skip


def read_by_the_daemon(text: str) -> dict[str, str]:
    """The parameters that OpenVPN takes a file for, as it lists them before it does anything with them."""
    argv = ["unshare", "-n", "openvpn", "--config", "stdin", "--verb", "4", "--resolv-retry", "0"]
    found = {}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(argv, **pipes, text=True) as ran:  # type: ignore[call-overload]
        ran.stdin.write(text)
        ran.stdin.close()
        for row in ran.stdout:
            assert "Options error" not in row, row
            if parameter := re.search(r"  (\w+) = (.*)$", row):
                found[parameter[1]] = parameter[2].strip().strip("'")
            if re.search(r"OpenVPN 2\.\d", row):
                break
        ran.kill()
    return found


@settings(max_examples=40)
@given(TYPED, TYPED, TYPED)
@example("l0006", "vpn", "vpn.asso.example")
@example("l0006@asso", "vpn-1.asso", "2001:db8::4")
def test_what_openvpn_reads_of_a_file_is_what_was_typed_or_there_is_no_file(name: str, server: str, host: str) -> None:
    if shutil.which("openvpn") is None:
        pytest.skip("needs openvpn")
    try:
        text = openvpn_handouts.ovpn(handout(name, server, host), "fr")
    except Unwritable:
        return
    read = read_by_the_daemon(text)
    assert (read["remote"], read["remote_port"], read["verify_x509_name"]) == (host, "1194", server)
    assert (read["up_script"], read["down_script"], read["config"]) == ("[UNDEF]", "[UNDEF]", "stdin")


@given(TYPED, TYPED, TYPED)
def test_a_cube_is_json_of_texts_whatever_was_typed(name: str, server: str, host: str) -> None:
    try:
        text = openvpn_handouts.cube(handout(name, server, host))
    except Unwritable:
        return
    read = json.loads(text)
    assert read["server_name"] == host
    assert all("\n" not in one for one in read["openvpn_add"])
    assert set(read) <= {
        "server_name", "server_port", "server_proto", "ip6_net", "ip4_addr", "crt_server_ca", "crt_client",
        "crt_client_key", "dns0", "dns1", "openvpn_rm", "openvpn_add",
    }  # fmt: skip


@given(TYPED)
def test_a_name_is_a_file_in_the_folder_or_nothing(typed: str) -> None:
    try:
        name = openvpn_members.checked_name(typed, "L0006")
    except Unwritable:
        return
    assert "/" not in name
    assert not name.startswith(".")
    assert name.isascii()
    assert name.isprintable()
    assert name != "DEFAULT"


@given(st.tuples(*[TYPED] * 7))
def test_a_members_settings_hold_no_row_that_is_not_one_of_ours(typed: tuple[str, ...]) -> None:
    label, address, netmask, gateway, address6, gateway6, route6 = typed
    client = Client(label, "l0006", address, netmask, gateway, (), address6, gateway6, (route6,), 0, ())
    text = render("provisioning", "openvpn/debian.ccd.j2", {"client": client})
    try:
        openvpn_members.check(text, "L0006")
    except Unwritable:
        return
    rows = text.split("\n")
    assert rows.pop() == ""
    for row in rows:
        assert re.fullmatch(r'[a-zA-Z0-9 .:/#"-]+', row)


@given(TYPED)
def test_a_name_that_another_authority_signed_cannot_leave_its_row(typed: str) -> None:
    shown = openvpn_trust.shown(typed)
    assert re.fullmatch(r"[A-Za-z0-9._@?-]+", shown)
