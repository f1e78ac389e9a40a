"""What stands in a PDF, for tests that look into one."""

import re
import zlib


def opened(document: bytes) -> bytes:
    """Return a document with its streams unpacked."""
    packed = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL)
    return document + b"".join(zlib.decompressobj().decompress(one) for one in packed if one.startswith(b"x"))
