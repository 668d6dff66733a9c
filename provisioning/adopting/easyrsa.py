"""An existing CA, as easy-rsa keeps it: which certificates its `index.txt` says are revoked, and its `ca.crt`.

The CA itself is taken by `essaim ca import`: here one only learns of it, and who must stay out.
"""

from __future__ import annotations

from typing import Final

from cryptography import x509

from foundation.speech import Phrase
from inventory import easy_rsa
from inventory.exchange.records import Place
from provisioning.adopting.found import Certificate, Found, Unreadable

_NOT_A_CERTIFICATE: Final = Phrase("ce n'est pas un certificat.", "this is no certificate.")
_SIGNED: Final = Phrase(
    "{count} certificats, dont {revoked} révoqués. Reprendre l'autorité elle-même : essaim ca import",
    "{count} certificates, {revoked} of them revoked. To take the authority itself over: essaim ca import",
)
_AUTHORITY: Final = Phrase(
    "une autorité de certification, « {subject} », jusqu'au {until} : sa clé reste où elle est.",
    "a certification authority, “{subject}”, until {until}: its key stays where it is.",
)


def read_index(file: str, text: str) -> Found:
    """The certificates that a CA signed. Raises BadIndex."""
    found = Found()
    issued = easy_rsa.read_index(text)
    found.certificates += (Certificate(one.name, one.revoked_at is not None, Place(file, 0)) for one in issued)
    revoked = sum(one.revoked for one in found.certificates)
    found.tell(file, 0, _SIGNED, count=len(issued), revoked=revoked)
    return found


def read_authority(file: str, text: str) -> Found:
    """The CA's own certificate: told. Raises Unreadable."""
    found = Found()
    try:
        certificate = x509.load_pem_x509_certificate(text.encode())
    except ValueError as wrong:
        raise Unreadable(file=file, line=1, reason=_NOT_A_CERTIFICATE) from wrong
    subject = certificate.subject.rfc4514_string()
    found.tell(file, 0, _AUTHORITY, subject=subject, until=certificate.not_valid_after_utc)
    return found
