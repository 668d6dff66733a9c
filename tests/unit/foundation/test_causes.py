"""What the system says of why it refuses is French in a French sentence, wherever it was said."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import door
from foundation.causes import exhausted, in_words
from foundation.errors import Unavailable
from foundation.reach import CommandFailed, MachineUnreachable


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EMFILE, errno.ENFILE, errno.EDQUOT])
def test_a_system_that_refuses_has_words_in_french_and_its_own_in_english(number: int) -> None:
    failed = OSError(number, os.strerror(number), "/var/lib/essaim")
    said = in_words(str(failed))
    assert exhausted(failed) == (number != errno.EACCES)
    assert os.strerror(number) not in said.say("fr")
    assert said.say("en").startswith(os.strerror(number))
    assert "Errno" not in said.say("fr") + said.say("en")


def test_a_full_disk_of_a_machine_is_said_in_the_readers_language() -> None:
    full = CommandFailed(machine="vpn", command="cat", reason="cat: /x: No space left on device")
    assert full.sentence("fr") == "Sur vpn, « cat » a échoué : cat: /x: plus de place sur le disque"
    assert full.sentence("en") == "On vpn, “cat” failed: cat: /x: No space left on device"
    closed = MachineUnreachable(machine="vpn", reason="ssh: connect to host 192.0.2.4 port 22: Connection refused")
    assert "connexion refusée" in closed.sentence("fr")


def test_this_machines_own_full_disk_is_no_fault_of_the_programs(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESSAIM_LANG", "fr")
    assert door._own_up(OSError(errno.ENOSPC, "No space left on device")) == Unavailable.exit_status
    assert "plus de place sur le disque" in capsys.readouterr().err
    assert door._own_up(OSError(errno.EROFS, "Read-only file system", "/x")) == Unavailable.exit_status
    assert "/x (le disque est en lecture seule)" in capsys.readouterr().err
    assert door._own_up(ValueError("someone's name")) == 1


@given(st.text())
def test_any_other_text_stays_as_it_is(text: str) -> None:
    said = in_words(text)
    if said.say("fr") != said.say("en"):
        assert any(os.strerror(number) in text for number in errno.errorcode)
    elif "[Errno" not in text:
        assert said.say("en") == text
