#!/usr/bin/env python3
"""Check the signed data of a share link offline: this file and the package "cryptography", no database, no network.

    python verify_share.py SHARE.json [--certificate CERTIFICATE.pem]

SHARE.json is what the link's page offers as "签名数据 JSON". CERTIFICATE.pem is the platform's certificate as it publishes
it; without it the signature is checked with the certificate inside the file: that shows that nothing was changed, not who
signed. Printed are subject, scope and every record that was opened. Exit 0: everything holds; 1: it does not.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

FORMAT = "xinyong-share-1"


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def check(data: dict[str, Any], certificate: str | None = None) -> dict[str, Any]:
    """The statement, once signature and every opening hold. Raises ValueError saying what does not."""
    text = str(data["statement"])
    key = x509.load_pem_x509_certificate((certificate or data["certificate"]).encode()).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("证书不是椭圆曲线证书 the certificate has no elliptic-curve key")
    try:
        key.verify(base64.b64decode(data["signature"], validate=True), text.encode(), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise ValueError("签名与内容不符 the signature does not belong to the statement") from error
    statement: dict[str, Any] = json.loads(text)
    if statement.get("format") != FORMAT:
        raise ValueError(f"不认识的格式 unknown format: {statement.get('format')}")
    commitments = set(statement["commitments"])
    for opening in data["openings"]:
        content = _canonical({"key": opening["key"], "content": opening["content"]})
        made = hashlib.sha256(f"{FORMAT}\n{opening['salt']}\n{content}".encode()).hexdigest()
        if made not in commitments:
            raise ValueError(f"{opening['key']}: 内容与承诺值不符 the content is not what was signed")
    return statement


def main() -> int:
    """The command."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    arguments.add_argument("share", type=Path)
    arguments.add_argument("--certificate", type=Path)
    asked = arguments.parse_args()
    try:
        data = json.loads(asked.share.read_text("utf-8"))
        statement = check(data, asked.certificate.read_text("ascii") if asked.certificate else None)
    except (OSError, KeyError, TypeError, ValueError) as error:
        print(f"不成立 does not hold: {error}", file=sys.stderr)
        return 1
    subject = statement["subject"]
    print(
        f"成立 holds: {subject['name']} {subject['code']}, {statement['made_at']}, {len(data['openings'])} 条 records"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
