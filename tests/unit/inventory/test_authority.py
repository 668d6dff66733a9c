"""The association's certificate authority: made, brought along, renewed beside itself; what it signs and takes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession
from foundation.vault import vault_of
from inventory import (
    authority,
    certificates,
    credentials,
    device_secrets,
    devices,
    easy_rsa,
    lapsing,
    lines,
    offers,
    places,
    signing,
    tls_crypt,
)
from inventory.authority import AuthorityKnown, AuthorityThere, BadAuthority, BadAuthorityName, NoAuthority
from inventory.certificates import BadReason, BadRequest, NoSuchCertificate, RevokedAlready
from inventory.credentials import Opening
from inventory.device_secrets import BadWrappingKey
from inventory.easy_rsa import BadIndex
from inventory.lapsing import HandedOutAhead
from inventory.lines import Ordering
from inventory.models.authority import Certificate, Revoked
from inventory.models.lines import Line
from inventory.signing import PublicKey, Signer
from inventory.views import authority as views
from inventory.views.credentials import view


def in_days(act: Act, days: int) -> Act:
    return Act(act.actor, act.at + timedelta(days=days), "test")


def public() -> PublicKey:
    return signing.new_key()[0].public_key()


@pytest.fixture
def tunnel(session: EssaimSession, act: Act, small: Any) -> Line:
    """L0001, Ada's, by OpenVPN."""
    offer = offers.add_offer(session, act, "ovpn", "OpenVPN", "openvpn")
    return lines.order_line(session, act, small.ada, offer, Ordering())


@pytest.fixture
def issue(session: EssaimSession, act: Act, tunnel: Line) -> Callable[..., Certificate]:
    """Sign a certificate of the line's, and give its row."""

    def signed(name: str = "l0001", *, when: Act = act, key: PublicKey | None = None) -> Certificate:
        share = lines.shares_of(session, tunnel)[0]
        made = certificates.issue(session, when, share, name, key or public())
        return certificates.find_certificate(session, made.serial)

    return signed


def revoked_in(session: EssaimSession, name: str) -> set[str]:
    """The serials of the authority's latest list, as another reads it."""
    (one,) = [each for each in authority.list_authorities(session) if each.name == name]
    latest = authority.latest_list(session, one)
    assert latest is not None
    crl = x509.load_pem_x509_crl(latest.text.encode())
    assert crl.is_signature_valid(x509.load_pem_x509_certificate(one.certificate.encode()).public_key())  # type: ignore[arg-type]
    return {f"{each.serial_number:x}" for each in crl}


def test_its_key_is_sealed_and_its_certificate_signs_certificates_alone(session: EssaimSession, act: Act) -> None:
    made = authority.create_authority(session, act, "Réseau d'ici")
    assert "PRIVATE KEY" in vault_of(session).open(made.key)
    assert "PRIVATE" not in made.certificate
    held = x509.load_pem_x509_certificate(made.certificate.encode())
    assert held.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)
    assert (made.not_after - act.at).days > 3600
    assert revoked_in(session, "Réseau d'ici") == set()


def test_another_is_put_beside_it_and_never_in_its_place(session: EssaimSession, act: Act) -> None:
    with pytest.raises(NoAuthority):
        authority.rotate_authority(session, act)
    authority.create_authority(session, act, "Essaim")
    with pytest.raises(AuthorityThere):
        authority.create_authority(session, act, "Autre")
    with pytest.raises(AuthorityKnown):
        authority.rotate_authority(session, act, "Essaim")
    assert authority.rotate_authority(session, act).name == "Essaim 2"
    assert authority.rotate_authority(session, act).name == "Essaim 3"


@pytest.mark.parametrize("name", ["", "-x", "a\nb", "a" * 65, "x\u202ey", "a;b"])
def test_a_name_is_what_people_can_read(session: EssaimSession, act: Act, name: str) -> None:
    with pytest.raises(BadAuthorityName):
        authority.create_authority(session, act, name)


def test_a_certificate_opens_one_name_for_two_years_and_is_a_clients(
    session: EssaimSession, act: Act, issue: Callable[..., Certificate]
) -> None:
    made = authority.create_authority(session, act, "Essaim")
    signed = certificates.issue(
        session, act, lines.shares_of(session, lines.find_line(session, "L0001"))[0], "l0001", public()
    )
    held = x509.load_pem_x509_certificate(signed.text.encode())
    held.verify_directly_issued_by(x509.load_pem_x509_certificate(made.certificate.encode()))
    assert held.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "l0001"
    assert held.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value == x509.ExtendedKeyUsage(
        [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]
    )
    row = certificates.find_certificate(session, signed.serial.upper())
    assert (row.fingerprint, row.key, row.text) == (signed.fingerprint, None, None)
    assert timedelta(days=729) < row.not_after - act.at <= timedelta(days=730)


def test_no_certificate_outlives_its_authority(session: EssaimSession, act: Act, issue: Any) -> None:
    made = authority.create_authority(session, act, "Essaim")
    assert issue(when=in_days(act, 3600)).not_after == made.not_after


def test_what_is_taken_back_stands_in_a_new_list_with_a_higher_number(
    session: EssaimSession, act: Act, issue: Callable[..., Certificate]
) -> None:
    made = authority.create_authority(session, act, "Essaim")
    lost, kept = issue(), issue()
    certificates.revoke(session, act, lost)
    assert revoked_in(session, "Essaim") == {lost.serial}
    latest = authority.latest_list(session, made)
    assert latest is not None
    assert (latest.number, lost.reason, kept.reason) == (2, Revoked.STOLEN, None)
    with pytest.raises(RevokedAlready):
        certificates.revoke(session, act, lost)
    with pytest.raises(BadReason):
        certificates.revoke(session, act, kept, "before")
    with pytest.raises(NoSuchCertificate):
        certificates.find_certificate(session, "beef")


def test_who_leaves_takes_no_certificate_along(session: EssaimSession, act: Act, tunnel: Line, issue: Any) -> None:
    authority.create_authority(session, act, "Essaim")
    first, second = issue(), issue()
    lines.close_line(session, in_days(act, 1), tunnel)
    assert {first.reason, second.reason} == {Revoked.ENDED}
    assert revoked_in(session, "Essaim") == {first.serial, second.serial}


def test_a_new_name_takes_back_the_certificates_of_the_old_one(
    session: EssaimSession, act: Act, tunnel: Line, issue: Any
) -> None:
    authority.create_authority(session, act, "Essaim")
    old = issue()
    credentials.renew_credential(session, act, lines.shares_of(session, tunnel)[0], Opening(certificate="l0001-2"))
    assert old.reason == Revoked.REPLACED
    assert issue("l0001-2").reason is None


def test_a_former_authority_stays_until_its_last_certificate_is_over(
    session: EssaimSession, act: Act, issue: Any
) -> None:
    authority.create_authority(session, act, "Essaim")
    old = issue()
    authority.rotate_authority(session, act)
    new = issue()
    assert [one.name for one in authority.in_force(session, act.at)] == ["Essaim", "Essaim 2"]
    assert [one.name for one in authority.in_force(session, old.not_after + timedelta(days=1))] == ["Essaim 2"]
    assert new.authority_id != old.authority_id
    certificates.revoke(session, act, old, "replaced")
    assert [one.name for one in authority.in_force(session, act.at)] == ["Essaim 2"]


def test_a_server_shows_what_all_members_know_and_changes_once_the_old_is_over(
    session: EssaimSession, act: Act, issue: Any
) -> None:
    site = places.add_site(session, act, "colo")
    vpn = devices.add_device(session, act, "vpn9", role="vpn", platform="debian", site=site)
    with pytest.raises(NoAuthority):
        device_secrets.entrust(session, act, vpn, "openvpn")
    authority.create_authority(session, act, "Essaim")
    with pytest.raises(BadWrappingKey):
        device_secrets.entrust(session, act, vpn, "openvpn", "court")
    device_secrets.entrust(session, act, vpn, "openvpn")
    assert tls_crypt.is_server_key(devices.secret_of(session, vpn, "openvpn"))
    old = issue()
    authority.rotate_authority(session, act)
    assert certificates.servers_due(session, act.at) == []
    certificates.revoke(session, act, old, "replaced")
    assert certificates.due(session, act.at)
    certificates.keep(session, act)
    held = certificates.of_server(session, vpn, act.at)
    assert held is not None
    assert held.authority.name == "Essaim 2"
    assert not certificates.due(session, act.at)


def test_lists_are_signed_again_ahead_of_their_end_and_no_sooner(session: EssaimSession, act: Act) -> None:
    authority.create_authority(session, act, "Essaim")
    assert not certificates.due(session, in_days(act, 89).at)
    later = in_days(act, 91)
    assert certificates.due(session, later.at)
    certificates.keep(session, later)
    assert not certificates.due(session, later.at)
    (one,) = authority.list_authorities(session)
    latest = authority.latest_list(session, one)
    assert latest is not None
    assert (latest.number, latest.next_update) == (2, later.at + authority.LIST_LASTS)


def test_all_of_it_stands_on_the_one_calendar(session: EssaimSession, act: Act, tunnel: Line, issue: Any) -> None:
    authority.create_authority(session, act, "Essaim")
    old = issue()
    assert [str(one) for one in lapsing.list_credentials(session, act.at)] == [
        "crl:Essaim", "openvpn:l0001", "ca:Essaim",
    ]  # fmt: skip
    later = in_days(act, 710)
    (due,) = lapsing.to_tell(session, later.at)
    assert (str(due), due.until) == ("openvpn:l0001", old.not_after)
    with pytest.raises(HandedOutAhead):
        lapsing.renew_ahead(session, later, lines.shares_of(session, tunnel)[0])
    new = issue(when=later)
    seen = view(lapsing.find_credential(session, later.at, "openvpn:l0001"), later.at)
    assert (seen.until, seen.former_until, seen.member) == (new.not_after, old.not_after, "M0001")
    assert lapsing.to_tell(session, later.at) == []


def texts_of(key: Any, *, ca: bool = True, password: str = "") -> tuple[str, str]:
    """An authority as easy-rsa leaves one."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Easy-RSA CA")])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(4242)
        .not_valid_before(now - timedelta(days=400)).not_valid_after(now + timedelta(days=3000))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=False)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )  # fmt: skip
    sealed = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    held = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed)
    return made.public_bytes(serialization.Encoding.PEM).decode(), held.decode()


INDEX = (
    "V\t280101120000Z\t\t0A\tunknown\t/CN=l0001\n"
    "R\t280101120000Z\t250101120000Z,keyCompromise\t0B\tunknown\t/C=FR/CN=parti de chez nous\n"
    "E\t200101120000Z\t\t0C\tunknown\t/CN=vieux\n"
)


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["rsa", "ec", "ed25519"],
)
def test_ones_own_authority_signs_here_and_what_it_had_revoked_stays_so(
    session: EssaimSession, act: Act, issue: Any, key: Any
) -> None:
    certificate, private = texts_of(key, password="grains de sable")
    brought = authority.import_authority(
        session,
        act,
        certificate,
        private,
        passphrase="grains de sable",
        issued=easy_rsa.read_index(INDEX),
    )
    assert revoked_in(session, "Easy-RSA CA") == {"b"}
    signed = issue()
    assert signed.authority_id == brought.id
    assert [one.serial for one in certificates.in_force(session, act.at, "l0001")] == ["a", signed.serial]
    shown = {one.serial: one for one in views.certificates_of(session)}
    assert (shown["a"].line, shown["b"].line, shown["b"].reason) == ("L0001", None, Revoked.BEFORE)
    (whole,) = views.views_of(session, act.at)
    assert (whole.signs, whole.in_force, whole.certificates, whole.list_number) == (True, True, 2, 1)
    with pytest.raises(AuthorityKnown):
        authority.import_authority(session, act, certificate, private, passphrase="grains de sable")


def test_what_cannot_sign_is_refused_with_the_reason(session: EssaimSession, act: Act) -> None:
    good, key = texts_of(ec.generate_private_key(ec.SECP256R1()))
    other = texts_of(ec.generate_private_key(ec.SECP256R1()))[1]
    leaf = texts_of(ec.generate_private_key(ec.SECP256R1()), ca=False)
    locked = texts_of(ec.generate_private_key(ec.SECP256R1()), password="mot de passe")
    weak = texts_of(rsa.generate_private_key(65537, 1024))
    for certificate, private in (("", key), (good, ""), (good, other), leaf, locked, weak):
        with pytest.raises(BadAuthority):
            authority.import_authority(session, act, certificate, private)
    assert authority.list_authorities(session) == []


def test_an_authority_of_which_we_do_not_know_what_it_signed_stays_until_its_end(
    session: EssaimSession, act: Act, issue: Any
) -> None:
    certificate, private = texts_of(ec.generate_private_key(ec.SECP256R1()))
    authority.import_authority(session, act, certificate, private)
    authority.rotate_authority(session, act, "Nouvelle")
    assert [one.name for one in authority.in_force(session, act.at)] == ["Easy-RSA CA", "Nouvelle"]


@pytest.mark.parametrize(
    "row", ["V\t28\t\t0A\tunknown\t/CN=a", "V\t280101120000Z\t\tzz\tunknown\t/CN=a", "rien", "X" + INDEX[1:]]
)
def test_an_index_that_cannot_be_read_is_not_half_read(row: str) -> None:
    with pytest.raises(BadIndex):
        easy_rsa.read_index(f"{INDEX.splitlines()[0]}\n{row}\n")


def test_a_request_gives_its_key_and_nothing_else(session: EssaimSession, act: Act, issue: Any) -> None:
    authority.create_authority(session, act, "Essaim")
    key = ec.generate_private_key(ec.SECP256R1())
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "quelqu'un d'autre")]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    asked = certificates.public_key(request.public_bytes(serialization.Encoding.PEM).decode())
    assert issue(key=asked).name == "l0001"
    plain = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert isinstance(certificates.public_key(plain.decode()), ec.EllipticCurvePublicKey)
    for wrong in ("", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"):
        with pytest.raises(BadRequest):
            certificates.public_key(wrong)


def test_a_signer_opens_again_from_the_vault(session: EssaimSession, act: Act) -> None:
    made = authority.create_authority(session, act, "Essaim")
    assert isinstance(authority.signer_of(session, made), Signer)
