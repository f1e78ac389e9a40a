"""What a unit says about the log that it was shown: one form, one signature."""

import pytest

from crypto import statements
from crypto.errors import CryptoError
from crypto.signing import SigningKey
from schemas import sightings
from schemas.errors import Malformed
from schemas.sightings import LABEL, MOST, Head, Sighting
from tests.instants import NOW

KEY = SigningKey.generate()
HEADS = tuple(Head(unit=unit, head=sightings.head_of("TJ", unit, NOW, "ab" * 32)) for unit in ("KG", "KZ"))
SAID = Sighting(env="live", unit="TJ", time=NOW, note=b"a note", heads=HEADS)


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
        (b'"unit":"KZ"', b'"unit":"KG"'),
        (b'"unit":"KZ"', b'"unit":"TJ"'),
    ],
)
def test_another_form_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(Malformed):
        sightings.parse(sightings.sign(KEY, SAID).replace(old, new))


def test_the_largest_sighting_is_read() -> None:
    heads = tuple(Head(unit=f"U{number:015}", head="ab" * 32) for number in range(MOST))
    wire = sightings.sign(KEY, Sighting(env="live", unit="TJ", time=NOW, note=b"n" * 8_192, heads=heads))
    assert sightings.parse(wire).sighting.speaks_to("U000000000000255")


def test_a_sighting_speaks_to_whom_it_names_and_names_one_message() -> None:
    assert SAID.speaks_to("KG")
    assert not SAID.speaks_to("UZ")
    assert SAID.names("KZ", "ab" * 32)
    assert not SAID.names("KZ", "cd" * 32)


def test_nobody_else_can_tell_what_a_unit_says_that_it_sent_or_whether_it_sent_more_since() -> None:
    eid = "ab" * 32
    cases = (("TJ", "KG", NOW), ("TJ", "KZ", NOW), ("KG", "TJ", NOW), ("TJ", "KG", NOW + 600))
    said = {sightings.head_of(*case, eid) for case in cases}
    assert len(said) == len(cases)
    assert eid not in said


def test_two_signatures_are_one_too_many() -> None:
    members = SAID.model_dump(mode="json", exclude_none=True)
    with pytest.raises(Malformed, match="one signature"):
        sightings.parse(statements.sign_batch([KEY, SigningKey.generate()], LABEL, [members])[0])
