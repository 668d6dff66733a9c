"""A release as it travels: what differs, and what the machine has already."""

from __future__ import annotations

import base64
import json
import subprocess
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from provisioning import releases
from provisioning.texts import digest

HELD = {"zones.conf": "zone: one\n", "one.zone": "@ NS a\n", "two.zone": "@ NS b\n"}
WANTED = {"zones.conf": "zone: one\n", "one.zone": "@ NS c\n", "three.zone": "@ NS é\n"}


def travels(desired: dict[str, str], running: dict[str, str], held: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(releases.packed(desired, running, held, {"seconds": 120}))))


def test_only_what_differs_travels_with_the_names_of_what_stays() -> None:
    assert travels(WANTED, HELD, digest(HELD)) == {
        "digest": digest(WANTED),
        "texts": {"one.zone": "@ NS c\n", "three.zone": "@ NS é\n"},
        "kept": ["zones.conf"],
        "seconds": 120,
    }


@pytest.mark.parametrize("held", ["", digest(WANTED)])
def test_where_what_runs_is_no_release_of_ours_everything_travels(held: str) -> None:
    """Made by hand, edited, or merely the same in its meaning: the files are not those."""
    sent = travels(WANTED, HELD, held)
    assert (sent["texts"], sent["kept"]) == (WANTED, [])


def test_a_release_of_many_files_of_which_one_changes_is_little_more_than_their_names() -> None:
    many = {f"ccd/m{rank:04d}": sha256(f"{rank}".encode()).hexdigest() for rank in range(5000)}
    packed = releases.packed({**many, "ccd/m0042": "push 198.51.100.1\n"}, many, digest(many), {})
    assert len(packed) < 20_000 < len(releases.packed(many, {}, "", {})) / 10


@pytest.mark.parametrize(
    ("said", "versions"),
    [
        ({"forwarding": "1\n1\n"}, set()),
        ({"forwarding": "0\n1\n"}, {4}),
        ({"forwarding": "1\n0\n"}, {6}),
        ({"forwarding": "1\n"}, {6}),  # a kernel without IPv6
        ({"forwarding": "0\n"}, {4, 6}),
        ({"forwarding": ""}, set()),
        ({"forwarding": "perhaps\nno\n"}, set()),
        ({}, set()),
    ],
)
def test_a_machine_says_which_versions_of_ip_it_does_not_hand_on(said: dict[str, str], versions: set[int]) -> None:
    assert releases.still(said) == versions


def test_it_is_read_with_what_the_machine_runs() -> None:
    script = releases.looking("wireguard", {}, "")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    kernel = Path("/proc/sys/net/ipv4/ip_forward").read_text().strip()
    assert releases.sections(done.stdout)["forwarding"].split()[0] == kernel
