"""The other routes: who may ask, what is signed, and that every answer of the hub is its own."""

from collections.abc import Callable

import httpx
import pytest

from audit.checkpoints import verify_checkpoint
from audit.merkle import verify_inclusion
from crypto.merkle_hash import leaf_hash
from exchange import signatures
from exchange.errors import Unsigned
from exchange.hub import administration, health
from exchange.signatures import check_response
from schemas.directory import DirectoryParts, node_kid, sign_statement
from schemas.trust import Anchor, Directory
from tests.federation import HUB, UnitKeys, key_statement
from tests.hub.desk import URL, Desk
from tests.instants import MINUTE

ROUTES = (
    "/v1/directory",
    "/v1/inbox?after=-1&leaf=&wait=0",
    "/v1/log/checkpoint",
    "/v1/log/pending?old=0&wait=0",
    "/v1/log/proof?index=0&size=1",
    "/v1/log/tile/0/000.p/1",
    "/v1/metrics",
)


def hub_keys(desk: Desk) -> dict[str, bytes]:
    public = desk.keys.request.public_key().public_bytes_raw()
    return {f"{HUB}/{node_kid(public)}": public}


@pytest.mark.parametrize("route", ROUTES)
def test_strangers_learn_nothing(desk: Desk, route: str) -> None:
    answer = desk.client.get(route, headers={"x-cme-env": "live", "content-digest": signatures.content_digest(b"")})
    assert (answer.status_code, answer.json()["code"]) == (401, "EX-4011")
    check_response(answer, hub_keys(desk), desk.now)


@pytest.mark.parametrize("route", ROUTES)
def test_an_enrolled_node_gets_an_answer_that_the_hub_signed(desk: Desk, route: str) -> None:
    desk.hub.tick()
    answer = desk.get("KG", route)
    assert answer.status_code == 200, answer.text
    check_response(answer, hub_keys(desk), desk.now)


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/messages/", "/v1/log/tile/entries/000", "/v1/log/tile/9/x", "/.env"])
def test_what_is_not_there_is_one_answer(desk: Desk, path: str) -> None:
    answer = desk.get("KG", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "EX-4041")
    check_response(answer, hub_keys(desk), desk.now)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/messages"), ("POST", "/v1/inbox"), ("DELETE", "/v1/directory")]
)
def test_another_method_is_refused(desk: Desk, method: str, path: str) -> None:
    answer = desk.client.request(method, path, auth=desk.auth("KG"))
    assert (answer.status_code, answer.json()["code"]) == (405, "EX-4051")


def test_the_directory_verifies_at_the_node_and_comes_once(desk: Desk) -> None:
    answer = desk.get("KG", "/v1/directory")
    roots = tuple(root.public for root in desk.world.roots)
    parts = DirectoryParts.from_bytes(answer.content)
    directory = Directory.verify(parts, Anchor(env="live", threshold=2, roots=roots), desk.now)
    assert [unit.unit for unit in directory.units()] == ["KG", "KZ", "TJ"]
    again = desk.get("KG", "/v1/directory", **{"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_checkpoint_and_its_proof_verify_offline(desk: Desk) -> None:
    desk.send()
    desk.now += 1
    desk.hub.tick()
    signed = verify_checkpoint(desk.get("KG", "/v1/log/checkpoint").content, desk.keys.log.keys)
    index, _, entry, _ = desk.inbox("KG")[0]
    path = desk.get("KG", f"/v1/log/proof?index={index}&size={signed.checkpoint.size}").json()["path"]
    verify_inclusion(
        leaf_hash(entry), index, signed.checkpoint.size, [bytes.fromhex(one) for one in path], signed.checkpoint.root
    )


def test_a_stranger_may_see_that_the_hub_answers_and_no_more(desk: Desk) -> None:
    answer = desk.client.get("/v1/health")
    assert answer.json() == {"status": "OK", "name": HUB, "env": "live", "time": desk.now}


def test_the_operator_sees_what_waits_for_whom_and_no_pair(desk: Desk) -> None:
    desk.send()
    desk.now += MINUTE
    text = desk.hub.metrics.of_all(health.look(desk.hub)).decode()
    assert 'serai_hub_unit_queue_age_seconds{unit="KG"} 60.0' in text
    assert 'serai_hub_answers_total{route="/v1/messages",status="201"} 1.0' in text
    assert "TJ" not in text


def test_a_unit_sees_what_waits_for_itself_and_nothing_of_others(desk: Desk) -> None:
    desk.send()
    desk.now += MINUTE
    own, others = (desk.get(unit, "/v1/metrics").text for unit in ("KG", "KZ"))
    assert 'serai_hub_unit_queue_age_seconds{unit="KG"} 60.0' in own
    assert 'serai_hub_unit_queued{unit="KZ"} 0.0' in others
    assert not any(word in others for word in ('unit="KG"', "oldest", "answers", "refusals", "queue{"))


def test_every_answer_has_the_security_headers_and_the_callers_correlation(desk: Desk) -> None:
    answer = desk.client.get("/v1/health", headers={"x-correlation-id": "ab" * 16})
    assert answer.headers["x-correlation-id"] == "ab" * 16
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    forged = desk.client.get("/v1/health", headers={"x-correlation-id": "not ours\x7f"})
    assert forged.headers["x-correlation-id"] != "not ours\x7f"


def test_a_problem_speaks_the_callers_language(desk: Desk) -> None:
    english, russian = (desk.get("KG", "/x", **{"accept-language": tongue}) for tongue in ("de, en;q=0.5", "ru-TJ"))
    assert english.json()["title"] == "Not found"
    assert russian.json()["title"] == "Не найдено"
    assert english.headers["content-type"] == "application/problem+json"


# --- RFC 9421, every covered part changed -----------------------------------------------------------------------------

Change = Callable[[httpx.Request], None]


def _set(name: str, value: str) -> Change:
    return lambda request: request.headers.__setitem__(name, value)


def _replace(name: str, old: str, new: str) -> Change:
    def change(request: httpx.Request) -> None:
        assert old in request.headers[name]
        request.headers[name] = request.headers[name].replace(old, new)

    return change


def _drop(name: str) -> Change:
    return lambda request: request.headers.__delitem__(name)


def _path(path: str) -> Change:
    return lambda request: setattr(request, "url", httpx.URL(URL + path))


CHANGES: dict[str, Change] = {
    "another path": _path("/v1/log/checkpoint"),
    "another query": _path("/v1/directory?x=1"),
    "another content type": _set("content-type", "text/plain"),
    "another digest": _set("content-digest", signatures.content_digest(b"x")),
    "no digest": _drop("content-digest"),
    "no signature": _drop("signature"),
    "no input": _drop("signature-input"),
    "another label": _replace("signature-input", "n1=", "n2="),
    "another tag": _replace("signature-input", "cme-node", "cme-hub"),
    "another algorithm": _replace("signature-input", "ed25519", "hmac-sha256"),
    "another unit": _replace("signature-input", 'keyid="KG/', 'keyid="TJ/'),
    "another node": _replace("signature-input", "/main/", "/other/"),
    "a component less": _replace("signature-input", ' "x-cme-env"', ""),
    "a component more": _replace("signature-input", ' "x-cme-env"', ' "x-cme-env" "date"'),
    "components in another order": _replace("signature-input", '"@method" "@target-uri"', '"@target-uri" "@method"'),
    "a longer life": _replace("signature-input", "expires=", "expires=1"),
    "a later birth": _replace("signature-input", "created=", "created=1"),
    "a nonce less": _replace("signature-input", ";nonce=", ";nonc="),
    "a flipped signature": _replace("signature", "n1=:", "n1=:A"),
    "an empty signature": _set("signature", "n1=::"),
    "two signatures": lambda request: request.headers.__setitem__(
        "signature", request.headers["signature"] + ", n2=:AAAA:"
    ),
    "a signature of another form": _set("signature", "n1=:" + "A" * 85 + "===:"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_request_is_nobodys(desk: Desk, name: str) -> None:
    request = desk.client.build_request("GET", "/v1/directory")
    signed = next(desk.auth("KG").auth_flow(request))
    CHANGES[name](signed)
    answer = desk.client.send(signed)
    assert answer.status_code == 401, answer.text


@pytest.mark.parametrize(("shift", "status"), [(-61, 401), (-60, 200), (60, 200), (61, 401)])
def test_a_request_lives_a_minute_either_way(desk: Desk, shift: int, status: int) -> None:
    request = next(desk.auth("KG").auth_flow(desk.client.build_request("GET", "/v1/directory")))
    desk.now += shift
    assert desk.client.send(request).status_code == status


def test_a_request_of_the_other_environment_is_told_so(desk: Desk) -> None:
    desk.env = "exercise"
    assert desk.get("KG", "/v1/directory").json()["code"] == "EX-4005"


def test_a_key_that_is_not_in_the_directory_is_nobodys(desk: Desk) -> None:
    desk.world.units["UZ"] = UnitKeys("UZ")
    assert desk.get("UZ", "/v1/directory").status_code == 401


def test_an_answer_for_another_request_is_not_believed(desk: Desk) -> None:
    answer = desk.get("KG", "/v1/directory")
    other = httpx.Request("GET", f"{URL}/v1/log/checkpoint", headers=answer.request.headers)
    with pytest.raises(Unsigned):
        check_response(httpx.Response(200, headers=answer.headers, content=answer.content, request=other), {}, desk.now)
    forged = httpx.Response(200, headers=answer.headers, content=b"other", request=answer.request)
    with pytest.raises(Unsigned):
        check_response(forged, hub_keys(desk), desk.now)


# --- statements of units ----------------------------------------------------------------------------------------------


def rotation(desk: Desk, unit: str) -> bytes:
    """A new encryption key of `unit`, signed by its signing key."""
    keys = desk.world.units[unit]
    keys.encryption = type(keys.encryption).generate()
    statement = key_statement(keys, "ENCRYPTION", keys.encryption.public, desk.now, "live", None)
    return sign_statement(statement, keys.signing)


def offer(desk: Desk, unit: str, wire: bytes) -> httpx.Response:
    return desk.client.post("/v1/directory/statements", content=wire, auth=desk.auth(unit))


def test_a_unit_rotates_its_key_and_the_others_seal_to_it(desk: Desk) -> None:
    wire = rotation(desk, "KG")
    first, again = offer(desk, "KG", wire), offer(desk, "KG", wire)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    desk.send("TJ", ("KG",))


def test_a_unit_may_not_speak_for_another(desk: Desk) -> None:
    before = desk.hub.register.version
    assert offer(desk, "KZ", rotation(desk, "KG")).json()["code"] == "EX-4004"
    assert desk.hub.register.version == before


def test_a_statement_by_a_foreign_key_changes_nothing(desk: Desk) -> None:
    keys = desk.world.units["KG"]
    statement = key_statement(keys, "ENCRYPTION", type(keys.encryption).generate().public, desk.now, "live", None)
    forged = sign_statement(statement, desk.world.units["KZ"].signing)
    before = desk.hub.register.version
    assert offer(desk, "KG", forged).json()["code"] == "EX-4004"
    assert desk.hub.register.version == before


def test_a_used_nonce_is_not_used_again(desk: Desk) -> None:
    request = desk.client.build_request("POST", "/v1/directory/statements", content=rotation(desk, "KG"))
    signed = next(desk.auth("KG").auth_flow(request))
    assert desk.client.send(signed).status_code == 201
    assert desk.client.send(signed).status_code == 401


def test_an_old_statement_is_refused(desk: Desk) -> None:
    wire = rotation(desk, "KG")
    desk.now += 601
    assert offer(desk, "KG", wire).json()["code"] == "EX-4004"


def test_a_suspended_unit_may_not_state_anything(desk: Desk) -> None:
    administration.suspend(desk.hub, "KG", "INCIDENT")
    assert offer(desk, "KG", rotation(desk, "KG")).status_code == 403
