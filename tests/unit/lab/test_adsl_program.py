from __future__ import annotations

import json
import subprocess
import sys

import pytest

from lab.adsl.client import BadSettings, Settings

GOOD = {"lns": "100.64.2.1", "login": "alice@fai.example", "secret": "tunsecret", "password": "s3cret-pw"}


def test_the_two_secrets_show_in_no_representation():
    shown = repr(Settings.read(json.dumps({**GOOD, "routed": ["203.0.113.64/29"]})))
    assert "s3cret-pw" not in shown
    assert "tunsecret" not in shown


@pytest.mark.parametrize(
    "given",
    ["", "[]", "null", "{}", json.dumps({**GOOD, "lns": "lns.example"}), json.dumps({**GOOD, "routed": ["x"]})],
)
def test_a_description_that_is_not_one_is_refused(given):
    with pytest.raises(BadSettings):
        Settings.read(given)


def test_the_program_refuses_nonsense_in_one_sentence_and_says_nothing_of_what_it_was_given():
    given = json.dumps({**GOOD, "lns": "s3cret-pw"})
    done = subprocess.run(
        [sys.executable, "-m", "lab.adsl"], input=given, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["reason"] == "bad-home"
    assert done.stderr.count("\n") == 1
    assert "s3cret-pw" not in done.stdout + done.stderr
