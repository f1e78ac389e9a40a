"""RFC 3161 time-stamps over checkpoints: what is asked of an authority, and whether its answer holds. No network here.

Stamped are the three lines of a checkpoint, without signatures, so that `head -n 3` and `openssl ts -verify` check the
same. An answer is believed if it is GRANTED, of our SHA-512, of our nonce where we know it, and signed by a certificate
for time-stamping that leads to the authority's root and was valid at the time that it states.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from exchange.errors import ExchangeError, Words

MEDIA_ASKED: Final = "application/timestamp-query"
MEDIA_ANSWERED: Final = "application/timestamp-reply"
ANSWER_LIMIT: Final = 64 * 1024


class StampRefused(ExchangeError):
    """An answer that is no time-stamp of what was asked, or that no trusted authority signed; the detail is why."""

    code = "EX-5022"
    words = MappingProxyType(
        {
            "en": Words(
                "The time-stamp does not hold",
                "It is of something else, or no trusted authority signed it.",
                "Compare the authority's certificates; the checkpoint is stamped again later.",
            ),
            "ru": Words(
                "Метка времени не подтверждается",
                "Она о другом или подписана не доверенной службой.",
                "Сверьте сертификаты службы; контрольная точка будет отмечена позже.",
            ),
        }
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to an authority: its DER bytes, and the nonce that the answer must carry."""

    der: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a time-stamp says: when (unix seconds), and in whose name."""

    time: int
    authority: str


def ask(data: bytes) -> Asked:
    """Return a request for a time-stamp over SHA-512 of `data`, with a fresh nonce and the certificate asked for."""
    request = TimestampRequestBuilder(data, HashAlgorithm.SHA512, nonce=True, cert_req=True).build()
    return Asked(request.as_bytes(), request.nonce or 0)


def roots_of(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates in a PEM file; raises `StampRefused` for anything else."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise StampRefused("the authority's certificates are not in PEM") from error


def check(data: bytes, answer: bytes, roots: Sequence[x509.Certificate], nonce: int | None = None) -> Stamp:
    """Return what the time-stamp response `answer` (DER) proves about `data`; raises `StampRefused`."""
    try:
        response = _decoded(answer)
        builder = VerifierBuilder(roots=list(roots))
        verifier = (builder if nonce is None else builder.nonce(nonce)).build()
        verifier.verify_message(response, data)
        leaf = _leaf(response)
        time = int(response.tst_info.gen_time.timestamp())
    except (VerificationError, ValueError, TypeError, x509.InvalidVersion, x509.DuplicateExtension) as error:
        raise StampRefused(str(error) or type(error).__name__) from error
    return Stamp(time, leaf.subject.rfc4514_string())


def _decoded(answer: bytes) -> TimeStampResponse:
    if len(answer) > ANSWER_LIMIT:
        raise StampRefused("longer than any time-stamp")
    response = decode_timestamp_response(answer)
    if response.as_bytes() != answer:
        raise StampRefused("bytes behind the answer")
    return response


def _leaf(response: TimeStampResponse) -> x509.Certificate:
    """The certificate of whoever signed, which the verifier has found and checked."""
    (signer,) = response.signed_data.signer_infos
    certificates = map(x509.load_der_x509_certificate, response.signed_data.certificates)
    return next(one for one in certificates if (one.issuer, one.serial_number) == (signer.issuer, signer.serial_number))
