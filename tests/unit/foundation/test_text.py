"""Templates get what they are given and nothing else; a missing value is an error."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from foundation.text import TemplateFailed, render

Fill = Callable[..., str]


@pytest.fixture
def fill(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Fill]:
    """Fill in a template that is written for the test, in a package of its own."""
    package = f"room_{abs(hash(request.node.name))}"
    (tmp_path / package / "templates").mkdir(parents=True)
    (tmp_path / package / "__init__.py").touch()
    sys.path.insert(0, str(tmp_path))
    importlib.invalidate_caches()

    def filled(template: str, **facts: object) -> str:
        (tmp_path / package / "templates" / "it.j2").write_text(template)
        return render(package, "it.j2", facts)

    yield filled
    sys.path.remove(str(tmp_path))
    sys.modules.pop(package, None)


def test_facts_are_filled_in(fill: Fill) -> None:
    assert fill("Address = {{ address }}\n", address="198.51.100.7/32") == "Address = 198.51.100.7/32\n"


@pytest.mark.parametrize(
    "template",
    ["{{ absent }}", "{{ peer.absent }}", "{% for x in absent %}{% endfor %}", "{% if absent %}x{% endif %}"],
)
def test_a_value_that_is_missing_is_an_error_and_no_empty_text(fill: Fill, template: str) -> None:
    with pytest.raises(TemplateFailed) as refused:
        fill(template, peer={"label": "L0042"})
    assert "it.j2" in refused.value.sentence("fr")
    assert "Rien n'a été envoyé" in refused.value.sentence("fr")


@pytest.mark.parametrize(
    "template",
    [
        "{{ facts.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ facts.append(1) }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum.__globals__['os'] }}",
        "{{ '{0.__class__}'.format(facts) ~ facts.__class__.x }}",
    ],
)
def test_a_template_cannot_look_further_than_its_facts(fill: Fill, template: str) -> None:
    with pytest.raises(TemplateFailed):
        fill(template, facts=[1])


@pytest.mark.parametrize("template", ["{{ open", "{% frobnicate %}", "{{ 1 // 0 }}", "{% include 'other.j2' %}"])
def test_a_template_that_is_written_wrongly_is_refused(fill: Fill, template: str) -> None:
    with pytest.raises(TemplateFailed):
        fill(template)


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact, with something that is no fact."""

    label: str
    _hidden: str = "secret"

    def spoil(self) -> str:
        """No field, though it may be asked for."""
        return "spoilt"


def test_a_dataclass_gives_its_fields_and_keeps_what_is_hidden(fill: Fill) -> None:
    assert fill("{{ one.label }} {{ one.spoil() }}", one=Fact("L0042")) == "L0042 spoilt"
    for template in ("{{ one._hidden }}", "{{ one.__class__ }}", "{{ one.absent }}", "{{ one.__dataclass_fields__ }}"):
        with pytest.raises(TemplateFailed):
            fill(template, one=Fact("L0042"))
    assert fill("{{ '{0.label}'.format(one) }}", one=Fact("L0042")) == "L0042"
    with pytest.raises(TemplateFailed):
        fill("{{ '{0._hidden}'.format(one) }}", one=Fact("L0042"))


@dataclass(frozen=True, slots=True)
class Around:
    """A fact that holds another, in a plain mapping and by itself."""

    one: Fact
    named: dict[str, Fact]

    @property
    def both(self) -> str:
        """No field: the sandbox's own way."""
        return self.one.label + self.named["two"].label


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ it.one.label }} {{ it.named.two.label }} {{ it.both }}", "a b ab"),
        (
            "{% for each in [it.one, it.named.two] if each.label != 'a' %}{{ each.label }}{{ loop.last }}{% endfor %}",
            "bTrue",
        ),
        ("{% macro say(x) %}<{{ x.one.label }}>{% endmacro %}{{ say(it) }}", "<a>"),
        ("{% set x = it.one %}{{ x.label is defined }} {{ x.absent is defined }}", "True False"),
        ("{{ it.one.label.upper() }} {{ it.named | length }} {{ it['one'].label }}", "A 1 a"),
    ],
)
def test_fields_are_read_wherever_they_stand(fill: Fill, template: str, said: str) -> None:
    assert fill(template, it=Around(Fact("a"), {"two": Fact("b")})) == said


@pytest.mark.parametrize("name", ["class", "absent", "_hidden", "__init__", "named.two._hidden", "one.__class__"])
def test_what_is_no_field_is_refused_wherever_it_stands(fill: Fill, name: str) -> None:
    with pytest.raises(TemplateFailed):
        fill(f"{{{{ it.{name} }}}}", it=Around(Fact("a"), {"two": Fact("b")}))
