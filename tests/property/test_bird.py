"""Whatever a peer is called, BIRD reads its text as one description and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.text import render
from provisioning.artifacts.edge import LAST_RESORT, Peer, Route, Router, Rule

EVERYTHING = ip_network("0.0.0.0/0")
RULES = tuple(
    Rule(name, 5, verb, prefix, longest)
    for version, prefix, longest in ((4, EVERYTHING, 24), (6, ip_network("::/0"), 48))
    for name, verb in (
        (f"IN-V{version}", "deny"), (f"IN-V{version}", "permit"), (f"OUT-V{version}", "deny"),
    )
)  # fmt: skip


@given(st.text(max_size=60).map(str.strip).filter(str.isprintable))
def test_no_description_breaks_out(said: str) -> None:
    if shutil.which("bird") is None:
        pytest.skip("needs bird (bird2)")
    peer = Peer(ip_address("192.0.2.128"), 64500, said, 10, fast=False)
    ours = ip_network("198.51.100.0/24")
    router = Router(
        "edge", 64496, "192.0.2.1", (), (Route(ours, LAST_RESORT),), (ours,), (), RULES, (peer,), ()
    )  # fmt: skip
    text = render("provisioning", "bird/debian.j2", {"router": router})
    assert text.count("\nprotocol bgp ") == 1
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        done = subprocess.run(["bird", "-p", "-c", file.name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [row.strip() for row in text.splitlines() if row.strip().startswith("description")]
    assert rows == ([f'description "{said.replace(chr(34), chr(39))}";'] if said else [])
