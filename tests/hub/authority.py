"""A real time-stamping authority: `openssl ts -reply` with its own certificates, as the other end of a connection."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIG = """[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha512
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Authority(httpx.BaseTransport):
    """Answers requests for time-stamps; `change` may be what a hostile one does to the answer."""

    folder: Path
    ends: timedelta = timedelta(days=3650)
    change: Callable[[bytes], bytes] = bytes
    asked: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self._root, root = self._certificate("ca", "Test root of time", None)
        _, leaf = self._certificate("tsa", "Test time-stamping authority", root)
        (self.folder / "ca.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
        (self.folder / "tsa.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        (self.folder / "tsa.cnf").write_text(CONFIG.format(folder=self.folder))
        (self.folder / "serial").write_text("01")

    @property
    def roots(self) -> Path:
        return self.folder / "ca.pem"

    def stamp(self, request: bytes) -> bytes:
        """The authority's answer, as `openssl` makes it."""
        (self.folder / "query").write_bytes(request)
        command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)  # noqa: S603 - a program of this machine
        return (self.folder / "reply").read_bytes()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        answer = self.change(self.stamp(request.read()))
        return httpx.Response(200, headers={"content-type": "application/timestamp-reply"}, content=answer)

    def _certificate(
        self, name: str, subject: str, issuer: x509.Certificate | None
    ) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        format_ = serialization.PrivateFormat.PKCS8
        pem = key.private_bytes(serialization.Encoding.PEM, format_, serialization.NoEncryption())
        (self.folder / f"{name}.key").write_bytes(pem)
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(issuer.subject if issuer else _name(subject))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3650))
            .not_valid_after(now + (self.ends if issuer else timedelta(days=3650)))
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        )
        if issuer is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return key, builder.sign(self._root if issuer else key, hashes.SHA256())
