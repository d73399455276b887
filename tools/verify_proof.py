#!/usr/bin/env python3
"""Check a proof file of Xinyong (信用) offline: Python 3.9 or newer and this one file, no database, no network.

    python verify_proof.py PROOF.json [--key KEY] [--content FILE] [--json]

KEY is the public key of the log as the platform publishes it (one line, or a file with it). Without it the file is
checked against the key inside it: that shows that nothing was changed by accident, not who signed. FILE holds the
canonical text of the record's content; its SHA-256 must be the content hash that was logged.

Exit 0: everything holds. Exit 1: it does not, or the file cannot be read; the reason is printed in Chinese and English.
Sources: RFC 6962, RFC 9162 §2.1.3.2, https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note, RFC 8032.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import struct
import sys
from datetime import date
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

FORMAT = "xinyong-proof-2"
CONTEXT = ["dataset", "delivery", "delivery_sha256", "edition", "received_at", "recorded_at", "type", "written_at"]
#: Leaves of acts, by type: members besides those all acts have.
ACTS = {
    "xinyong-act-1": {"record_id", "entity_id", "version_no", "act", "cause", "rule", "answers", "effective_at"},
    "xinyong-registry-act-1": {"act_id", "act", "entity_id", "other_id", "undoes_id", "decided_at"},
}
MEMBERS = ["format", "content_hash", "leaf", "leaf_index", "inclusion_path", "checkpoint", "public_key", "second_key"]


class Wrong(Exception):
    """The proof does not hold: why, in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


# --- Ed25519 (RFC 8032), verification only ------------------------------------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)


def _add(a: Any, b: Any) -> Any:
    x, y = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    z, t = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = y - x, t - z, t + z, y + x
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(factor: int, point: Any) -> Any:
    total = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total


def _point(data: bytes) -> Any:
    """A point from its 32 bytes; None when they are no point in its only spelling."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return (x, y, 1, x * y % _P)


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def pure_ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    """RFC 8032 §5.1.7 without the cofactor, in plain Python."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= _L:
        return False
    k = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % _L
    left, right = _times(s, _BASE), _add(r, _times(k, a))
    return not ((left[0] * right[2] - right[0] * left[2]) % _P or (left[1] * right[2] - right[1] * left[2]) % _P)


def ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    """By the cryptography package where it is installed, else by the lines above."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return pure_ed25519(public, signature, message)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- SM2 with SM3 (GB/T 32918.2, GB/T 32905), verification only ----------------------------------------------------------

_SM2_KIND = b"\xffxinyong-sm2-sm3\n"
_SM2_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_SM2_A = _SM2_P - 3
_SM2_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_SM2_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_SM2_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)


def _sm2_add(left: Any, right: Any) -> Any:
    if left is None or right is None:
        return left or right
    if left[0] == right[0]:
        if (left[1] + right[1]) % _SM2_P == 0:
            return None
        slope = (3 * left[0] * left[0] + _SM2_A) * pow(2 * left[1], -1, _SM2_P) % _SM2_P
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, _SM2_P) % _SM2_P
    x = (slope * slope - left[0] - right[0]) % _SM2_P
    return x, (slope * (left[0] - x) - left[1]) % _SM2_P


def _sm2_times(factor: int, point: Any) -> Any:
    total = None
    while factor:
        if factor & 1:
            total = _sm2_add(total, point)
        point, factor = _sm2_add(point, point), factor >> 1
    return total


def sm2(public: bytes, signature: bytes, message: bytes) -> bool:
    """In plain Python, with SM3 from the OpenSSL of Python."""
    if len(public) != 65 or public[0] != 4 or len(signature) != 64:
        return False
    x, y, r, s = (int.from_bytes(part, "big") for part in (public[1:33], public[33:], signature[:32], signature[32:]))
    on_curve = x < _SM2_P and y < _SM2_P and (y * y - x * x * x - _SM2_A * x - _SM2_B) % _SM2_P == 0
    if not (on_curve and 0 < r < _SM2_N and 0 < s < _SM2_N) or not (r + s) % _SM2_N:
        return False
    curve = b"".join(number.to_bytes(32, "big") for number in (_SM2_A, _SM2_B, *_SM2_G, x, y))
    z = hashlib.new("sm3", b"\x00\x80" + b"1234567812345678" + curve).digest()
    point = _sm2_add(_sm2_times(s, _SM2_G), _sm2_times((r + s) % _SM2_N, (x, y)))
    hashed = int.from_bytes(hashlib.new("sm3", z + message).digest(), "big")
    return point is not None and (hashed + point[0]) % _SM2_N == r


def second_signature(note: str, name: str, line: str) -> str:
    """What the SM2 line of the checkpoint shows: ``none``, ``valid`` or ``not checked``. Raises Wrong for a wrong one."""
    if not line:
        return "none"
    owner, _, rest = line.partition("+")
    key_id, _, coded = rest.partition("+")
    data = plain(coded)
    public = data[len(_SM2_KIND) :]
    expected = sha256(name.encode() + b"\n" + data).digest()[:4]
    if owner != name or not data.startswith(_SM2_KIND) or key_id != expected.hex():
        raise Wrong("SM2 公钥不对", "the SM2 key is malformed or of another log")
    text, _, signatures = note.rpartition("\n\n")
    lines = [plain(item.split(" ")[-1]) for item in signatures[:-1].split("\n") if item.split(" ")[1] == name]
    found = [item[4:] for item in lines if item[:4] == expected]
    if not found:
        return "none"
    if "sm3" not in hashlib.algorithms_available:
        return "not checked"
    if not all(sm2(public, item, (text + "\n").encode()) for item in found):
        raise Wrong("检查点的 SM2 签名无效", "the SM2 signature of the checkpoint is not valid")
    return "valid"


# --- the parts of a proof -------------------------------------------------------------------------------------------


def plain(text: Any) -> bytes:
    """Base64 in its only spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        data = b""
    if not isinstance(text, str) or base64.b64encode(data).decode() != text:
        raise Wrong(f"不是规范的 Base64：{str(text)[:40]}", f"not base64 in its only spelling: {str(text)[:40]}")
    return data


def key_of(line: str) -> tuple[str, bytes]:
    """(name, public key) of ``name+id+base64``."""
    name, _, rest = line.partition("+")
    key_id, _, coded = rest.partition("+")
    data = plain(coded)
    if len(data) != 33 or data[:1] != b"\x01":
        raise Wrong("公钥不是 Ed25519", "the public key is not an Ed25519 key")
    if sha256(name.encode() + b"\n" + data).digest()[:4].hex() != key_id:
        raise Wrong("公钥编号与公钥不符", "the key id is not that of the key")
    return name, data[1:]


def open_note(note: str, name: str, public: bytes) -> tuple[int, bytes]:
    """(tree size, root) of a checkpoint this key signed."""
    text, mark, signatures = note.rpartition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if not mark or not signatures.endswith("\n") or len(lines) != 4 or lines[0] != name:
        raise Wrong("检查点格式不对或不属于这一日志", "the checkpoint is malformed or of another log")
    key_id = sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    signed = False
    for line in signatures[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        signer, _, coded = rest.partition(" ")
        data = plain(coded)
        if dash != "—":
            raise Wrong("签名行格式不对", "a signature line is malformed")
        if signer == name and data[:4] == key_id:
            if not ed25519(public, data[4:], text.encode()):
                raise Wrong("检查点的签名无效", "the signature of the checkpoint is not valid")
            signed = True
    if not signed:
        raise Wrong("检查点没有这一日志的签名", "the checkpoint is not signed by this log")
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise Wrong("检查点的条数不是数字", "the size in the checkpoint is no number")
    return int(lines[1]), plain(lines[2])


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root the path leads to."""
    if not 0 <= index < size or any(len(item) != 32 for item in path):
        raise Wrong("叶序号或路径不对", "the index or the path is malformed")
    found, place, last = sha256(b"\x00" + leaf).digest(), index, size - 1
    for item in path:
        if last == 0:
            raise Wrong("路径过长", "the path is too long")
        if place & 1 or place == last:
            found = sha256(b"\x01" + item + found).digest()
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + item).digest()
        place, last = place >> 1, last >> 1
    if last:
        raise Wrong("路径过短", "the path is too short")
    return found


def opened(text: str) -> tuple[dict[str, Any], bytes]:
    """(what the leaf says, its entry in the log)."""
    try:
        leaf = json.loads(text)
        if canonical(leaf) != text:
            raise ValueError("not canonical")
        if leaf["type"] in ACTS:
            return leaf, act_entry(leaf)
        if leaf["type"] != "xinyong-version-2":
            raise ValueError("unknown type")
        context = sha256(canonical({name: leaf[name] for name in CONTEXT}).encode()).digest()
        days = (date.fromisoformat(leaf["decided_on"]) - date(1970, 1, 1)).days if leaf["decided_on"] else -(1 << 31)
        row = struct.pack(
            ">qqiiqqi32s32s",
            *(leaf[name] for name in ("version_id", "record_id", "version_no", "source_row")),
            *(leaf[name] for name in ("entity_id", "department_id")),
            days,
            *(hashed(leaf[name], 32) for name in ("content_hash", "payload_hash")),
        )
        blind = hashed(leaf["blind"], 16)
        if len(leaf) != len(CONTEXT) + 10:
            raise ValueError("too many members")
    except (ValueError, TypeError, KeyError, struct.error, RecursionError):
        raise Wrong("叶的内容不对", "the leaf is malformed") from None
    return leaf, sha256(context + row + blind).digest()


def act_entry(leaf: dict[str, Any]) -> bytes:
    """The entry of an act: its statement hashed, then its blind."""
    blind = hashed(leaf["blind"], 16)
    hashed(leaf["content_hash"], 32)
    if set(leaf) != {*ACTS[leaf["type"]], "type", "blind", "content_hash", "event_id", "recorded_at", "written_at"}:
        raise ValueError("other members")
    said = {name: value for name, value in leaf.items() if name != "blind"}
    return sha256(sha256(canonical(said).encode()).digest() + blind).digest()


def canonical(value: Any) -> str:
    """JSON with sorted keys and without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def hashed(text: Any, size: int) -> bytes:
    """Bytes from lower-case hexadecimal."""
    data = bytes.fromhex(text)
    if len(data) != size or data.hex() != text:
        raise ValueError("not a hash")
    return data


def check(raw: bytes, key: str | None = None, content: bytes | None = None) -> dict[str, Any]:
    """What the proof shows. Raises Wrong."""
    try:
        proof = json.loads(raw.decode("utf-8"))
    except ValueError:
        raise Wrong("文件不是 JSON", "the file is not JSON") from None
    if not isinstance(proof, dict) or proof.get("format") != FORMAT or list(proof) != MEMBERS:
        raise Wrong(f"不是 {FORMAT} 格式的证明", f"not a proof of the format {FORMAT}")
    if (json.dumps(proof, ensure_ascii=False, indent=1) + "\n").encode() != raw:
        raise Wrong("文件被改动过（写法不规范）", "the file was altered: it is not in its only spelling")
    texts = [proof[name] for name in MEMBERS if name not in ("leaf_index", "inclusion_path")]
    path, index = proof["inclusion_path"], proof["leaf_index"]
    if not all(isinstance(item, str) for item in texts) or not isinstance(path, list) or type(index) is not int:
        raise Wrong("证明的成员类型不对", "a member of the proof has the wrong type")
    if key is not None and proof["public_key"] != key.strip():
        raise Wrong("证明中的公钥不是给定的公钥", "the key in the proof is not the key given")
    name, public = key_of(proof["public_key"])
    size, root = open_note(proof["checkpoint"], name, public)
    second = second_signature(proof["checkpoint"], name, proof["second_key"])
    leaf, entry = opened(proof["leaf"])
    if root_of(entry, index, size, [plain(item) for item in path]) != root:
        raise Wrong("该条目不在签署的日志中", "the leaf is not in the signed log")
    logged = leaf["content_hash"]
    if logged != proof["content_hash"]:
        raise Wrong("内容摘要与叶不符", "the content hash is not that of the leaf")
    if content is not None and sha256(content).hexdigest() != logged:
        raise Wrong("给定的内容与存证的摘要不符", "the content given does not give the content hash that was logged")
    return {
        "ok": True,
        "leaf": leaf,
        "leaf_index": index,
        "size": size,
        "public_key": proof["public_key"],
        "second_signature": second,
    }


def what(leaf: dict[str, Any]) -> tuple[str, str]:
    """What the leaf is, in Chinese and in English."""
    if leaf["type"] not in ACTS:
        return (
            f"记录 {leaf['record_id']} 第 {leaf['version_no']} 版（批次 {leaf['delivery']} 第 {leaf['source_row']} 行，"
            f"{leaf['recorded_at']}）",
            f"record {leaf['record_id']}, version {leaf['version_no']} (delivery {leaf['delivery']}, row {leaf['source_row']})",
        )
    if "record_id" in leaf:
        zh, en = f"记录 {leaf['record_id']}", f"record {leaf['record_id']}"
    else:
        zh, en = f"主体条目 {leaf['entity_id']}", f"registry entry {leaf['entity_id']}"
    return (
        f"第 {leaf['event_id']} 号处理（{leaf['act']}，{zh}，{leaf['recorded_at']}）",
        f"act {leaf['event_id']} ({leaf['act']}, {en}, {leaf['recorded_at']})",
    )


def main(arguments: list[str] | None = None) -> int:
    """Print the verdict; 0 when the proof holds."""
    parser = argparse.ArgumentParser(description="Check a proof file of Xinyong offline. 离线核验存证证明。")
    parser.add_argument("proof", type=Path)
    parser.add_argument("--key", help="public key of the log, or a file with it")
    parser.add_argument("--content", type=Path, help="canonical text of the content, as a file")
    parser.add_argument("--json", action="store_true", help="print one JSON line")
    options = parser.parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        key = options.key
        if key is not None and "+" not in key:
            key = Path(key).read_text(encoding="utf-8")
        content = options.content.read_bytes() if options.content else None
        result = check(options.proof.read_bytes(), key, content)
    except (Wrong, OSError, RecursionError) as error:
        zh = error.zh if isinstance(error, Wrong) else "文件不能读取"
        if options.json:
            print(json.dumps({"ok": False, "zh": zh, "en": str(error)}, ensure_ascii=False))
        else:
            print(f"不成立：{zh}。\nDoes not hold: {error}.")
        return 1
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
        return 0
    zh, en = what(result["leaf"])
    place = (result["leaf_index"], result["size"])
    print("成立：{}是日志第 {} 条，共签署 {} 条。".format(zh, *place))
    print("Holds: {} is leaf {} of {} signed.".format(en, *place))
    print(f"content_hash {result['leaf']['content_hash']}\npublic_key   {result['public_key']}")
    print(
        {
            "none": "没有 SM2 签名。There is no SM2 signature.",
            "valid": "SM2 签名有效。The SM2 signature is valid.",
            "not checked": "本机的 Python 不支持 SM3，未核验 SM2 签名。The SM2 signature was not checked: this Python lacks SM3.",
        }[result["second_signature"]]
    )
    if options.key is None:
        print(
            "请将公钥与平台公布的公钥比对（或用 --key 给出）。\nCompare the key with the one the platform publishes, "
            "or give it by --key."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
