"""What the values of rules may be: each check says whether a text fits, and says to people what would."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Address, ip_address
from typing import Final

from foundation.speech import Phrase

LONGEST: Final = 200
_CREDITOR: Final = re.compile(r"FR[0-9]{2}[A-Z0-9]{3}[A-Z0-9]{6}")
_MACHINE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RATE: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,31})=(\d{1,5}(?:\.\d{1,3})?)/(\d{1,5}(?:\.\d{1,3})?)")


@dataclass(frozen=True, slots=True)
class Check:
    """What a rule's value must be: `fits` says whether a text is, `wanted` says it to people."""

    wanted: Phrase
    fits: Callable[[str], bool]


def whole(low: int, high: int) -> Check:
    """A whole number between two, both included."""

    def fits(text: str) -> bool:
        return text.isascii() and text.isdigit() and len(text) < 9 and low <= int(text) <= high

    return Check(Phrase(f"un nombre de {low} à {high}", f"a number from {low} to {high}"), fits)


def like(pattern: str, example: str) -> Check:
    """A text of a certain form, or nothing at all."""
    known = re.compile(pattern)

    def fits(text: str) -> bool:
        return not text or known.fullmatch(text) is not None

    return Check(Phrase(f"quelque chose comme {example}", f"something like {example}"), fits)


def creditor() -> Check:
    """A French SEPA creditor identifier, its check digits right (EPC262-08: ISO 7064, mod 97-10), or nothing at all."""

    def fits(text: str) -> bool:
        if not text:
            return True
        if _CREDITOR.fullmatch(text) is None:
            return False
        # The three characters of the business code are not among those that are checked.
        digits = "".join(str(int(sign, 36)) for sign in text[7:] + text[:4])
        return int(digits) % 97 == 1

    return Check(
        Phrase("l'identifiant que la banque donne, comme FR72ZZZ123456", "the bank's, such as FR72ZZZ123456"), fits
    )


def addresses(most: int) -> Check:
    """Up to so many IP addresses with a space between, or nothing at all."""

    def fits(text: str) -> bool:
        try:
            return len([ip_address(each) for each in text.split()]) <= most and len(text) <= LONGEST
        except ValueError:
            return False

    return Check(
        Phrase(f"au plus {most} adresses, comme 192.0.2.5", f"at most {most} addresses, such as 192.0.2.5"), fits
    )


def services(most: int) -> Check:
    """Up to so many addresses with a port, IPv6 ones in brackets, with a space between; or nothing at all."""

    def fits(text: str) -> bool:
        try:
            for each in text.split():
                host, _, port = each.rpartition(":")
                ip_address(host[1:-1] if host.startswith("[") and host.endswith("]") else IPv4Address(host))
                if not port.isascii() or not port.isdecimal() or not 0 < int(port[:6]) < 65536:
                    return False
        except ValueError:
            return False
        return len(text.split()) <= most and len(text) <= LONGEST

    return Check(
        Phrase(f"au plus {most} adresses et ports, comme 192.0.2.5:3323", f"at most {most}, such as 192.0.2.5:3323"),
        fits,
    )


def names(most: int) -> Check:
    """Up to so many names of machines with a space between, or nothing at all."""

    def fits(text: str) -> bool:
        named = text.split()
        return len(named) <= most and len(text) <= LONGEST and all(_MACHINE.fullmatch(each) for each in named)

    return Check(Phrase("des noms de machines, comme vpn lns", "names of machines, such as vpn lns"), fits)


def rates(most: Decimal) -> Check:
    """By offer, what a line may take and send in Mbit/s: `vpn=100/20 radio=30/7.5`; or nothing at all."""

    def fits(text: str) -> bool:
        said = [_RATE.fullmatch(each) for each in text.split()]
        offers = [one[1] for one in said if one]
        bounded = all(0 < Decimal(each) <= most for one in said if one for each in one.group(2, 3))
        return None not in said and bounded and len(set(offers)) == len(offers) and len(text) <= LONGEST

    return Check(Phrase("des débits par offre, comme vpn=100/20", "rates by offer, such as vpn=100/20"), fits)
