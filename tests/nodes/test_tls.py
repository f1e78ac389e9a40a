"""How a node opens its connection to the hub: which certificate it demands, and which one it shows."""

import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from nodes.errors import NotReady
from nodes.hub_client import tls_context
from nodes.settings import NodeSettings

HUB, NODE = "hub.serai.example", "tj.serai.example"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for `name` and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    signed = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False).sign(
        key, hashes.SHA256()
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(signed.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def handshake(client: ssl.SSLContext, server: ssl.SSLContext) -> bytes | None:
    """A whole TLS handshake in memory; returns the certificate (DER) that the server was shown."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(down, up, server_hostname=HUB)
    far = server.wrap_bio(up, down, server_side=True)
    for _ in range(3):
        for end in (near, far):
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    far.do_handshake()
    return far.getpeercert(binary_form=True)


def hub_of(folder: Path, clients: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(folder, HUB))
    context.load_verify_locations(clients)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def settings(folder: Path, **given: Path) -> NodeSettings:
    return NodeSettings(unit="TJ", env="live", folder=folder, hub_url=f"https://{HUB}", **given)  # type: ignore[arg-type]  # members by name


def test_a_node_shows_its_certificate_to_the_hub_that_it_knows(tmp_path: Path) -> None:
    own, key = certificate(tmp_path, NODE)
    hub = hub_of(tmp_path, own)
    node = settings(tmp_path, hub_ca=tmp_path / f"{HUB}.pem", hub_certificate=own, hub_certificate_key=key)
    shown = handshake(tls_context(node), hub)
    assert shown == ssl.PEM_cert_to_DER_cert(own.read_text())


def test_a_hub_that_nobody_vouches_for_is_not_spoken_to(tmp_path: Path) -> None:
    own, key = certificate(tmp_path, NODE)
    hub = hub_of(tmp_path, own)
    node = settings(tmp_path, hub_certificate=own, hub_certificate_key=key)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tls_context(node), hub)


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="hub_ca"):
        tls_context(settings(tmp_path, hub_ca=tmp_path / "missing.pem"))
    with pytest.raises(ValueError, match="both or neither"):
        settings(tmp_path, hub_certificate=tmp_path / "alone.pem")
