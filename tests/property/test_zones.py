"""Whatever a member types for a reverse name, the zone holds it as one name or not at all: BIND reads it back."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.text import render
from inventory import reverse
from inventory.reverse import BadName
from provisioning.artifacts.zones import Record, Zone, written

ORIGIN = "100.51.198.in-addr.arpa"
HOSTILE = st.text(alphabet=st.sampled_from("a1-._ \t\n\r;\"'`$()\\@*{}%\u202e\u0000éß。"), max_size=30)
TYPED = st.one_of(
    st.text(max_size=40),
    st.builds(
        "{}.{}".format, HOSTILE, st.sampled_from(["example", "a.example", "example.\n@ NS thief.example.", "a\u3002b"])
    ),
    st.from_regex(r"\A(?:[a-z0-9-]{1,10}\.){1,4}[a-z]{2,8}\Z"),
)


@settings(max_examples=20)
@given(st.lists(TYPED, min_size=1, max_size=50))
def test_a_reverse_name_never_becomes_anything_else(typed: list[str]) -> None:
    compiler = shutil.which("named-compilezone")
    if compiler is None:
        pytest.skip("needs named-compilezone (bind9-utils)")
    accepted = []
    for text in typed:
        try:
            accepted.append(written(reverse.host_name(text), "L0001"))
        except BadName:
            continue
    records = tuple(Record(str(rank), "PTR", f"{name}.", "L0001") for rank, name in enumerate(accepted))
    zone = Zone(ORIGIN, ("ns1.asso.example", "ns2.asso.example"), "dns.asso.example", records)
    text = render("provisioning", "dns/zone.j2", {"zone": zone})
    done = subprocess.run(
        [compiler, "-q", "-i", "none", "-o", "-", ORIGIN, "/dev/stdin"], input=text,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [row.split() for row in done.stdout.splitlines()]
    read = {row[0]: row[4] for row in rows if row[3] == "PTR"}
    assert read == {f"{rank}.{ORIGIN}.": f"{name}." for rank, name in enumerate(accepted)}
    assert sorted(row[3] for row in rows if row[3] != "PTR") == ["NS", "NS", "SOA"]
