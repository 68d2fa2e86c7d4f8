"""Checks of values against the shapes of AWS's service models.

Each shape is compiled once to a function `check(value, path, found)`, which appends to `found` what the value violates.
A path is None or a pair of its parent and a name: it costs nothing until something is wrong.
"""

import math
from typing import NamedTuple

import request_patterns


class Violation(NamedTuple):
    """What is wrong with one value."""

    path: tuple
    constraint: str
    value: object = None
    kind: str = "constraint"


class Mistyped(Exception):
    """A value of another type than its shape: AWS ends the decoding there."""

    def __init__(self, path, expected, value):
        super().__init__(path, expected, value)
        self.path, self.expected, self.value = path, expected, value


class Hidden:
    """Stands for the value of a sensitive member, and of binary ones."""


HIDDEN = Hidden()


def dotted(path):
    """A path as AWS writes it: `records.1.member.partitionKey`."""
    names = []
    while path is not None:
        path, name = path
        names.append(name)
    return ".".join(reversed(names))


class Shapes:
    """The checks of one service's shapes; `wire_name(shape, name)` says how requests name a member."""

    def __init__(self, wire_name):
        self._wire_name = wire_name
        self._checks = {}

    def check(self, shape):
        """The compiled check of a shape."""
        known = self._checks.get(shape.name)
        if known is None:
            compile_shape = getattr(self, f"_{shape.type_name}", None)
            if compile_shape is None:
                raise NotImplementedError(f"the models' type {shape.type_name}, of {shape.name}")
            known = self._checks[shape.name] = compile_shape(shape)
        return known

    def _structure(self, shape):
        if shape.metadata.get("document"):
            return _anything
        members, required = {}, []
        is_union = shape.metadata.get("union", False)

        def check(value, path, found):
            if type(value) is not dict:
                raise Mistyped(path, "a structure", value)
            for name, inner in value.items():
                member = members.get(name)
                if member is None:
                    found.append(Violation((path, name), "Member must exist in the service's model", HIDDEN, "unknown"))
                elif inner is not None:
                    member[1](inner, (path, member[0]), found)
            for name, shown in required:
                if value.get(name) is None:
                    found.append(Violation((path, shown), "Member must not be null", kind="missing"))
            if is_union and sum(inner is not None for inner in value.values()) != 1:
                found.append(Violation(path, "Member must have exactly one of its members set", HIDDEN))

        # Known before its members are compiled: one of them may contain this shape again.
        self._checks[shape.name] = check
        for name, member in shape.members.items():
            members[self._wire_name(member, name)] = (_shown(name), self.check(member))
        for name in shape.required_members:
            required.append((self._wire_name(shape.members[name], name), _shown(name)))
        return check

    def _list(self, shape):
        element = self.check(shape.member)
        sizes = _bounds(shape.metadata)

        def check(value, path, found):
            if type(value) is not list:
                raise Mistyped(path, "a list", value)
            if sizes:
                _check_size(len(value), sizes, value, path, found)
            for index, inner in enumerate(value, 1):
                if inner is not None:
                    element(inner, ((path, str(index)), "member"), found)

        return check

    def _map(self, shape):
        key_check, value_check = self.check(shape.key), self.check(shape.value)
        sizes = _bounds(shape.metadata)

        def check(value, path, found):
            if type(value) is not dict:
                raise Mistyped(path, "a map", value)
            if sizes:
                _check_size(len(value), sizes, value, path, found)
            for key, inner in value.items():
                key_check(key, (path, "key"), found)
                if inner is not None:
                    value_check(inner, ((path, str(key)), "member"), found)

        return check

    def _string(self, shape):
        constraints = shape.metadata
        sizes = _bounds(constraints)
        enum = frozenset(constraints.get("enum", ()))
        allowed = f"Member must satisfy enum value set: [{', '.join(constraints.get('enum', ()))}]"
        pattern = constraints.get("pattern")
        matches = pattern and request_patterns.compiled(pattern)
        hidden = constraints.get("sensitive", False)

        def check(value, path, found):
            if type(value) is not str:
                raise Mistyped(path, "a string", value)
            shown = HIDDEN if hidden else value
            if sizes:
                _check_size(len(value), sizes, shown, path, found)
            if enum and value not in enum:
                found.append(Violation(path, allowed, shown))
            if matches and not matches(value):
                constraint = f"Member must satisfy regular expression pattern: {pattern}"
                found.append(Violation(path, constraint, shown))

        return check if sizes or enum or matches else _check_text

    def _blob(self, shape):
        sizes = _bounds(shape.metadata)

        def check(value, path, found):
            if type(value) is str:
                # The length of what base64 encodes.
                size = len(value) * 3 // 4 - value.count("=", -2)
            elif type(value) is bytes:
                size = len(value)
            else:
                raise Mistyped(path, "base64", value)
            if sizes:
                _check_size(size, sizes, HIDDEN, path, found)

        return check

    def _integer(self, shape):
        return _number(_bounds(shape.metadata), "an integer", lambda value: int(value) == value)

    _long = _integer

    def _double(self, shape):
        return _number(_bounds(shape.metadata), "a number", lambda value: True)

    _float = _double

    def _boolean(self, _):
        return _check_boolean

    def _timestamp(self, _):
        return _check_timestamp


def _shown(name):
    return name[:1].lower() + name[1:]


def _bounds(constraints):
    """The smallest and the largest value or length, or None if there is neither."""
    low, high = constraints.get("min"), constraints.get("max")
    return None if low is None and high is None else (-math.inf if low is None else low, high)


def _check_size(size, bounds, value, path, found):
    _check_bounds("length", size, bounds, value, path, found)


def _check_bounds(what, number, bounds, value, path, found):
    low, high = bounds
    if number < low:
        found.append(Violation(path, f"Member must have {what} greater than or equal to {low}", value))
    elif high is not None and number > high:
        found.append(Violation(path, f"Member must have {what} less than or equal to {high}", value))


def _number(bounds, expected, is_valid):
    def check(value, path, found):
        if type(value) not in (int, float) or not is_valid(value):
            raise Mistyped(path, expected, value)
        if bounds:
            _check_bounds("value", value, bounds, value, path, found)

    return check


def _check_text(value, path, _):
    if type(value) is not str:
        raise Mistyped(path, "a string", value)


def _check_boolean(value, path, _):
    if type(value) is not bool:
        raise Mistyped(path, "a boolean", value)


def _check_timestamp(value, path, _):
    # Seconds in JSON, ISO 8601 in forms.
    if type(value) not in (int, float, str):
        raise Mistyped(path, "a timestamp", value)


def _anything(*_):
    """Documents have no constraints."""
