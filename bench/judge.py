"""Judges JSON texts by their schemas, line by line: {"schema": …, "text": …}.

Answers "valid", "unjudged: why" where the schema cannot be used, or what is wrong.
The validator is Python's jsonschema, which has nothing in common with Gosling.
"""

import decimal
import json
import sys

from jsonschema.validators import Draft202012Validator, validator_for


def pairs(found):
    names = [name for name, _ in found]
    if len(set(names)) < len(names):
        raise ValueError("a name comes twice")
    return dict(found)


def constant(name):
    raise ValueError(f"{name} is no JSON")


def nullable(schema):
    """`nullable` adds `null` to `type`; it is OpenAPI's, and no word of JSON Schema."""
    if isinstance(schema, list):
        return [nullable(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    found = {word: nullable(inner) for word, inner in schema.items()}
    if schema.get("nullable") is True and isinstance(schema.get("type"), (str, list)):
        types = schema["type"]
        found["type"] = [*([types] if isinstance(types, str) else types), "null"]
    return found


def judge(schema, text):
    try:
        value = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_constant=constant,
            parse_float=decimal.Decimal,
        )
    except ValueError as error:
        return f"no JSON: {error}"
    of = validator_for(schema, default=Draft202012Validator)
    try:
        found = next(
            of(schema, format_checker=of.FORMAT_CHECKER).iter_errors(value), None
        )
    except Exception as error:  # A schema that it does not take.
        return f"unjudged: {type(error).__name__} {error}"
    if found is None:
        return "valid"
    return f"{found.json_path}: {found.validator} {found.message}"


# 16.4 is a multiple of 0.01, whatever floating point makes of it.
decimal.getcontext().prec = 1000
for line in sys.stdin:
    asked = json.loads(line, parse_float=decimal.Decimal)
    verdict = judge(nullable(asked["schema"]), asked["text"])
    print(" ".join(verdict.split())[:500], flush=True)
