"""Units come and go; what they did while they were there stays proved, by the document in force at the time."""

from audit.checkpoints import LogSigner
from audit.evidence.verification import verify_bundle
from crypto.signing import SigningKey
from schemas.directory import HubCard, sign_federation
from tests.audit.evidence.forgeries import bad, details, relisted, renamed, without
from tests.audit.evidence.scenes import Scene, delivered
from tests.federation import HUB
from tests.instants import DAY, NOW

FILES = delivered().files()
FEDERATION = "directory/federation-1.json"


def departed() -> Scene:
    """TJ has sent its message, and left the federation a day later."""
    scene = delivered()
    units = tuple(unit.entry() for name, unit in scene.world.units.items() if name != "TJ")
    after = scene.world.federation(2, units=units, agreements=())
    scene.publish(sign_federation(after, scene.world.roots[:2]), NOW + DAY)
    return scene


def test_what_a_unit_did_before_it_left_stays_good_and_says_so() -> None:
    report = verify_bundle(departed().files())
    assert report.ok
    assert "SIGNER_LEFT_LATER" in report.codes()
    assert details(report, "SIGNER_LEFT_LATER") == "TJ"


def test_an_envelope_logged_after_its_unit_left_is_refused() -> None:
    scene = departed()
    scene.send(NOW + 2 * DAY, message_id="cd" * 16)
    report = verify_bundle(scene.files())
    assert "TJ was not in the federation when this was logged" in details(report, "ENVELOPE_REFUSED")


def test_the_document_of_the_time_must_be_there_and_logged() -> None:
    scene = departed()
    late = scene.files(federations=scene.federations[1:])
    assert "no federation document is proved to have been in force" in details(verify_bundle(late), "ENVELOPE_REFUSED")
    unlogged = relisted(without("log/entries/6.json")(without("log/proofs/6.tlog-proof")(FILES)))
    assert bad(verify_bundle(unlogged))[0] == ("FEDERATION_NOT_LOGGED", FEDERATION)


def test_a_document_follows_from_the_one_before_it() -> None:
    scene = departed()
    strangers = [SigningKey.generate() for _ in range(2)]
    document = scene.world.federation(2, roots=tuple(one.public for one in strangers))
    scene.publish(sign_federation(document, strangers), NOW + DAY)
    forged = scene.files(federations=[scene.federations[0], scene.federations[-1]])
    assert "TOO_FEW_SIGNATURES" in details(verify_bundle(forged), "FEDERATION_REFUSED")
    third = sign_federation(scene.world.federation(3), scene.world.roots[:2])
    gap = scene.files(federations=[scene.federations[0], third])
    assert "version 2 is not here" in details(verify_bundle(gap), "FEDERATION_REFUSED")
    named = relisted(renamed(FEDERATION, "directory/federation-2.json")(FILES))
    assert "named after another version" in details(verify_bundle(named), "FEDERATION_REFUSED")


def test_documents_of_two_logs_do_not_follow_each_other() -> None:
    scene = departed()
    keys = LogSigner.from_seeds("other.example/log", bytes(64)).keys.vkeys
    document = scene.world.federation(2, hub=HubCard(name=HUB, keys=scene.world.hub_keys(), log=keys))
    other = sign_federation(document, scene.world.roots[:2])
    report = verify_bundle(scene.files(federations=[scene.federations[0], other]))
    assert "of another federation" in details(report, "FEDERATION_REFUSED")
