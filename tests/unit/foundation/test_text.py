"""Templates get what they are given and nothing else; a missing value is an error."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
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
