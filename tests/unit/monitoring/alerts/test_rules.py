"""The rules file: what it may say, what comes over the defaults, and how it says no."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from monitoring.alerts.rules import BadRules, Rules, Severity, Watch, check_rules, default_rules, read_rules, written


def put(folder: Path, text: str) -> Path:
    (folder / "alerts.toml").write_text(text)
    return folder / "alerts.toml"


def test_without_a_file_the_defaults_are_in_force(tmp_path: Path) -> None:
    rules = read_rules(tmp_path)
    assert rules == default_rules()
    assert {one.watch for one in rules.rules} == set(Watch)
    assert rules.every == timedelta(minutes=15)


def test_what_a_file_does_not_say_stays_as_it_is(tmp_path: Path) -> None:
    put(
        tmp_path,
        "[disk-full]\nabove = 95\nclear = 93\n[copper-vanished]\nenabled = false\n[digest]\nevery_minutes = 5\n",
    )
    rules = read_rules(tmp_path)
    named = rules.named()
    assert (named["disk-full"].above, named["disk-full"].cycles) == (95, 3)
    assert "copper-vanished" not in named
    assert named["link-down"] == default_rules().named()["link-down"]
    assert rules.every == timedelta(minutes=5)


def test_a_rule_of_ones_own_is_a_few_rows(tmp_path: Path) -> None:
    put(
        tmp_path,
        '[load]\nwatch = "value"\nmetric = "load5"\ndevices = "vpn*"\ntimes = 0.01\nabove = 8\nseverity = "urgent"\n',
    )
    rule = read_rules(tmp_path).named()["load"]
    assert rule.severity is Severity.URGENT
    assert rule.looks_at("vpn2")
    assert not rule.looks_at("core")


def test_what_is_printed_is_a_file_that_says_the_same(tmp_path: Path) -> None:
    def same(rules: Rules) -> None:
        assert check_rules(put(tmp_path, written(rules))) == rules

    same(default_rules())
    own = put(
        tmp_path, '[disk-full]\ninstance = "/srv/\\"a\\"*"\nabove = 99.5\n[a]\nwatch = "credential"\nkinds = ["ca"]\n'
    )
    same(check_rules(own))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "TOML"),
        ("disk = 3", "[nom]"),
        ("[x]\nabove = 3", "watch"),
        ('[x]\nwatch = "what"', "silence"),
        ("[disk-full]\nabov = 3", "abov"),
        ('[disk-full]\nabove = "3"', "nombre"),
        ("[disk-full]\nclear = 99", "ne finirait jamais"),
        ("[disk-full]\ncycles = 0", "au moins 1"),
        ("[disk-full]\ncycles = true", "au moins 1"),
        ('[x]\nwatch = "value"\nmetric = "a"', "above"),
        ('[x]\nwatch = "value"\nabove = 1', "metric"),
        ('[disk-full]\nseverity = "dire"', "urgent"),
        ("[digest]\nevery = 3", "every_minutes"),
        ("[digest]\nevery_minutes = -3", "au moins 1"),
        ('["a b"]\nwatch = "link"', "lettres"),
        ("[disk-full]\nabove = nan", "nombre"),
        ('[disk-full]\ndevices = "a\\nb"', "texte"),
    ],
)
def test_what_a_file_says_wrongly_is_said_by_its_name(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadRules) as wrong:
        check_rules(put(tmp_path, text))
    assert said in wrong.value.sentence("fr")
    assert wrong.value.sentence("en")
