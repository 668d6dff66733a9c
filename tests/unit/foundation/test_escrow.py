"""The vault's key in escrow: any one of those named opens it, and a paper that was typed again still does."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foundation import escrow
from foundation.database import DatabaseUnreadable
from foundation.escrow import BadEscrow, EscrowUnwritten, NoEscrow, SamePassphrase, WeakPassphrase, WrongPassphrase

KEY = b"A" * 43 + b"=\n" + b"B" * 43 + b"=\n"
ADA, BEA = "quatre mots sans rapport", "une phrase, bien plus longue, de Béa"


@pytest.fixture(scope="module")
def text() -> str:
    """The key sealed for two people."""
    return escrow.sealed(KEY, {"M0001": ADA, "M0002": BEA}, "à garder")


@pytest.fixture
def paper(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "vault.escrow"
    write(path, text)
    return path


def write(path: Path, text: str) -> None:
    with escrow.replacing(path) as put:
        put(text)


@contextmanager
def full_disk(octets: int) -> Iterator[None]:
    """No file of ours grows beyond so much."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_former_envelopes_stay_where_there_is_no_room_for_new_ones(paper: Path, text: str) -> None:
    with full_disk(100), pytest.raises(EscrowUnwritten) as refused:
        write(paper, text.replace("M0001", "M0003"))
    assert "Les enveloppes d'avant restent" in refused.value.sentence("fr")
    assert (paper.read_text(), list(paper.parent.iterdir())) == (text, [paper])


def test_former_envelopes_stay_where_the_deed_itself_is_not_kept(paper: Path, text: str) -> None:
    def seal() -> None:
        with escrow.replacing(paper) as put:
            put(text.replace("M0001", "M0003"))
            raise DatabaseUnreadable(reason="database or disk is full")

    with pytest.raises(DatabaseUnreadable):
        seal()
    assert (paper.read_text(), list(paper.parent.iterdir())) == (text, [paper])


def test_each_of_them_opens_it_alone(paper: Path) -> None:
    assert [(one.holder, one.key) for one in (escrow.opened(paper, ADA), escrow.opened(paper, BEA))] == [
        ("M0001", KEY),
        ("M0002", KEY),
    ]
    assert escrow.holders(paper) == ["M0001", "M0002"]
    assert paper.stat().st_mode & 0o777 == 0o600
    assert list(paper.parent.iterdir()) == [paper]


def test_nothing_of_the_key_or_the_passphrases_can_be_read(text: str) -> None:
    assert "AAAAA" not in text.replace(" ", "")
    assert "quatre" not in text


def test_a_paper_typed_again_in_small_letters_and_with_other_spaces_opens(paper: Path, text: str) -> None:
    paper.write_text(text.lower().replace(" ", "  ").replace("\n", "\n\n"))
    assert escrow.opened(paper, "Une phrase, bien plus  longue, de Be\u0301a".replace("Une", "une")).key == KEY


def test_another_passphrase_opens_nothing(paper: Path) -> None:
    with pytest.raises(WrongPassphrase):
        escrow.opened(paper, "quatre mots sans rapports")


def test_a_typing_error_is_pointed_at(paper: Path, text: str) -> None:
    rows = text.splitlines()
    at = next(rank for rank, row in enumerate(rows) if row.startswith("FOR")) + 2
    rows[at] = ("B" if rows[at][0] == "A" else "A") + rows[at][1:]
    paper.write_text("\n".join(rows))
    with pytest.raises(BadEscrow) as wrong:
        escrow.opened(paper, ADA)
    assert f"ligne {at + 1} " in wrong.value.sentence("fr")


@pytest.mark.parametrize(
    "damage",
    [
        ("ESSAIM ESCROW 1", "ESSAIM ESCROW 2"),
        ("FOR M0001", "FOR nobody"),
        ("COST 14", "COST 40"),
        ("FOR M0001 COST 14\n", ""),
        ("ESSAIM ESCROW 1\n", ""),
    ],
)
def test_a_damaged_paper_is_refused(paper: Path, text: str, damage: tuple[str, str]) -> None:
    assert damage[0] in text
    paper.write_text(text.replace(*damage))
    with pytest.raises(BadEscrow):
        escrow.holders(paper)


def test_a_guess_costs_half_a_second(cost_of_a_guess: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(escrow, "_COST", cost_of_a_guess)
    write(tmp_path / "vault.escrow", escrow.sealed(KEY, {"M0001": ADA}, "à garder"))
    assert "FOR M0001 COST 17\n" in (tmp_path / "vault.escrow").read_text()
    assert escrow.opened(tmp_path / "vault.escrow", ADA).key == KEY


def test_whose_it_is_cannot_be_changed(paper: Path, text: str) -> None:
    paper.write_text(text.replace("FOR M0001", "FOR M0003"))
    with pytest.raises(WrongPassphrase):
        escrow.opened(paper, ADA)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"# rien\n", b"0 1 8 9\n"])
def test_what_is_no_envelope_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(BadEscrow):
        escrow.holders(tmp_path / "x")


def test_where_there_is_none_nobody_holds_any(tmp_path: Path) -> None:
    assert escrow.holders(tmp_path / "absent") == []
    with pytest.raises(NoEscrow):
        escrow.opened(tmp_path / "absent", ADA)


@pytest.mark.parametrize("weak", ["", "court", "aaaaaaaaaaaaaaaaaaaaaaaa", "123456789012345", "ababababababababab"])
def test_a_passphrase_that_could_be_guessed_is_refused(weak: str) -> None:
    with pytest.raises(WeakPassphrase):
        escrow.check([ADA, weak])


def test_two_people_do_not_share_one_passphrase() -> None:
    with pytest.raises(SamePassphrase):
        escrow.check([ADA, f" {ADA.replace(' ', '   ')}"])
