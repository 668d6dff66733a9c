"""The one Jinja environment: sandboxed, strict, and unable to look further than the facts it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from keyword import iskeyword
from pathlib import Path
from typing import Final

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    nodes,
)
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from foundation.errors import Refused
from foundation.speech import Phrase

_overriding: ContextVar[Path | None] = ContextVar("overriding", default=None)
"""The folder whose templates come before a package's own, for what this thread does."""

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
        return environment(package, _overriding.get()).get_template(template).render(facts)
    except TemplateSyntaxError as wrong:
        where = f"{wrong.name or template}:{wrong.lineno}"
        raise TemplateFailed(template=where, reason=wrong.message) from wrong
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as wrong:
        raise TemplateFailed(template=template, reason=str(wrong)) from wrong


@contextmanager
def overriding(folder: Path | None) -> Iterator[None]:
    """While inside, in this thread, templates of that folder take the place of a package's own of the same name."""
    before = _overriding.set(folder)
    try:
        yield
    finally:
        _overriding.reset(before)


class _Fields(dict[type, frozenset[str]]):
    """The public fields of a dataclass; of anything else none, but for what a loop says of itself."""

    def __missing__(self, kind: type) -> frozenset[str]:
        names = getattr(kind, "__dataclass_fields__", _LOOP if kind is LoopContext else ())
        self[kind] = frozenset(name for name in names if not name.startswith("_"))
        return self[kind]


_LOOP: Final = ("first", "last", "index", "index0", "length")


class _Reading(CodeGenerator):
    """Writes a template's code so that a dataclass's own field is read where it stands; all else asks the sandbox."""

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - as Jinja calls it
        """`peer.label`."""
        if iskeyword(node.attr):
            return super().visit_Getattr(node, frame)
        self.write(f"(_fact.{node.attr} if {node.attr!r} in environment.fields[type(_fact := ")
        self.visit(node.node, frame)
        return self.write(f")] else environment.getattr(_fact, {node.attr!r}))")


class Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, which knows at once that a dataclass's own field is a fact: large texts ask for half a million."""

    code_generator_class = _Reading
    fields: Final = _Fields()


@cache
def environment(package: str, folder: Path | None = None) -> ImmutableSandboxedEnvironment:
    """What fills in a package's templates; with `folder`, those in it come first."""
    own: BaseLoader = PackageLoader(package, "templates")
    return Sandbox(
        loader=own if folder is None else ChoiceLoader([FileSystemLoader(folder), own]),
        undefined=StrictUndefined,
        autoescape=False,  # configurations, not HTML: the portal has an escaping environment of its own
        **_TRIM,
    )
