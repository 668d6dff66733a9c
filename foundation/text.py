"""The one Jinja environment: sandboxed, strict, and unable to look further than the facts it is given."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from jinja2 import PackageLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from foundation.errors import Refused
from foundation.speech import Phrase

_TRIM: Final = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}


class TemplateFailed(Refused):
    """A template could not be rendered: a value is missing, or it is written wrongly."""

    kind = "template-failed"
    phrase = Phrase(
        "Le modèle {template} ne peut pas être rempli : {reason}. Rien n'a été envoyé.",
        "Template {template} cannot be filled in: {reason}. Nothing was sent.",
    )


def render(package: str, template: str, facts: Mapping[str, object]) -> str:
    """Fill in a template of `<package>/templates` with plain values.

    A name that the facts lack is an error, never an empty text. Raises TemplateFailed.
    """
    try:
        return _environment(package).get_template(template).render(facts)
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as wrong:
        raise TemplateFailed(template=template, reason=str(wrong)) from wrong


@cache
def _environment(package: str) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=PackageLoader(package, "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # configurations, not HTML: the portal has an escaping environment of its own
        **_TRIM,
    )
