"""What a bank prints, made comparable: letters without accents, no boilerplate, references whole or damaged."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from billing.reference import reference_of

_LIGATURES: Final = str.maketrans({"’": " ", "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ł": "l", "Ł": "L"})
_APART: Final = re.compile(r"[^0-9A-Z]+")
_BARE: Final = re.compile(r"[^0-9A-Z]")
_TITLES: Final = frozenset({"M", "MR", "MME", "MLLE", "MM", "MONSIEUR", "MADAME", "MELLE", "MX"})
_JOINS: Final = frozenset({"OU", "ET", "AND", "OR"})
_BOILERPLATE: Final = re.compile(
    r"^(?:(?:VIR(?:EMENT)?S?|SEPA|INST(?:ANTANE)?E?|RECU|RE|EN VOTRE FAVEUR|PERMANENT|WEB|DE|EMIS PAR|PAR|\d{6,}S?) )+"
)
_PAYER: Final = re.compile(r"(?:/DE|\bDE ?:) *(.*?) *(?:/MOTIF|MOTIF ?:|DATE ?:|/REF|$)(.*)$", re.IGNORECASE)
_OWN_MARKS: Final = re.compile(r"(?:/REF|\bREF ?:) *(?:NOTPROVIDED|[0-9]{8,})? *$|\bNOTPROVIDED\b", re.IGNORECASE)
PARTICLES: Final = frozenset(
    {"DE", "LA", "LE", "DU", "DES", "D", "L", "EL", "DA", "VAN", "DEN", "VON", "BEN", "N", "LES", "SAINT", "AUX", "A"}
)
_REFERENCE: Final = re.compile(r"(?=(RF[0-9]{2}M[0-9]{4,9}))")
_WRITTEN: Final = re.compile(r"R[\W_]*F(?:[\W_]*[0-9]){2}[\W_]*M(?:[\W_]*[0-9]){4,9}(?![0-9A-Z])", re.IGNORECASE)
_DAMAGED: Final = re.compile(r"R ?F ?[0-9O]{1,2} ?M? ?[0-9OM ]{0,8}")
_NUMBERED: Final = re.compile(
    r"\b(?:ADHERENTE?|ADH|MEMBRE|MEMBER|SOCIETAIRE|N ADH|ADH N)S? ?(?:N|NO|NUM)? ?([0-9]{1,6})\b"
)
_BY_LETTER: Final = re.compile(r"(?:\b|(?<=RF[0-9]{2}))M ?([0-9]{1,6})(?![0-9])")


def folded(text: str) -> str:
    """Capitals, digits and single blanks: what is left of any writing of the same words."""
    plain = unicodedata.normalize("NFD", text.translate(_LIGATURES))
    return _APART.sub(" ", plain.encode("ascii", "ignore").decode().upper().replace("'", " ")).strip()


@dataclass(frozen=True, slots=True)
class Said:
    """A movement's words. `holder` is who pays as far as it can be told apart, `motif` what they wrote."""

    whole: str
    holder: str
    motif: str
    tokens: frozenset[str]
    told: str
    cut: str

    @property
    def squeezed(self) -> str:
        """All of it without blanks: banks wrap lines in the middle of words."""
        return self.whole.replace(" ", "")


def said_of(label: str, payer: str) -> Said:
    """The words of a label and of the payer's field, which may be empty."""
    return _said(label, payer)


@lru_cache(maxsize=20_000)
def _said(label: str, payer: str) -> Said:
    marked = _OWN_MARKS.sub("", label)
    apart = _PAYER.search(marked)
    who = folded(payer)
    if apart:
        who, motif = who or folded(apart[1]), folded(apart[2])
    else:
        motif = _BOILERPLATE.sub("", folded(marked) + " ").strip()
        if who and motif.startswith(who):
            motif = motif[len(who) :].strip()
    line = f"{who} {motif}".strip()
    tokens = line.split()
    # What is told each time: words alone, since numbers are days, amounts and the bank's own.
    told = " ".join(one for one in (_BOILERPLATE.sub("", folded(marked) + " ")).split() if not one.isdigit())
    return Said(line, who, motif, frozenset(tokens), told, tokens[-1] if tokens else "")


def payer_key(said: Said, *, most: int = 3) -> str:
    """The first words of who pays, titles included, for banks that give neither field nor account."""
    return " ".join((said.holder or said.motif).split()[:most])


def named(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A person's given names and surnames, folded: capitals tell a surname that stands first."""
    words = name.split()
    if len(words) > 1 and len(words[0]) > 1 and words[0].isupper() and not words[-1].isupper():
        capitals = next(rank for rank, word in enumerate(words) if not word.isupper())
        given, surname = words[capitals:], words[:capitals]
    else:
        given, surname = words[:1], words[1:]
    return tuple(folded(" ".join(given)).split()), tuple(folded(" ".join(surname)).split())


def initials_and_names(text: str) -> tuple[str, ...]:
    """The words of a holder that are neither titles nor joints."""
    return tuple(word for word in text.split() if word not in _TITLES and word not in _JOINS)


def joint(text: str) -> bool:
    """Whether an account's holder is two people."""
    return any(word in _JOINS for word in text.split())


def valid_references(texts: Iterable[str]) -> tuple[int, ...]:
    """The members' numbers that valid references name in these texts, wherever blanks and signs fall."""
    found = dict[int, None]()
    for text in texts:
        for one in _REFERENCE.finditer(_BARE.sub("", text.upper())):
            for end in range(9, len(one[1]) + 1):
                number = int(one[1][5:end])
                if reference_of(number) == one[1][:end]:
                    found[number] = None
    return tuple(found)


def exact_references(texts: Iterable[str]) -> tuple[int, ...]:
    """As `valid_references`, but only those right after which no letter or digit follows: nothing was run together."""
    found = dict[int, None]()
    for text in texts:
        for one in _WRITTEN.finditer(text):
            plain = _BARE.sub("", one[0].upper())
            if plain == reference_of(int(plain[5:])):
                found[int(plain[5:])] = None
    return tuple(found)


def hinted_numbers(texts: Iterable[str]) -> tuple[int, ...]:
    """Numbers written as a member's, without a valid reference: `M0042`, `adhérent n° 42`."""
    found = dict[int, None]()
    for text in texts:
        plain = folded(text)
        for pattern in (_NUMBERED, _BY_LETTER):
            for one in pattern.finditer(plain):
                found[int(one[1])] = None
    return tuple(found)


def mended(texts: Iterable[str], references: Mapping[str, int]) -> tuple[int, ...]:
    """Members whose reference is one slip away from one that is written: a sign wrong, lost, or two exchanged."""
    found = dict[int, None]()
    for text in texts:
        for one in _DAMAGED.finditer(folded(text)):
            plain = _BARE.sub("", one[0]).replace("O", "0")
            for length in (9, 8, 10):
                if len(plain) >= length:
                    for variant in _slips(plain[:length]):
                        if variant in references:
                            found[references[variant]] = None
            if len(plain) == 8 and plain[4] == "M":  # cut: the last digit may be any
                for digit in "0123456789":
                    if plain + digit in references:
                        found[references[plain + digit]] = None
    return tuple(found)


def _slips(text: str) -> Iterable[str]:
    yield text
    for at in range(2, len(text)):
        for digit in "0123456789":
            yield text[:at] + digit + text[at + 1 :]
            yield text[:at] + digit + text[at:]
        yield text[:at] + text[at + 1 :]
        if at + 1 < len(text):
            yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]
