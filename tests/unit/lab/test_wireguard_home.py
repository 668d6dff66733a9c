from __future__ import annotations

import json
import subprocess
import sys
from ipaddress import ip_address, ip_interface

import pytest

from lab.wireguard import BadConfiguration, Configuration, steps

KEY = "4GgaQCy68nzNsUE5aJ9fuLzHhB65tAlwbmA72MWnOm8="
TEXT = f"""
# M0007, L0042
[Interface]
PrivateKey = {KEY}
Address = 198.51.100.7/32, 2001:db8:100:7::1/64
DNS = 192.0.2.53   # ours
MTU = 1380

[Peer]
PublicKey = {KEY}
Endpoint = 192.0.2.4:51820
AllowedIPs = 0.0.0.0/0, ::/0
PersistentKeepalive = 25
"""


def test_a_member_s_configuration_is_taken_as_it_was_given():
    configuration = Configuration.read(TEXT)
    assert configuration.addresses == (ip_interface("198.51.100.7/32"), ip_interface("2001:db8:100:7::1/64"))
    assert (configuration.endpoint, configuration.mtu) == (ip_address("192.0.2.4"), 1380)


def test_wg_gets_its_own_words_and_none_of_wg_quick_s():
    wg = Configuration.read(TEXT).wg
    assert all(word in wg for word in ("[Interface]", "PrivateKey", "[Peer]", "AllowedIPs", "Endpoint"))
    assert not any(word in wg for word in ("Address", "DNS", "MTU"))


def test_everything_goes_through_the_tunnel_and_the_old_default_route_stays_under_it():
    commands = steps(Configuration.read(TEXT), "wg0")
    assert commands[4] == [
        "link set dev wg0 mtu 1380 up",
        "address add 198.51.100.7/32 dev wg0",
        "route replace 0.0.0.0/1 dev wg0",
        "route replace 128.0.0.0/1 dev wg0",
    ]
    assert commands[6] == [
        "address add 2001:db8:100:7::1/64 dev wg0 nodad",
        "route replace ::/1 dev wg0",
        "route replace 8000::/1 dev wg0",
    ]


def test_an_endpoint_may_be_an_ipv6_address():
    configuration = Configuration.read(TEXT.replace("192.0.2.4:51820", "[2001:db8::4]:51820"))
    assert configuration.endpoint == ip_address("2001:db8::4")


@pytest.mark.parametrize("line", ["Address", "Endpoint", "AllowedIPs"])
def test_a_configuration_without_what_it_needs_is_refused(line):
    text = "\n".join(kept for kept in TEXT.splitlines() if not kept.startswith(line))
    with pytest.raises(BadConfiguration):
        Configuration.read(text)


def test_the_private_key_shows_in_no_representation():
    assert KEY not in repr(Configuration.read(TEXT))


def test_the_program_refuses_nonsense_in_one_sentence_and_says_nothing_of_what_it_was_given():
    given = json.dumps({"configuration": f"PrivateKey = {KEY}"})
    done = subprocess.run(
        [sys.executable, "-m", "lab.wireguard"], input=given, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["event"] == "closed"
    assert done.stderr.count("\n") == 1
    assert KEY not in done.stdout + done.stderr
