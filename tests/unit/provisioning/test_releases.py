"""A release as it travels: what differs, and what the machine has already."""

from __future__ import annotations

import base64
import json
import zlib
from hashlib import sha256
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
