"""Statements that were signed far from any network come late; what a unit's online key says must be said now."""

import httpx

from crypto.encryption import EncryptionKey
from crypto.signing import SigningKey, prove_possession
from schemas.directory import KeyStatement, sign_statement
from schemas.keychecks import possession_nonce
from tests.federation import key_statement
from tests.hub.desk import Desk
from tests.instants import DAY, HOUR


def offer(desk: Desk, wire: bytes) -> httpx.Response:
    return desk.client.post(
        "/v1/directory/statements",
        content=wire,
        auth=desk.auth("TJ"),
        headers={"content-type": "application/octet-stream"},
    )


def new_signing_key(desk: Desk, stated: int) -> bytes:
    keys, new = desk.world.units["TJ"], SigningKey.generate()
    proof = prove_possession(new, "TJ", possession_nonce("live", stated))
    return sign_statement(key_statement(keys, "SIGNING", new.public, stated, "live", proof), keys.root)


def new_encryption_key(desk: Desk, stated: int) -> bytes:
    new = EncryptionKey.generate()
    statement = KeyStatement(
        env="live",
        unit="TJ",
        use="ENCRYPTION",
        kid=new.kid,
        public=new.public,
        stated=stated,
        not_before=stated,
        not_after=stated + DAY,
    )
    return sign_statement(statement, desk.world.units["TJ"].signing)


def test_a_signing_key_that_its_root_stated_days_ago_is_taken(desk: Desk) -> None:
    assert offer(desk, new_signing_key(desk, desk.now - 2 * DAY)).status_code == 201


def test_a_signing_key_stated_in_the_future_is_refused(desk: Desk) -> None:
    assert offer(desk, new_signing_key(desk, desk.now + HOUR)).status_code == 400


def test_the_news_of_a_theft_is_taken_however_long_it_travelled(desk: Desk) -> None:
    keys = desk.world.units["TJ"]
    theft = desk.world.revocation("TJ", keys.signing.kid, "COMPROMISED", desk.now - DAY, desk.now - DAY)
    assert offer(desk, sign_statement(theft, keys.root)).status_code == 201
    assert desk.post(desk.seal().wire).status_code == 403


def test_an_encryption_key_stated_an_hour_ago_is_refused(desk: Desk) -> None:
    assert offer(desk, new_encryption_key(desk, desk.now - HOUR)).status_code == 400
    assert offer(desk, new_encryption_key(desk, desk.now)).status_code == 201
