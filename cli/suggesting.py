"""Whoever has no mandate for what they ask is told how to suggest it to whoever has."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from foundation.speech import Phrase
from inventory.rights import NotMandated


class SuggestInstead(NotMandated):
    """A deed that may be suggested, refused for want of the mandate."""

    kind = "suggest-instead"
    phrase = Phrase("{refusal} ; le suggérer : {command}", "{refusal}; to suggest it: {command}")


@contextmanager
def else_suggested(*words: str) -> Iterator[None]:
    """Where a mandate is wanting, say the command that suggests the same (`name 198.51.100.7 …`), if there is one.

    Raises SuggestInstead in the place of NotMandated.
    """
    try:
        yield
    except NotMandated as refused:
        if not words:
            raise
        refusal = Phrase.said(refused.sentence("fr"), refused.sentence("en"))
        raise SuggestInstead(refusal=refusal, command=f"essaim suggestion {shlex.join(words)}") from refused


def options(**said: str | None) -> list[str]:
    """What was said, as it is typed: `--place "…"`."""
    return [word for name, value in said.items() if value is not None for word in (f"--{name}", value)]
