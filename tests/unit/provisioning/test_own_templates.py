"""An association's own templates: they come before ours, and what is wrong with them is said before a machine is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from foundation import text
from foundation.text import TemplateFailed
from inventory import devices
from provisioning import own_templates, targets
from provisioning.artifact import Target
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.own_templates import NoSuchTemplate, Weight
from provisioning.specimens import SPECIMENS

NAME = "wireguard/debian.j2"


@pytest.fixture
def ours() -> str:
    return own_templates.source(Path("/nonexistent"), NAME)


def write(folder: Path, source: str, name: str = NAME) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    return folder


def said(folder: Path) -> list[tuple[int, str, str]]:
    return [(one.line, str(one.weight), one.what.en) for one in own_templates.check(folder)]


def wanted(association: Any) -> str:
    target = Target(devices.machine(association.vpn), WIREGUARD)
    found = targets.wanted(association.session, association.vpn, target, association.later)
    return found.desired["wg0.conf"]


def test_theirs_takes_the_place_of_ours_and_goes_back_when_it_is_gone(
    association: Any, tmp_path: Path, ours: str
) -> None:
    plain = wanted(association)
    association.session.info["templates"] = write(tmp_path, "# ours, says the association\n" + ours)
    assert wanted(association) == "# ours, says the association\n" + plain
    (tmp_path / NAME).unlink()
    assert wanted(association) == plain


def test_a_template_that_breaks_says_its_line_and_gives_no_text(association: Any, tmp_path: Path) -> None:
    association.session.info["templates"] = write(tmp_path, "[Interface]\n{% if %}\n")
    with pytest.raises(TemplateFailed, match=rf"{NAME}:2"):
        wanted(association)


def test_one_of_theirs_may_include_another_and_nothing_outside(association: Any, tmp_path: Path, ours: str) -> None:
    write(tmp_path, "# shared\n", "parts/top.j2")
    association.session.info["templates"] = write(tmp_path, '{% include "parts/top.j2" %}\n' + ours)
    assert wanted(association).startswith("# shared\n")
    write(tmp_path, '{% include "../../../etc/passwd" %}\n' + ours)
    with pytest.raises(TemplateFailed):
        wanted(association)


@pytest.mark.parametrize("source", ["{{ server.__class__.__mro__ }}\n", "{{ server.peers.__init__.__globals__ }}\n"])
def test_a_template_sees_its_facts_and_nothing_else(source: str, tmp_path: Path) -> None:
    with text.overriding(write(tmp_path, source)), pytest.raises(TemplateFailed):
        text.render("provisioning", NAME, SPECIMENS[NAME].facts)


def test_outside_the_folder_is_used_by_nobody(tmp_path: Path) -> None:
    with text.overriding(write(tmp_path, "theirs\n")):
        assert text.render("provisioning", NAME, {}) == "theirs\n"
    with pytest.raises(TemplateFailed):
        text.render("provisioning", NAME, {})


def test_our_own_templates_pass_their_check(tmp_path: Path) -> None:
    for name in SPECIMENS:
        write(tmp_path, own_templates.source(tmp_path, name, ours=True), name)
    assert said(tmp_path) == []


def test_syntax_is_said_by_its_line(tmp_path: Path, ours: str) -> None:
    write(tmp_path, ours + "{% endfor %}\n")
    (found,) = said(tmp_path)
    assert found[:2] == (ours.count("\n") + 1, "error")


def test_what_does_not_exist_is_said_by_its_line_and_what_is_left_out_too(tmp_path: Path, ours: str) -> None:
    write(tmp_path, ours.replace("peer.keepalive", "peer.keep_alive"))
    found = said(tmp_path)
    line = next(rank for rank, row in enumerate(ours.splitlines(), start=1) if "keepalive" in row)
    assert (line, "error", "server.peers[].keep_alive does not exist: this template will not fill in") in found
    assert (0, "remark", "server.peers[].keepalive is in our template, not in yours") in found


def test_a_fact_in_a_branch_that_no_specimen_takes_is_still_looked_for(tmp_path: Path, ours: str) -> None:
    write(tmp_path, ours + "{% if false %}{{ nobody.knows }}{% endif %}\n")
    assert [one for one in said(tmp_path) if one[1] == "error"] == [
        (ours.count("\n") + 1, "error", "nobody does not exist: this template will not fill in")
    ]


def test_a_secret_that_would_stand_in_the_open_is_refused(tmp_path: Path, ours: str) -> None:
    write(tmp_path, ours.replace("PrivateKey = {{", "PrivateKey={{"))
    assert [one[2] for one in said(tmp_path) if one[1] == "error"] == [
        "a secret would stand in the open in diffs: write it as our template does, where Essaim knows how to hide it"
    ]


def test_lines_that_essaim_no_longer_finds_are_said(tmp_path: Path, ours: str) -> None:
    write(tmp_path, ours.replace("# {{ peer.label }}", "; {{ peer.label }}"))
    (found,) = [one for one in said(tmp_path) if one[1] == "error"]
    assert "L0001, L0002, L0003" in found[2]


def test_a_text_without_its_end_of_line_is_refused(tmp_path: Path, ours: str) -> None:
    write(tmp_path, ours + "{{- '#' -}}")
    assert "does not end with an end of line" in [one[2] for one in said(tmp_path)]


def test_a_file_that_nothing_uses_is_said(tmp_path: Path) -> None:
    write(tmp_path, "x\n", "wireguard/openbsd.j2")
    assert [(line, weight) for line, weight, _ in said(tmp_path)] == [(0, str(Weight.REMARK))]


def test_a_template_that_cannot_be_tried_is_compared_with_ours_and_said(tmp_path: Path) -> None:
    ours = own_templates.source(tmp_path, "handout/ppp.sheet.j2")
    write(tmp_path, ours.replace("handout.login", "handout.user"), "handout/ppp.sheet.j2")
    line = ours.partition("handout.login")[0].count("\n") + 1
    found = said(tmp_path)
    assert (line, "remark", "handout.user is no fact that our template uses: check that it exists") in found
    assert (0, "remark", "handout.login is in our template, not in yours") in found
    assert any("nothing to try it with" in what for _, _, what in found)


def test_the_list_says_which_are_theirs(tmp_path: Path, ours: str) -> None:
    write(tmp_path, ours)
    found = {one.name: one for one in own_templates.listed(tmp_path)}
    assert found[NAME].theirs == str(tmp_path / NAME)
    assert found["dns/zone.j2"].theirs is None
    with pytest.raises(NoSuchTemplate):
        own_templates.source(tmp_path, "../../../etc/passwd")
