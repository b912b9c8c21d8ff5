"""What our own files must not hold: a slow pattern, a secret, a way to run or keep what somebody sent."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from re import _parser  # type: ignore[attr-defined]  # what a pattern is made of; the language offers no other view
from typing import Any

from tests.house.tree import ROOT, files, modules, name_of, parsed

# Beyond so many repetitions a part counts as endless.
_FEW = 60
HOSTILE = ["0", " ", "-", "/", "a", "#", "/t/", "1.", "转", "\t ", "[:", "+1", ":."]
_ENDLESS = {"MAX_REPEAT", "MIN_REPEAT"}


@cache
def patterns() -> dict[str, re.Pattern[str]]:
    """Every pattern our modules hold by name."""
    found = {}
    for path in modules("wristband"):
        name = name_of(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        if ".migrations." in name or not any("re" in _names(node) for node in ast.walk(parsed(path))):
            continue
        held = vars(importlib.import_module(name))
        found |= {f"{name}.{key}": value for key, value in held.items() if isinstance(value, re.Pattern)}
    return found


def _names(node: ast.AST) -> list[str]:
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def _repeats(parts: Any) -> Iterator[tuple[int, Any]]:
    """How often, and what, of every repetition in a parsed pattern."""
    for kind, argument in parts:
        if str(kind) in _ENDLESS:
            _, most, inside = argument
            yield int(most), inside
            yield from _repeats(inside)
        elif str(kind) == "SUBPATTERN":
            yield from _repeats(argument[-1])
        elif str(kind) == "BRANCH":
            for branch in argument[1]:
                yield from _repeats(branch)


def _nested(pattern: str) -> bool:
    """Whether an endless repetition holds another one: what takes time without end."""
    return any(
        most > _FEW and any(inner > _FEW for inner, _ in _repeats(inside)) for most, inside in _repeats(_parse(pattern))
    )


def _parse(pattern: str) -> Any:
    return _parser.parse(pattern)


def test_there_are_patterns_and_what_is_slow_is_seen() -> None:
    assert len(patterns()) > 15
    assert _nested(r"(a+)+b")
    assert _nested(r"(?:x|(y*z)*)?")
    assert not _nested(r"[0-9]+(?:\.[0-9]{0,20})?")


def _text_of(pattern: re.Pattern[Any]) -> str:
    """One over bytes reads each of them as a letter."""
    return pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")


def test_no_pattern_repeats_a_repetition_without_end() -> None:
    assert not [name for name, pattern in patterns().items() if _nested(pattern.pattern)]


def test_every_pattern_has_done_with_a_hundred_thousand_characters_within_its_steps() -> None:
    """In a process of its own, which the system ends when it has used up its share of the processor."""
    program = """
import json, re, resource, sys
patterns, parts = json.load(sys.stdin)
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
for pattern, flags in patterns:
    for part in parts:
        for text in ((part * 100_000)[:100_000] + end for end in ("", "!", "7")):
            re.compile(pattern, flags).fullmatch(text)
            re.compile(pattern, flags).match(text)
print("done")
"""
    told = json.dumps([[[_text_of(each), each.flags & ~re.UNICODE] for each in patterns().values()], HOSTILE])
    ran = subprocess.run([sys.executable, "-c", program], input=told, capture_output=True, text=True)
    assert ran.stdout == "done\n"


def test_no_pattern_is_made_of_what_somebody_sent() -> None:
    """Constants, and constants put together; no name of an argument or of a local value."""
    loose = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules("wristband")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        if re.fullmatch(r"re\.(compile|match|fullmatch|search|sub|split|findall|finditer)", ast.unparse(node.func))
        if not all(each.id.strip("_").isupper() for each in ast.walk(node.args[0]) if isinstance(each, ast.Name))
    ]
    assert not loose


# ---- T011, T044, T045: what is written nowhere


# What a script keeps in a browser, and why it may: never anything about an elder.
KEPT_BY_SCRIPTS = {
    # A finder's own report that is not sent yet: a journey looks at all that is left behind.
    "static/finder_store.js": {"indexedDB", "localStorage", "JSON.parse"},
    "static/keep.js": {"localStorage", "JSON.parse", "serviceWorker"},
    "static/finder_sw.js": {"caches"},  # the shell alone
    "static/push.js": {"serviceWorker"},
    "static/police.js": {"localStorage"},  # whether the desk may sound
    "static/voice.js": {"createObjectURL"},  # what was just recorded, to be listened to
}


def test_no_script_of_ours_keeps_anything_in_the_browser_or_writes_markup() -> None:
    scripts = {name_of(path): path.read_text() for path in files() if path.match("static/*.js")}
    assert scripts
    forbidden = r"localStorage|sessionStorage|indexedDB|document\.cookie|\bcaches\b|serviceWorker|postMessage"
    forbidden += (
        r"|innerHTML|outerHTML|insertAdjacentHTML|document\.write|JSON\.parse|\beval\b|new Function|createObjectURL"
    )
    found = {name: set(re.findall(forbidden, text)) for name, text in scripts.items()}
    assert {name: words for name, words in found.items() if words} == KEPT_BY_SCRIPTS


def test_no_template_of_ours_lifts_the_escaping() -> None:
    templates = {name_of(path): path.read_text() for path in files() if path.match("templates/**/*.html")}
    assert len(templates) > 20
    assert not {name: found for name, text in templates.items() if (found := re.findall(r"\|\s*safe|autoescape", text))}


def _called(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
            yield from (f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in node.keywords if keyword.arg)


def test_nothing_of_ours_runs_unpacks_or_renders_what_somebody_sent() -> None:
    never = r"(.*\.)?(eval|exec|render_template_string|from_string|yaml\.load|mktemp)|pickle\..*|marshal\..*|os\.system"
    never += r"|shell=True|debug=True|verify=False"
    found = {
        name_of(path): call for path in modules("wristband") for call in _called(path) if re.fullmatch(never, call)
    }
    assert not found


def _is_built(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr | ast.BinOp) or (
        isinstance(node, ast.Call) and "format" in ast.unparse(node.func)
    )


def test_no_sql_is_built_from_pieces() -> None:
    built = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules("wristband")
        if "migrations/versions" not in name_of(path)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("sa.text", "text", "sqlalchemy.text")
        if node.args and _is_built(node.args[0])
    ]
    assert not built


# Every module that hashes, signs or seals, and what for: V11.1.3. A new one is written down here first.
HASHES_SIGNS_OR_SEALS = {
    "ciphers": "AES-256-GCM and SM4-GCM",
    "sealing": "seals, keyed hashes, blind indexes",
    "key_check": "a note by which keys are known again",
    "audit/chain": "SHA-256 of each row",
    "audit/checkpoints": "Ed25519",
    "bands/tokens": "HMAC of a band's token",
    "scans/stamps": "HMAC of a form's stamp",
    "scans/challenges": "argon2id of check codes",
    "accounts/hashing": "argon2id of passwords and recovery codes",
    "accounts/factors": "codes of the authenticator, compared",
    "interchange/broadcasts": "the digest of what a broadcast said, so that it is said once",
    "services/importing": "the digest of a sheet, by which it is known again",
    "services/importing_rows": "the digest of a row, which makes one elder",
    "sheets/repeats": "digests of a sheet's rows, so that repeats are seen in little memory",
    "web/sessions": "signed cookies, by itsdangerous",
    "gateways/signing": "HMAC of what is handed over, and of what comes back",
    "gateways/aliyun": "ACS3-HMAC-SHA256, and HMAC-SHA1 where its older interface asks for it",
    "gateways/sms_tencent": "TC3-HMAC-SHA256",
    "gateways/twilio": "HMAC-SHA1 over a receipt, as Twilio signs it",
    "gateways/receipts": "secrets of receipts, compared",
    "gateways/webpush": "RFC 8291 and VAPID",
    "gateways/push": "the topic of a notice",
    "values/push": "whether a browser's key is a point of its curve",
    "outbox/links": "the link of a message, by itsdangerous",
    "elders/voices": "the digest of a kept recording",
    "services/posting": "the digest of what a post says, within its key",
    "services/supplementing": "the digest of what was added, within its key",
    "web/platform/police": "the digest of a call's body",
    "services/scanning": "a digest that keeps no secret",
    "web/filters": "the digest in a static file's address",
    "web/headers": "the digest of an inline style",
    "stations/files": "ids of rows without one",
    "bands/printing/fonts": "the name of a font's subset",
    "bands/printing/manifest": "digests of printed files",
    "elders/rules": "the digest of a consent's words",
    "elders/photos": "the digest of a kept picture",
    "gateways/geocoding": "typed words under a key of the process, so that memory holds none",
    "gateways/wechat": "SHA-1 over a page's address, as WeChat's protocol has it",
}


def test_cryptography_stands_in_the_modules_that_are_known_for_it() -> None:
    uses = re.compile(r"^(import (hashlib|hmac)\b|from (hashlib|hmac|cryptography|argon2|itsdangerous)\b)", re.M)
    using = {name_of(path)[10:].removesuffix(".py") for path in modules("wristband") if uses.search(path.read_text())}
    assert using == set(HASHES_SIGNS_OR_SEALS)


def test_no_weak_digest_and_no_common_dice_are_used() -> None:
    weak = r"hashlib\.(md5|sha1|new)|random\.(?!SystemRandom)\w+|.*\bMD5|.*\bSHA1|.*\bECB|.*PKCS1v15"
    # A drawing is scattered by dice that fall the same way each time; nothing of it is secret.
    ours = [path for path in modules("wristband") if not name_of(path).startswith("wristband/bands/artwork/")]
    # What another house's protocol prescribes guards nothing of ours.
    ours = [path for path in ours if name_of(path) != "wristband/gateways/wechat.py"]
    assert not {name_of(path): call for path in ours for call in _called(path) if re.fullmatch(weak, call)}


# Compared in constant time only, by hmac.compare_digest, itsdangerous or argon2; a column is asked for by its hash.
SECRETS = {
    "mac",
    "signature",
    "secret",
    "password",
    "token",
    "token_hash",
    "code_hash",
    "password_hash",
    "hashed",
    "kept",
}


def _names_a_secret(side: ast.expr) -> bool:
    return getattr(side, "attr", getattr(side, "id", "")).strip("_") in SECRETS


def _asks_the_store(comparison: ast.Compare) -> bool:
    """Whether one side is a model's column: then it is a part of a statement."""
    return any(ast.unparse(side)[:1].isupper() for side in (comparison.left, *comparison.comparators))


def test_no_secret_is_compared_character_by_character() -> None:
    compared = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules("wristband")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        if any(map(_names_a_secret, (node.left, *node.comparators))) and not _asks_the_store(node)
    ]
    assert not compared


# ---- T112: no secret in code or package


def test_nothing_that_is_delivered_holds_a_key_or_a_password() -> None:
    secret = re.compile(
        r"(?i)\b[0-9a-f]{64}\b|BEGIN [A-Z ]*PRIVATE|(?:password|secret|api_key)\s*=\s*[\"'][^\"'{]{6,}[\"']"
    )
    delivered = [path for path in files() if path.relative_to(ROOT).parts[0] in ("wristband", "static", "templates")]
    found = {
        name_of(path): match[0] for path in delivered if (match := secret.search(path.read_bytes().decode("latin-1")))
    }
    assert not found


def test_no_key_store_or_dump_lies_in_the_tree() -> None:
    assert not [
        name_of(path) for path in files() if path.suffix in (".key", ".pem", ".p12", ".pfx", ".db", ".sqlite", ".sql")
    ]
