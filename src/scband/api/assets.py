"""The files of the pages, by name: no path that a client sends ever reaches the file system."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from scband.errors import NotFoundError

_HTML = "text/html; charset=utf-8"
_SCRIPT = "text/javascript; charset=utf-8"
_STYLE = "text/css; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Asset:
    file: str
    media_type: str

    @property
    def packed(self) -> bool:
        return self.file.endswith(".gz")


_ASSETS = {
    "page.html": _Asset("page.html", _HTML),
    "page.js": _Asset("page.js", _SCRIPT),
    "page.css": _Asset("page.css", _STYLE),
    "icon.svg": _Asset("icon.svg", "image/svg+xml"),
    "docs.html": _Asset("docs.html", _HTML),
    "docs.js": _Asset("docs.js", _SCRIPT),
    "swagger-ui.css": _Asset("swagger/swagger-ui.css.gz", _STYLE),
    "swagger-ui-bundle.js": _Asset("swagger/swagger-ui-bundle.js.gz", _SCRIPT),
}


def asset(request: Request, name: str) -> Response:
    """Return one file of the pages; raises NotFoundError for a name that is none."""
    found = _ASSETS.get(name)
    if found is None:
        raise NotFoundError("there is no such file; the pages are / and /docs")
    headers = {"cache-control": "no-cache"}
    content = _content(found.file)
    if found.packed:
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
        else:
            content = _unpacked(found.file)
    return Response(content, media_type=found.media_type, headers=headers)


@cache
def _content(file: str) -> bytes:
    return files("scband.api").joinpath("static", *file.split("/")).read_bytes()


def _unpacked(file: str) -> bytes:
    import gzip  # noqa: PLC0415  # for the rare client that cannot

    return gzip.decompress(_content(file))
