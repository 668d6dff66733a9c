"""Every way Essaim says no.

    EssaimError
    ├── Refused        the request cannot be granted as it is; nothing was changed      exit 1, 409
    │   └── Invalid    a value is not what it should be                                 exit 1, 422
    ├── NotFound       what was named does not exist                                    exit 3, 404
    ├── Unavailable    something outside does not answer                                exit 4, 503
    └── Forbidden      this person may not                                              exit 5, 403

Rooms raise subclasses that carry facts; doors say the sentence in the reader's language, with the
exit status or the problem document (`urn:essaim:problem:<kind>`, RFC 9457) of the class.
"""

from __future__ import annotations

from typing import ClassVar

from foundation.causes import in_words
from foundation.speech import Language, Phrase


class EssaimError(Exception):
    """The root. A subclass gives `kind` and `phrase`; an instance gives the phrase's values."""

    kind: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    phrase: ClassVar[Phrase] = Phrase("Essaim a rencontré une erreur.", "Essaim met an error.")

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.phrase.say("en", **facts))

    def sentence(self, language: Language) -> str:
        """What happened, what was left untouched and what to do, for a person."""
        reason = self.facts.get("reason")
        spoken = {"reason": in_words(reason)} if isinstance(reason, str) else {}
        return self.phrase.say(language, **self.facts | spoken)


class Refused(EssaimError):
    """The request cannot be granted as it is; nothing was changed."""

    kind = "refused"
    exit_status = 1
    http_status = 409


class Invalid(Refused):
    """A value given is not what it should be."""

    kind = "invalid"
    http_status = 422


class NotFound(EssaimError):
    """What was named does not exist."""

    kind = "not-found"
    exit_status = 3
    http_status = 404


class Unavailable(EssaimError):
    """Something outside does not answer. `permanent` when trying again cannot help."""

    kind = "unavailable"
    exit_status = 4
    http_status = 503
    permanent: ClassVar[bool] = False


class Forbidden(EssaimError):
    """This person may not do this."""

    kind = "forbidden"
    exit_status = 5
    http_status = 403
