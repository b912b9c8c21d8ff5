"""The OpenAPI 3.1 document, made of the table of operations and the models: neither can say what the other does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from wristband.language import say
from wristband.partners.rules import CALLS, SCOPE_WORDS, Scope
from wristband.web.partner import bodies
from wristband.web.partner.contract import Operation
from wristband.web.partner.operations import OPERATIONS, PATHS
from wristband.web.partner.reading import LONGEST_BYTES

VERSION = "1.0.0"
_SCHEMAS = "#/components/schemas/"
Json = dict[str, Any]


def _(text: str) -> str:
    return text


_SAID = {"title": _("黄手环合作接口"), "description": _("给社区、热线、公交等合作单位的系统。")}
_PLAIN_TEXT = _("文字用 NFC，至少有一个看得见的字，不含控制符和改变方向的字符。")
_WHAT = {
    400: _("请求读不懂，或缺少 Idempotency-Key。"),
    401: _("密钥不对、过期或已停用；回答都一样。"),
    403: _("这把密钥没有这项权限。"),
    404: _("没有，或不归您看。"),
    406: _("只能回答 JSON。"),
    409: _("和现状冲突；同一个 Idempotency-Key 带了别的内容也是。"),
    412: _("读过之后有人改过，请重新读。"),
    413: _("正文太长。"),
    415: _("正文要用 UTF-8 的 JSON。"),
    422: _("有的地方不合要求，见 errors。"),
    428: _("要带 If-Match。"),
    429: _("太快了，等 Retry-After 秒再试。"),
    503: _("暂时存不下，什么都没有做，请稍后用同一个 Idempotency-Key 再试。"),
}
_PATH_SAID = {"id": _("编号。"), "number": _("警情编号，例如 261124-037。")}


@cache
def document(language: str) -> Json:
    """The document, its sentences in `language`."""
    made: Json = _in_language(
        {
            "openapi": "3.1.0",
            "info": {**_SAID, "version": VERSION},
            "servers": [{"url": "/api/v1"}],
            "security": [{"key": []}],
            "tags": [{"name": group} for group in dict.fromkeys(operation.group for operation in OPERATIONS)],
            "paths": _paths(),
            "components": {
                "schemas": _schemas(),
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
                "headers": _headers(),
            },
        },
        language,
    )
    return made


def _paths() -> Json:
    paths: Json = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return paths


def _operation(operation: Operation) -> Json:
    said: Json = {
        "operationId": operation.name,
        "tags": [operation.group],
        "summary": operation.summary,
        "parameters": list(_parameters(operation)),
        "responses": _responses(operation),
        "x-scope": operation.scope.value if operation.scope else None,
    }
    if operation.text:
        said["description"] = operation.text
    if operation.body is not None:
        said["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _SCHEMAS + operation.body.__name__}}},
        }
    return said


def _parameters(operation: Operation) -> Iterator[Json]:
    for name in re.findall(r"\{(\w+)\}", operation.path):
        schema = {"type": "string", "pattern": f"^{PATHS[name].pattern}$"}
        yield {"name": name, "in": "path", "required": True, "schema": schema, "description": _PATH_SAID[name]}
    if operation.query is not None:
        yield from _query(operation.query)
    if operation.once:
        schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$"}
        said = _("每件事一个，随机取。24 小时内再发同一件事，得到同一个回答，不会做两次。")
        yield {"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema, "description": said}
    if operation.match:
        yield {
            "name": "If-Match",
            "in": "header",
            "required": operation.match == "needed",
            "schema": {"type": "string", "pattern": '^("v[0-9]{1,9}"|\\*)$'},
            "description": _("读的时候得到的 ETag；写 * 就不管别人改没改过。"),
        }


def _query(model: type[BaseModel]) -> Iterator[Json]:
    schema = model.model_json_schema(mode="validation")
    for name, field in schema["properties"].items():
        plain = {key: value for key, value in field.items() if key not in ("title", "description")}
        if "anyOf" in plain:  # a query's parameter is there or not, never null
            plain = next(one for one in plain["anyOf"] if one.get("type") != "null")
        told = {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": plain}
        yield told | ({"description": field["description"]} if "description" in field else {})


def _responses(operation: Operation) -> Json:
    names = ["Request-Id", "RateLimit", "RateLimit-Policy"]
    names += ["ETag"] if operation.tagged else []
    told: Json = {"description": HTTPStatus(operation.status).phrase, "headers": _refer(names)}
    if operation.answer is not None:
        told["content"] = {"application/json": {"schema": {"$ref": _SCHEMAS + operation.answer.__name__}}}
    if operation.status == 201:
        told["headers"] |= _refer(["Location"])
    return {str(operation.status): told} | {str(status): _problem(status) for status in sorted(_refusals(operation))}


def _refusals(operation: Operation) -> set[int]:
    refusals = {401, 406, 429, 503} | ({403} if operation.scope else set())
    if operation.body is not None:
        refusals |= {400, 413, 415, 422}
    if operation.query is not None:
        refusals |= {422}
    if operation.once or operation.name == "testWebhook":
        refusals |= {409}
    if operation.match:
        refusals |= {412} | ({428} if operation.match == "needed" else set())
    return refusals | ({404} if "{" in operation.path else set())


def _problem(status: int) -> Json:
    names = ["Request-Id", *{401: ["WWW-Authenticate"], 403: ["WWW-Authenticate"]}.get(status, [])]
    names += ["Retry-After"] if status in (429, 503) else []
    content = {"application/problem+json": {"schema": {"$ref": f"{_SCHEMAS}Problem"}}}
    return {"description": _WHAT[status], "headers": _refer(names), "content": content}


def _refer(names: list[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _headers() -> Json:
    text, needed = {"type": "string"}, {"required": True}
    return {
        "Request-Id": {**needed, "schema": text, "description": _("这次请求的编号。")},
        "RateLimit": {"schema": text, "description": _("还能马上调几次（r），多少秒后全部恢复（t）。")},
        "RateLimit-Policy": {"schema": text, "description": _("每个窗口（w 秒）能调多少次（q）。")},
        "Retry-After": {**needed, "schema": {"type": "integer"}, "description": _("多少秒后再试。")},
        "WWW-Authenticate": {**needed, "schema": text},
        "ETag": {**needed, "schema": text, "description": _("改的时候放进 If-Match。")},
        "Location": {**needed, "schema": text},
    }


def _schemas() -> Json:
    given = [operation.body for operation in OPERATIONS if operation.body]
    told = [operation.answer for operation in OPERATIONS if operation.answer]
    modes: dict[type[BaseModel], JsonSchemaMode] = dict.fromkeys(given, "validation")
    modes |= dict.fromkeys([*told, bodies.Problem], "serialization")
    _map, schema = models_json_schema(list(modes.items()), ref_template=f"{_SCHEMAS}{{model}}")
    # A model's docstring is for who reads the code; a title repeats its name.
    return {name: _without_titles({**one, "description": ""}) for name, one in schema["$defs"].items()}


def _without_titles(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_titles(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without_titles(inside)
        for name, inside in value.items()
        if not (name == "title" and isinstance(inside, str)) and inside != ""
    }


def _in_language(value: Any, language: str) -> Any:
    """The sentences in it translated: what is called `description`, `summary`, or names a group."""
    if isinstance(value, list):
        return [_in_language(one, language) for one in value]
    if not isinstance(value, dict):
        return value
    said = {name: _in_language(inside, language) for name, inside in value.items()}
    for name in ("description", "summary"):
        if isinstance(said.get(name), str):
            said[name] = say(language, said[name])
    if isinstance(said.get("tags"), list):
        said["tags"] = [
            {**tag, "name": say(language, tag["name"])} if isinstance(tag, dict) else say(language, tag)
            for tag in said["tags"]
        ]
    if "version" in said and "title" in said:
        said["title"] = say(language, said["title"])
    return said


def facts() -> Json:
    """What the page tells besides: limits and words of ours."""
    return {
        "longest_bytes": LONGEST_BYTES,
        "calls_a_minute": round(60 / CALLS.every_s),
        "burst": CALLS.burst,
        "scopes": [(scope.value, SCOPE_WORDS[scope]) for scope in Scope],
        "plain_text": _PLAIN_TEXT,
    }
