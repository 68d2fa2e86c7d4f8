"""Puts a request's parameters into its statement, with the types that AWS gives them.

A string is a `varchar`, as on AWS: for a column of another type it needs a `typeHint` or a cast.
"""

import base64
import re

from psycopg2 import extensions

from data_api_errors import database_error, invalid

_HINTS = {
    "DATE": "date",
    "DECIMAL": "numeric",
    "JSON": "json",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "UUID": "uuid",
}
# First what may contain a colon or a semicolon without meaning, then what has a meaning.
_TOKENS = re.compile(
    r"""(?<![\w$])[eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
      | (?<![\w$])(?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag) | ::
      | :(?P<name>\w+)
      | (?P<end>;)""",
    re.VERBOSE | re.DOTALL,
)


def check_single(sql):
    """Refuse more than one statement; a final semicolon does not start one."""
    for token in _TOKENS.finditer(sql):
        if token["end"] and _TOKENS.sub(_without_comments, sql[token.end() :]).strip():
            raise invalid("Multistatements aren't supported.")


def bind(sql, parameters, connection):
    """The statement with `:name` replaced by the values of `parameters`; other names stay as they are."""
    if not all(parameter.get("name") for parameter in parameters):
        raise invalid("A parameter has no name")
    values = {parameter["name"]: _literal(parameter, connection) for parameter in parameters}

    def replace(token):
        return values.get(token["name"], token[0]) if token["name"] else token[0]

    return _TOKENS.sub(replace, sql)


def _without_comments(token):
    return "" if token["end"] or token[0].startswith(("--", "/*")) else token[0]


def _literal(parameter, connection):
    value, hint = parameter.get("value", {}), parameter.get("typeHint")
    if hint is not None and hint not in _HINTS:
        raise invalid(f"The typeHint {hint} of the parameter {parameter['name']} is none of {', '.join(_HINTS)}")
    if value.get("isNull"):
        return "(NULL)"
    for kind, of_value in _KINDS.items():
        if kind in value:
            return of_value(value[kind], hint, connection)
    if "arrayValue" in value:
        raise invalid("Array parameters are not supported.")
    raise invalid(f"The parameter {parameter['name']} has no value")


def _text(value, hint, connection):
    try:
        quoted = extensions.adapt(value)
        quoted.prepare(connection)
        return f"({quoted.getquoted().decode()}::{_HINTS.get(hint, 'varchar')})"
    except ValueError:
        raise database_error('invalid byte sequence for encoding "UTF8": 0x00', "22021") from None


# In quotes: a minus binds more loosely than the cast, and the smallest number has no positive counterpart.
_KINDS = {
    "stringValue": _text,
    "longValue": lambda value, *_: f"('{int(value)}'::bigint)",
    "doubleValue": lambda value, *_: f"('{float(value)!r}'::float8)",
    "booleanValue": lambda value, *_: "(true)" if value else "(false)",
    "blobValue": lambda value, *_: rf"('\x{base64.b64decode(value).hex()}'::bytea)",
}
