"""Makes PDF/UA-1 of a page: tagged, in its own language, with the pages' fonts, and nothing from outside this package.

Imported by `nodes.web.pdf` alone, when the first PDF is made. Nothing is fetched but our own static files, so an
address in a hostile field leads nowhere.
"""

import hashlib
import os
import threading
from pathlib import Path
from typing import Any, Final

import weasyprint  # type: ignore[import-untyped]  # carries no types
from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]  # carries no types
from weasyprint.urls import URLFetcher, URLFetcherResponse  # type: ignore[import-untyped]  # carries no types

STATIC: Final = Path(__file__).parent / "static"
PAGES: Final = "https://pages.invalid"
"""What our own addresses are relative to; nobody can own a name under `.invalid` (RFC 6761), and none is asked."""
_TYPES: Final = {".css": "text/css", ".woff2": "font/woff2"}
_FILES: Final = {
    f"{PAGES}/static/{path.relative_to(STATIC)}": path for path in STATIC.rglob("*") if path.suffix in _TYPES
}
_one_at_a_time = threading.Lock()
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")  # else fonttools writes the time of day into each font that it cuts


class OwnFiles(URLFetcher):  # type: ignore[misc]  # its base carries no types
    """Gives the static files of the pages, and refuses every other address."""

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Return one of our own static files; raises `ValueError` for every other address, and for any `headers`."""
        found = _FILES.get(url)
        if found is None or headers is not None:
            raise ValueError("not a file of the pages")
        return URLFetcherResponse(url, found.read_bytes(), {"Content-Type": _TYPES[found.suffix]})


def document(html: str) -> bytes:
    """Return the page as PDF; the same page gives the same bytes.

    One at a time: it is work for the processor, and the fonts of two documents must not meet.
    """
    with _one_at_a_time:
        fonts, own = FontConfiguration(), OwnFiles()
        style = weasyprint.CSS(url=f"{PAGES}/static/paper.css", url_fetcher=own, font_config=fonts)
        page = weasyprint.HTML(string=html, base_url=f"{PAGES}/", url_fetcher=own)
        identifier = hashlib.sha256(html.encode()).digest()[:16]
        written: bytes = page.write_pdf(
            font_config=fonts, stylesheets=[style], pdf_variant="pdf/ua-1", pdf_identifier=identifier
        )
    return written
