"""What is given to Prometheus is OpenMetrics, and every figure that a dashboard shows is one that is given."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.openmetrics import Family, families, name_of, text
from monitoring.series import Measure

ROOT = Path(__file__).parents[3]
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9.e+-]+)")
"""A row of the exposition, by the grammar of OpenMetrics 1.0."""


def parsed(said: str) -> dict[str, tuple[str, dict[str, float]]]:
    """Read an exposition strictly: each family once and in one piece, TYPE first, no sample twice, EOF at the end."""
    rows = said.split("\n")
    assert rows[-2:] == ["# EOF", ""]
    found: dict[str, tuple[str, dict[str, float]]] = {}
    name = kind = ""
    for row in rows[:-2]:
        assert row
        if described := re.fullmatch(rf"# (TYPE|UNIT|HELP) ({NAME}) (.*)", row):
            what, whose, words = described.groups()
            if what == "TYPE":
                assert whose not in found
                assert words in ("gauge", "counter")
                name, kind = whose, words
                found[name] = kind, {}
            if what == "UNIT":
                assert words
                assert whose.endswith(f"_{words}"), "the name of a metric ends with its unit"
            assert whose == name
            assert re.fullmatch(r'(?:[^"\\\n]|\\[\\n"])*', words)
            continue
        sample = SAMPLE.fullmatch(row)
        assert sample, row
        assert sample[1] == (f"{name}_total" if kind == "counter" else name)
        labels = sample[2] or ""
        names = [one.partition("=")[0] for one in re.findall(LABEL, labels)]
        assert len(names) == len(set(names))
        assert labels not in found[name][1]
        assert kind == "gauge" or float(sample[3]) >= 0
        found[name][1][labels] = float(sample[3])
    return found


words = st.text(max_size=20)
measures = st.builds(
    Measure,
    st.sampled_from(["ifHCInOctets", "ifInErrors", "temperature", "load5", "upsOutputPower", "é-x"]),
    words,
    st.sampled_from(["octets", "millidegrees", "hundredths", "milliwatts", "state"]),
    st.integers(-(2**63), 2**64 - 1),
)


@given(st.dictionaries(words, st.lists(measures, max_size=8), max_size=4))
def test_whatever_machines_say_it_is_openmetrics(told: dict[str, list[Measure]]) -> None:
    parsed(text(families(told)))


def test_figures_are_in_their_base_units_and_counters_are_counters() -> None:
    told = [
        Measure("ifHCInOctets", 'eth0 "a"\\', "octets", 2**64 - 1),
        Measure("temperature", "CPU", "millidegrees", 71_500),
        Measure("load5", "", "hundredths", 150),
    ]
    found = parsed(text(families({"vpn": told})))
    assert found["essaim_temperature"] == ("gauge", {'device="vpn",instance="CPU"': 71.5})
    assert found["essaim_load5"][1] == {'device="vpn"': 1.5}
    assert found["essaim_if_hc_in_octets"][0] == "counter"
    assert str(2**64 - 1) in text(families({"vpn": told})), "to the last digit"


def test_what_is_no_exposition_would_be_seen() -> None:
    with pytest.raises(AssertionError):
        parsed("a 1\n# EOF\n")
    twice = Family("a", "gauge", "a")
    twice.put(1)
    with pytest.raises(AssertionError):
        parsed(text([twice, twice]))


def test_every_figure_of_a_dashboard_is_one_that_is_given() -> None:
    modules = "".join(path.read_text() for path in (ROOT / "monitoring/snmp/modules").glob("*.py"))
    own = (ROOT / "desk/metrics.py").read_text()
    given_names = {name_of(one) for one in re.findall(r'"([a-z][A-Za-z0-9]+)"', modules)}
    given_names |= set(re.findall(r'"(essaim_[a-z_]+)"', own))
    paths = sorted((ROOT / "monitoring/dashboards").glob("*.json"))
    assert len(paths) == 2
    for path in paths:
        board = json.loads(path.read_text())
        for panel in board["panels"]:
            for target in panel["targets"]:
                for name in re.findall(r"essaim_[a-z0-9_]+", target["expr"]):
                    assert name.removesuffix("_total") in given_names, (path.name, name)
