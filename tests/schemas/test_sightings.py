"""What a unit says about the log that it was shown: one form, one signature."""

import pytest

from crypto import statements
from crypto.errors import CryptoError
from crypto.signing import SigningKey
from schemas import sightings
from schemas.errors import Malformed
from schemas.sightings import LABEL, Sighting
from tests.instants import NOW

KEY = SigningKey.generate()
SAID = Sighting(env="live", unit="TJ", time=NOW, note=b"a note")


def test_a_sighting_is_read_back_under_the_key_that_signed_it() -> None:
    signed = sightings.parse(sightings.sign(KEY, SAID))
    signed.verify(KEY.public)
    assert (signed.sighting, signed.kid) == (SAID, KEY.kid)
    with pytest.raises(CryptoError):
        signed.verify(SigningKey.generate().public)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":2'),
        (b'"TJ"', b'"tj"'),
        (b'"type":"SIGHTING"', b'"type":"RECEIPT"'),
        (b'{"proof"', b'{ "proof"'),
    ],
)
def test_another_form_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(Malformed):
        sightings.parse(sightings.sign(KEY, SAID).replace(old, new))


def test_two_signatures_are_one_too_many() -> None:
    members = SAID.model_dump(mode="json", exclude_none=True)
    with pytest.raises(Malformed, match="one signature"):
        sightings.parse(statements.sign_batch([KEY, SigningKey.generate()], LABEL, [members])[0])
