"""Word documents: to HTML by mammoth, then as every web page."""

from __future__ import annotations

import io
import re
import zipfile
from typing import IO, Any
from xml.dom import minidom

import defusedxml.minidom
import mammoth
from defusedxml.common import DefusedXmlException
from mammoth.docx import xmlparser

from frontdesk.knowledge.formats.html import fragment
from frontdesk.knowledge.formats.parsed import MAX_TEXT, Malformed, Parsed, clean
from frontdesk.knowledge.formats.tidy import without_html

MAX_PARTS, MAX_UNPACKED, MAX_XML, MAX_RATIO = 2000, 100_000_000, 10_000_000, 200
_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
r[style-name='Strong'] => strong
"""


def parse(data: bytes) -> Parsed:
    """A .docx file. Raises Malformed."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Malformed("is encrypted, or an old .doc file: save it as .docx without a password")
    fields = _checked(data)
    xmlparser.xml.dom.minidom = _Safe  # mammoth's own parser takes entities and shows hidden text
    try:
        html = mammoth.convert_to_html(
            io.BytesIO(data), style_map=_STYLES, convert_image=mammoth.images.img_element(_no_image)
        ).value
    except DefusedXmlException:
        raise Malformed("is not a Word document: its XML declares entities") from None
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - mammoth raises whatever a broken document makes it trip over
        raise Malformed("is not a Word document that can be read") from None
    body = without_html(fragment(clean(html), raw=False))
    if len(body) > MAX_TEXT:
        raise Malformed(f"larger than {MAX_TEXT // 1_000_000} MB of text")
    return Parsed(body, fields, str(fields.pop("title", "")))


def _no_image(_image: object) -> dict[str, str]:
    return {"src": ""}


def _checked(data: bytes) -> dict[str, Any]:
    """What the document says of itself, once its parts are known to be of a size that can be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if (
                len(parts) > MAX_PARTS
                or unpacked > MAX_UNPACKED
                or unpacked > MAX_RATIO * max(len(data), 10_000)
            ):
                raise Malformed("unpacks to far more than its size: not read")
            if any(part.file_size > MAX_XML for part in parts if part.filename.endswith((".xml", ".rels"))):
                raise Malformed(f"holds more than {MAX_XML // 1_000_000} MB of markup")
            if (
                "word/document.xml" not in archive.namelist()
                and "[Content_Types].xml" not in archive.namelist()
            ):
                raise Malformed("is not a Word document")
            return _properties(archive)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        OSError,
        EOFError,
        ValueError,
    ) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed("is not a Word document: not a zip file") from None
    except RuntimeError:
        raise Malformed("is encrypted: save it without a password") from None


def _properties(archive: zipfile.ZipFile) -> dict[str, Any]:
    if "docProps/core.xml" not in archive.namelist():
        return {}
    source = archive.read("docProps/core.xml")[:100_000].decode("utf-8", "replace")
    found: dict[str, Any] = {}
    for name, key in (("dc:title", "title"), ("dcterms:modified", "updated"), ("cp:keywords", "keywords")):
        match = re.search(rf"<{name}[^>]{{0,200}}>([^<]{{1,500}})</{name}>", source)
        if match:
            found[key] = match[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").strip()
    return found


class _Safe:
    """Stands for ``xml.dom.minidom`` in mammoth: no entities, no DTD, no hidden text."""

    @staticmethod
    def parse(source: IO[bytes]) -> minidom.Document:
        document = defusedxml.minidom.parse(
            source, forbid_dtd=True, forbid_entities=True, forbid_external=True
        )
        for mark in document.getElementsByTagNameNS("*", "vanish"):
            run: Any = mark.parentNode.parentNode if mark.parentNode else None
            off = {value.lower() for _, value in mark.attributes.items()} & {"0", "false", "off"}
            if not off and run is not None and run.localName == "r" and run.parentNode:
                run.parentNode.removeChild(run)
        return document
