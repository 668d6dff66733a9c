"""X.509 (RFC 5280), purely: authorities, what they sign, and the lists of what they took back. No table is known here.

Keys that we make are ECDSA on P-256; an association's own authority signs with whatever key it has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SigningKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

SKEW: Final = timedelta(hours=1)
"""A box whose clock is a little behind takes a certificate of today."""
LEAST_RSA_BITS: Final = 2048

_REASONS: Final = {
    "ended": x509.ReasonFlags.cessation_of_operation,
    "replaced": x509.ReasonFlags.superseded,
    "stolen": x509.ReasonFlags.key_compromise,
}


class Unusable(ValueError):
    """A text that is not what it should be: a certificate, a key or a request; or one too weak to serve."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate as text (PEM), and what is written down of it. `serial` and `fingerprint` are in hexadecimal."""

    text: str
    serial: str
    not_before: datetime
    not_after: datetime
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority that can sign."""

    certificate: x509.Certificate
    key: SigningKey = field(repr=False)

    @classmethod
    def read(cls, certificate: str, key: str, passphrase: str | None = None) -> Signer:
        """From two texts (PEM). Raises Unusable: no such texts, not a pair, not an authority's."""
        held = read_certificate(certificate)
        try:
            secret = serialization.load_pem_private_key(key.encode(), passphrase.encode() if passphrase else None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
            raise Unusable("key") from wrong
        if not isinstance(secret, SigningKey):
            raise Unusable("key")
        if _octets(secret.public_key()) != _octets(_checked(held.public_key())):
            raise Unusable("pair")
        try:
            basic = held.extensions.get_extension_for_class(x509.BasicConstraints).value
        except x509.ExtensionNotFound as absent:
            raise Unusable("authority") from absent
        if not basic.ca:
            raise Unusable("authority")
        return cls(held, secret)

    @property
    def facts(self) -> Signed:
        """What is written down of the authority itself."""
        return _signed(self.certificate)


def encrypted(key: str) -> bool:
    """Whether a private key's text needs a passphrase."""
    return "ENCRYPTED" in key


def new_key() -> tuple[ec.EllipticCurvePrivateKey, str]:
    """A fresh key, and its text (PKCS #8) with the whole of it on one row."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key, one_row(key_text(key))


def key_text(key: SigningKey) -> str:
    """A private key as text, for the vault."""
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*form).decode()


def one_row(pem: str) -> str:
    """The same text with its body on one row: what shows secrets as fingerprints works by rows."""
    first, *body, last = pem.strip().splitlines()
    return f"{first}\n{''.join(body)}\n{last}\n"


def found(name: str, at: datetime, lasts: timedelta) -> tuple[Signer, str]:
    """A new authority of that name, and its key's text."""
    key = ec.generate_private_key(ec.SECP256R1())
    whole = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = _usage(key_cert_sign=True, crl_sign=True)
    made = (
        _builder(whole, whole, key.public_key(), at, at + lasts)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Signer(made, key), key_text(key)


def sign(signer: Signer, name: str, key: PublicKey, at: datetime, lasts: timedelta, *, server: bool = False) -> Signed:
    """A certificate of that common name for a client, or for a server. It never outlives its authority."""
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    whole = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    until = min(at + lasts, signer.certificate.not_valid_after_utc)
    made = (
        _builder(whole, signer.certificate.subject, key, at, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(_authority_key(signer), critical=False)
        .sign(signer.key, _hash(signer.key))
    )
    return _signed(made)


def list_revoked(
    signer: Signer, number: int, at: datetime, until: datetime, revoked: Iterable[tuple[str, datetime, str]]
) -> str:
    """A signed revocation list (PEM): each serial with when it was revoked, and why."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(signer.certificate.subject)
        .last_update(at.replace(microsecond=0))
        .next_update(until.replace(microsecond=0))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_authority_key(signer), critical=False)
    )
    for serial, when, why in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(when)
        if why in _REASONS:
            entry = entry.add_extension(x509.CRLReason(_REASONS[why]), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(signer.key, _hash(signer.key)).public_bytes(serialization.Encoding.PEM).decode()


def read_certificate(text: str) -> x509.Certificate:
    """A certificate from its text (PEM), whatever stands around it. Raises Unusable."""
    try:
        return x509.load_pem_x509_certificate(text.encode())
    except (ValueError, UnsupportedAlgorithm) as wrong:
        raise Unusable("certificate") from wrong


def requested(text: str) -> PublicKey:
    """The public key of a signing request (PKCS #10), or a public key as it is. Raises Unusable.

    Nothing else of a request counts: the name is ours to say.
    """
    try:
        if "CERTIFICATE REQUEST" not in text:
            return _checked(serialization.load_pem_public_key(text.encode()))
        request = x509.load_pem_x509_csr(text.encode())
        if not request.is_signature_valid:
            raise Unusable("request")
        return _checked(request.public_key())
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        raise Unusable("request") from wrong


def _checked(key: object) -> PublicKey:
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        raise Unusable("weak")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < 256:
        raise Unusable("weak")
    if not isinstance(key, PublicKey):
        raise Unusable("request")
    return key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, at: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at.replace(microsecond=0) - SKEW)
        .not_valid_after(until.replace(microsecond=0))
    )


def _signed(made: x509.Certificate) -> Signed:
    return Signed(
        text=made.public_bytes(serialization.Encoding.PEM).decode(),
        serial=f"{made.serial_number:x}",
        not_before=made.not_valid_before_utc,
        not_after=made.not_valid_after_utc,
        fingerprint=made.fingerprint(hashes.SHA256()).hex(),
    )


def _authority_key(signer: Signer) -> x509.AuthorityKeyIdentifier:
    try:
        own = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _hash(key: SigningKey) -> hashes.SHA256 | None:
    """Ed25519 hashes by itself (RFC 8032)."""
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _octets(key: PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
