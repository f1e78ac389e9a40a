"""The page of keys: an administrator sees what speaks for the unit, and agrees to the next one or does not."""

import re

from nodes import rekeying
from nodes.rekeying import Leave
from tests.nodes.web.house import House


def test_an_administrator_agrees_to_the_next_key_that_the_operator_asked_for(house: House) -> None:
    node, admin = house.nodes["KG"], house.desk("KG", "KG-8")
    with node.db.write() as session:
        asked = rekeying.missing(session, node, "NODE", Leave("the old machine is retired"))
    page = admin.get("/keys")
    assert ("the old machine is retired" in page.text, "CONSOLE" in page.text) == (True, True)
    assert len(re.findall(r">\s*In use\s*<", page.text)) == 5
    digest = re.findall(r'name="digest" value="(\w+)"', page.text)[0]
    assert admin.post(f"/keys/{asked}", digest=digest, decision="perhaps").status_code == 422
    assert admin.post(f"/keys/{asked}", digest="0" * 128, decision="refuse").status_code == 409
    assert admin.post(f"/keys/{asked}", digest=digest, decision="approve").status_code == 303
    assert "gives the same command again" in admin.get("/keys").text
    with node.db.write() as session:
        assert rekeying.missing(session, node, "NODE", Leave()) is None


def test_the_page_of_keys_is_for_administrators(house: House) -> None:
    assert house.desk("KG", "KG-1").get("/keys").status_code == 403
    assert 'href="/keys"' not in house.desk("KG", "KG-1").get("/inbox").text
