"""What was not written here is pinned byte for byte, carries its licence, and is not somebody else's brand."""

import hashlib
from pathlib import Path

STATIC = Path(__file__).parents[3] / "nodes" / "web" / "static"
VENDOR = STATIC / "vendor"


def _pinned() -> dict[str, str]:
    lines = (VENDOR / "HASHES").read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_every_vendored_file_has_its_pinned_digest() -> None:
    present = {str(path.relative_to(VENDOR)): path for path in VENDOR.rglob("*") if path.is_file()}
    digests = {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in present.items() if name != "HASHES"
    }
    assert digests == _pinned()


def test_the_licence_of_each_origin_is_there() -> None:
    assert len(list((VENDOR / "licences").iterdir())) == 3


def test_neither_crown_nor_transport_font_is_shipped() -> None:
    styles = b"".join(path.read_bytes() for path in STATIC.rglob("*.css"))
    assert b"GDS Transport" not in styles
    assert b"crest" not in styles
    assert not list(STATIC.rglob("*crown*"))


def test_nothing_is_loaded_from_elsewhere() -> None:
    own = {path: path.read_text(encoding="utf-8") for path in STATIC.glob("*.*s")}
    assert {path.suffix for path in own} == {".css", ".js"}
    assert not [path for path, text in own.items() if "http://" in text or "https://" in text or "//cdn" in text]
