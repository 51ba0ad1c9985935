"""What WeasyPrint leaves out of a PDF that is to last and to be read aloud: PDF/A-3a with PDF/UA-1 in one file.

WeasyPrint writes one of the two identifications, names each attachment twice, and gives header cells no scope.
"""

from __future__ import annotations

from typing import Any

import pydyf

UA_IDENTIFICATION = b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1" />
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
  xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of PDF/UA that the file is built to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""
"""PDF/UA-1 (ISO 14289-1, 5), with the description that PDF/A-3 (ISO 19005-3) asks of every schema but its own."""


def finish(_: Any, pdf: pydyf.PDF) -> None:
    """Mend the PDF before it is written: both identifications, each attachment once, a scope for each header cell."""
    metadata = _object(pdf, pdf.catalog["Metadata"])
    metadata.stream = [b"".join(metadata.stream).replace(b"</rdf:RDF>", UA_IDENTIFICATION + b"</rdf:RDF>")]
    if "AF" in pdf.catalog:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    for row in pdf.objects:
        if isinstance(row, dict) and row.get("S") == "/TR":
            cells = [_object(pdf, reference) for reference in row["K"]]
            # A header beside data is that of its row, else of its column.
            scope = "/Row" if any(cell["S"] == "/TD" for cell in cells) else "/Column"
            for cell in cells:
                if cell["S"] == "/TH":
                    cell.setdefault("A", pydyf.Dictionary({"O": "/Table"}))["Scope"] = scope


def _object(pdf: pydyf.PDF, reference: bytes) -> Any:
    """Return the object of a reference, as b"12 0 R"."""
    return pdf.objects[int(reference.split()[0])]
