"""The published vectors of transparency logs."""

import base64
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "vectors" / "tlog"


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


def b64(text: str | None) -> bytes:
    return base64.b64decode(text or "")
