"""What may be written down: names that stand in paths (`mezzanine/A`, `vpn/wg0`), descriptions, MAC addresses."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

from foundation.errors import Invalid
from foundation.speech import Phrase
from inventory import texts

_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")


class BadLabel(Invalid):
    """A text that cannot name anything."""

    kind = "bad-label"
    phrase = Phrase(
        "« {text} » ne peut pas servir de nom : il en faut un de {length} signes au plus, sans barre oblique, "
        "deux-points ni signe invisible. Rien n'a été changé.",
        "“{text}” cannot be a name: it takes one of {length} characters at most, without slash, colon or invisible "
        "ones. Nothing was changed.",
    )


class BadHostName(Invalid):
    """A text that cannot name a machine."""

    kind = "bad-host-name"
    phrase = Phrase(
        "« {text} » ne peut pas nommer une machine : lettres sans accent, chiffres, points et tirets. "
        "Par exemple : vpn2. Rien n'a été changé.",
        "“{text}” cannot name a machine: plain letters, digits, dots and hyphens. For example: vpn2. "
        "Nothing was changed.",
    )


class BadMac(Invalid):
    """A text that is no MAC address."""

    kind = "bad-mac"
    phrase = Phrase(
        "« {text} » n'est pas une adresse MAC comme 02:00:5e:10:00:01. Rien n'a été changé.",
        "“{text}” is not a MAC address such as 02:00:5e:10:00:01. Nothing was changed.",
    )


class OutOfRange(Invalid):
    """A number outside of what makes sense."""

    kind = "out-of-range"
    phrase = Phrase(
        "{amount} ne convient pas pour {what} : de {least} à {most}. Rien n'a été changé.",
        "{amount} will not do for {what}: from {least} to {most}. Nothing was changed.",
    )


class TooEarly(Invalid):
    """A day before what it would end or follow."""

    kind = "too-early"
    phrase = Phrase(
        "Le {day} est avant le {since}, où cela a commencé. Rien n'a été changé.",
        "{day} is before {since}, when this began. Nothing was changed.",
    )


def label(text: str, length: int) -> str:
    """A name that may stand in a path or a scope. Raises BadLabel."""
    plain = unicodedata.normalize("NFC", text).strip()
    if not plain or len(plain) > length or not plain.isprintable() or re.search(r"[/:*]", plain):
        raise BadLabel(text=shown(text), length=length)
    return plain


def host(text: str) -> str:
    """A machine's name. Raises BadHostName."""
    plain = text.strip()
    if not _HOST.fullmatch(plain):
        raise BadHostName(text=shown(text))
    return plain


def sentence(text: str, length: int = 200) -> str:
    """One line of text, which may be empty. Raises BadText."""
    return texts.checked(text, length, empty=True)


def mac(text: str) -> str:
    """A MAC address in its one spelling, `02:00:5e:10:00:01`, from any of the usual ones. Raises BadMac."""
    digits = re.sub(r"[\s:.-]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        raise BadMac(text=shown(text))
    return ":".join(digits[rank : rank + 2] for rank in range(0, 12, 2))


def within(amount: int, what: Phrase, least: int, most: int) -> int:
    """A number between two others, both allowed. Raises OutOfRange."""
    if not least <= amount <= most:
        raise OutOfRange(amount=amount, what=what, least=least, most=most)
    return amount


def not_before(day: date, since: date | None) -> date:
    """A day on which something that began may end. Raises TooEarly."""
    if since is not None and day < since:
        raise TooEarly(day=day, since=since)
    return day


def shown(text: str) -> str:
    """The beginning of a text that was refused, as a screen may show it."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:50])
