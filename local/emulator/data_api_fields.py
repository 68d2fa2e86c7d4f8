"""Rows of PostgreSQL as the Data API's fields."""

import base64

from psycopg2 import extensions

from data_api_errors import unsupported_result

# OID: PostgreSQL's name of the type, and JDBC's number of it.
_TYPES = {
    16: ("bool", -7),
    17: ("bytea", -2),
    18: ("char", 1),
    19: ("name", 12),
    20: ("int8", -5),
    21: ("int2", 5),
    23: ("int4", 4),
    25: ("text", 12),
    26: ("oid", -5),
    114: ("json", 1111),
    700: ("float4", 7),
    701: ("float8", 8),
    1042: ("bpchar", 1),
    1043: ("varchar", 12),
    1082: ("date", 91),
    1083: ("time", 92),
    1114: ("timestamp", 93),
    1184: ("timestamptz", 93),
    1186: ("interval", 1111),
    1266: ("timetz", 92),
    1700: ("numeric", 2),
    2950: ("uuid", 1111),
    3802: ("jsonb", 1111),
}
_OTHER = ("unknown", 1111)
_ARRAY = 2003
_UNSUPPORTED = {
    600: "point", 601: "lseg", 602: "path", 603: "box", 604: "polygon", 628: "line", 718: "circle", 790: "money"
}  # fmt: skip
_TIMESTAMPTZ = 1184
# OID of an array: OID of its elements.
_ARRAYS = {
    199: 114, 1000: 16, 1005: 21, 1007: 23, 1009: 25, 1014: 1042, 1015: 1043, 1016: 20, 1021: 700, 1022: 701,
    1028: 26, 1115: 1114, 1182: 1082, 1183: 1083, 1185: 1184, 1231: 1700, 2951: 2950, 3807: 3802
}  # fmt: skip
_NUMBERS = {16, 20, 21, 23, 26, 700, 701}


def register(connection):
    """Return PostgreSQL's own text for everything that is not a number, a boolean or bytes on AWS."""
    plain = [oid for oid in _TYPES if oid not in _NUMBERS | {17}]
    text = extensions.new_type(tuple(plain), "TEXT", lambda value, _: value)
    extensions.register_type(text, connection)
    for array, element in _ARRAYS.items():
        if element not in _NUMBERS:
            extensions.register_type(extensions.new_array_type((array,), "TEXT[]", text), connection)


def records(cursor):
    """All rows, each a list of fields."""
    for column in cursor.description:
        if column.type_code in _UNSUPPORTED:
            kind = _UNSUPPORTED[column.type_code].upper()
            raise unsupported_result(f"The result contains the unsupported data type {kind}")
    types = [column.type_code for column in cursor.description]
    return [[_field(value, oid) for value, oid in zip(row, types, strict=True)] for row in cursor]


def metadata(cursor):
    """The columns of the result."""
    return [_column(column) for column in cursor.description]


def _field(value, oid):
    if value is None:
        return {"isNull": True}
    if isinstance(value, list):
        return {"arrayValue": _array(value, _ARRAYS.get(oid))}
    if isinstance(value, memoryview):
        return {"blobValue": base64.b64encode(value).decode()}
    return {_member(value): _without_offset(value, oid)}


def _member(value):
    if isinstance(value, bool):
        return "booleanValue"
    if isinstance(value, int):
        return "longValue"
    return "doubleValue" if isinstance(value, float) else "stringValue"


def _array(values, oid):
    if any(isinstance(value, list) for value in values):
        raise unsupported_result("The result contains a multidimensional array")
    member = next((_member(value) for value in values if value is not None), "stringValue")
    return {member + "s": [_without_offset(value, oid) for value in values]}


def _without_offset(value, oid):
    # Sessions use UTC, and the Data API leaves the time zone out of values.
    return value.removesuffix("+00") if oid == _TIMESTAMPTZ and isinstance(value, str) else value


def _column(column):
    oid = column.type_code
    name, jdbc_type = _TYPES.get(oid, _OTHER)
    if oid in _ARRAYS:
        name, jdbc_type = "_" + _TYPES[_ARRAYS[oid]][0], _ARRAY
    return {
        "arrayBaseColumnType": _TYPES[_ARRAYS[oid]][1] if oid in _ARRAYS else 0,
        "isAutoIncrement": False,
        "isCaseSensitive": name in ("text", "varchar", "bpchar", "char", "name", "json", "jsonb"),
        "isCurrency": False,
        "isSigned": name in ("int2", "int4", "int8", "float4", "float8", "numeric"),
        "label": column.name,
        "name": column.name,
        "nullable": 1,
        "precision": column.precision or 0,
        "scale": column.scale or 0,
        "schemaName": "",
        "tableName": "",
        "type": jdbc_type,
        "typeName": name,
    }
