"""Files of a machine that somebody else configured: whatever they hold, a reader understands them or says no."""

from __future__ import annotations

import contextlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import EssaimError
from provisioning import texts
from provisioning.adopting import freeradius, gathering, radius_rows
from provisioning.adopting.found import Found, called
from provisioning.artifacts.radius import RADIUS, quoted

PATHS = (
    "wireguard/wg0.conf", "freeradius/3.0/users", "freeradius/3.0/clients.conf", "openvpn/ccd/ada", "pki/index.txt",
    "pki/ca.crt", "bind/db.100.51.198.in-addr.arpa", "frr/frr.conf", "bird/bird.conf",
)  # fmt: skip
WORDS = st.sampled_from(
    (
        *"[]=#\n\t ,\"'\\{}();@.²é\x00\u202e\u2028",
        *("[Interface]\n", "[Peer]\n", "PublicKey = ", "AllowedIPs = ", "Address = ", "ListenPort = ٣", "Endpoint"),
        *("198.51.100.2/32", "2001:db8::/129", "0.0.0.0/0", "client x {\n", "secret = ", "DEFAULT", "ada@adsl"),
        *("Cleartext-Password := ", "Framed-Route = ", "ifconfig-push ", "iroute ", "disable", "V\t", "R\t", "/CN=ada"),
        *("301122130200Z", "$ORIGIN ", "$TTL", "PTR", "in-addr.arpa.", "neighbor ", "remote-as 1", "%{x}", ":=", "+="),
        *("route 198.51.100.0/24 ", "-----BEGIN CERTIFICATE-----\n"),
    )
)
FILES = st.lists(st.one_of(WORDS, st.text(max_size=4)), max_size=40).map("".join)


@pytest.mark.parametrize("path", PATHS)
@given(text=FILES)
def test_a_file_is_understood_or_refused_with_a_sentence(path: str, text: str) -> None:
    found = Found()
    with contextlib.suppress(EssaimError):
        found = gathering.read({path: text})
    assert all(one.sentence("fr") and one.sentence("en") for one in found.told)
    for way in found.ways:
        assert all(prefix.prefixlen for prefix, _ in way.prefixes) or path.startswith("freeradius")


@given(check=FILES, reply=FILES)
def test_rows_of_tables_too(check: str, reply: str) -> None:
    with contextlib.suppress(EssaimError):
        radius_rows.read(("c.csv", f"username,attribute,op,value\n{check}"), ("r.csv", reply))


@given(password=st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40))
def test_a_password_that_we_wrote_is_read_back(password: str) -> None:
    text = f"# L0004\nl0004@adsl\tCleartext-Password := {quoted(password)}\n\tFramed-MTU = 1460\n"
    (way,) = freeradius.read_users("authorize", text).ways
    assert (way.secret, way.called) == (password, ("L0004",))


@given(password=st.text(max_size=30), client=st.text(max_size=30))
def test_no_secret_of_a_hand_made_file_shows_in_a_diff(password: str, client: str) -> None:
    secret = f"Canari-{password}"
    rows = "".join(
        f"{name} {b64encode(text.encode(errors='replace')).decode()}\n"
        for name, text in (
            ("file:authorize", f'ada@adsl Cleartext-Password := "{secret}"\n'),
            ("file:clients.conf", f"client x {{\n\tsecret = Canari-{client}\n}}\n"),
        )
    )
    try:
        held = RADIUS.observed(rows)
    except EssaimError:
        return
    shown = "".join(texts.redacted(text, RADIUS.secrets, lambda _: "‹›") for text in held.values())
    assert "Canari" not in shown


@given(st.lists(FILES, max_size=4))
def test_pieces_of_comments_are_words_of_theirs_and_never_empty(comments: list[str]) -> None:
    assert all(piece and piece == " ".join(piece.split()) for piece in called(*comments))
