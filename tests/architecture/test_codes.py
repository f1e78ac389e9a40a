"""A stable code names one error: people look it up, scripts rely on it."""

import re
from collections import Counter

from tools.layers import ROOT, package_files

_CODE = re.compile(r'^    code(?:: ClassVar\[str\])? = "(EX-\d{4})"$', re.MULTILINE)


def test_no_two_errors_share_a_code() -> None:
    found = Counter(code for path in package_files() for code in _CODE.findall((ROOT / path).read_text("utf-8")))
    assert len(found) > 60
    assert [code for code, times in found.items() if times > 1] == []
