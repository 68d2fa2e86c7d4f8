"""Finds a request's operation in AWS's service models, and the values of its members.

botocore's models describe each protocol; its own code only encodes requests. LocalStack's decoder drops the members that
a model lacks, and walks the model for each request.
"""

import functools
import json
import re
from typing import NamedTuple
from urllib.parse import parse_qsl

from request_form import Forms, Malformed, from_text, tree
from request_shapes import Shapes

# What a form or a query string carries beside members.
_FORM = {"Action", "Version"}
_SIGNATURE = "X-Amz-"
_FORM_TYPE = "application/x-www-form-urlencoded"


class UnknownOperation(Exception):
    """The service's model has no such operation."""


class Operation:
    """An operation of one protocol: how its requests are decoded, and the check of its input."""

    def __init__(self, name, decode, check):
        self.name = name
        self.decode = decode
        self.check = check


class Route(NamedTuple):
    """The path of an operation of a REST protocol; of those that match, the one with the most literals is meant."""

    operation: str
    method: str
    pattern: re.Pattern
    labels: list
    literals: int


class Service:
    """The operations of one service's model."""

    def __init__(self, model):
        self._model = model
        self._protocol = model.metadata["protocol"]
        self._rest = self._protocol == "rest-json"
        # By the names that members have in JSON; forms are decoded to the models' names.
        self._json_shapes = Shapes(lambda shape, name: shape.serialization.get("name", name))
        self._form_shapes = Shapes(lambda _, name: name)
        self._forms = Forms(self._protocol == "ec2")
        self.operation = functools.cache(self._operation)
        self._match = functools.lru_cache(4096)(self._route)
        self._routes = [self._compiled_route(name) for name in model.operation_names] if self._rest else []

    def decode(self, method, path, headers, body, query):
        """The operation and its members' values, by their names in this protocol."""
        if self._rest:
            name, labels = self._match(method, path)
            operation = self.operation(name, "rest")
            return operation, operation.decode(labels, headers, body, query)
        target = headers.get("x-amz-target")
        if target:
            operation = self.operation(target.rpartition(".")[2], "json")
            return operation, operation.decode(body)
        pairs = [*_form_pairs(headers, body), *_flat(query)]
        operation = self.operation(dict(pairs).get("Action", ""), "form")
        return operation, operation.decode(pairs)

    def shapes(self):
        """All shapes of the model."""
        return [self._model.shape_for(name) for name in self._model.shape_names]

    def operations(self):
        """All operations, compiled."""
        kind = "rest" if self._rest else "json" if self._protocol != "query" and self._protocol != "ec2" else "form"
        return [self.operation(name, kind) for name in self._model.operation_names]

    def _operation(self, name, kind):
        if name not in self._model.operation_names:
            raise UnknownOperation(name)
        shape = self._model.operation_model(name).input_shape
        if shape is None:
            return Operation(name, {"rest": lambda *_: {}, "json": _json, "form": _form}[kind], _check_empty)
        if kind == "form":
            decoder = self._forms.decoder(shape)
            return Operation(name, lambda pairs: decoder(_form(pairs)), self._form_shapes.check(shape))
        check = self._json_shapes.check(shape)
        return Operation(name, _json if kind == "json" else _rest_decoder(shape), check)

    def _compiled_route(self, name):
        http = self._model.operation_model(name).http
        uri = http["requestUri"].partition("?")[0].rstrip("/")
        parts = re.split(r"\{([\w-]+)\+?\}", uri)
        literals, labels = parts[::2], parts[1::2]
        # A label may contain slashes, which are encoded on the wire, but no longer here.
        pattern = re.compile("(.+?)".join(map(re.escape, literals)) + "/?")
        return Route(name, http["method"], pattern, labels, len("".join(literals)))

    def _route(self, method, path):
        found = [
            (route, match)
            for route in self._routes
            if route.method == method and (match := route.pattern.fullmatch(path))
        ]
        if not found:
            raise UnknownOperation(f"{method} {path}")
        route, match = max(found, key=lambda pair: pair[0].literals)
        return route.operation, dict(zip(route.labels, match.groups(), strict=True))


def _form_pairs(headers, body):
    content_type = headers.get("content-type", _FORM_TYPE)
    if not content_type.startswith(_FORM_TYPE):
        raise Malformed(f"requests of the type {content_type} are not decoded here")
    return parse_qsl(body.decode(errors="replace"), keep_blank_values=True)


def _flat(query):
    return [(name, value) for name, values in query.items() for value in _list_of(values)]


def _list_of(values):
    return values if isinstance(values, list) else [values]


def _form(pairs):
    return tree((name, text) for name, text in pairs if name not in _FORM and not name.startswith(_SIGNATURE))


def _json(body):
    if not body:
        return {}
    try:
        return json.loads(body)
    except ValueError as error:
        raise Malformed(f"the body is not JSON: {error}") from error


def _check_empty(value, path, found):
    """Operations without input accept an empty structure."""


def _rest_decoder(shape):
    """A function that collects a structure from the path, the query string, the headers and the body of a request."""
    payload = shape.serialization.get("payload")
    headers, query_types = [], {}
    has_body = False
    for name, member in shape.members.items():
        location, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "header":
            headers.append((wire.lower(), wire, member.type_name))
        elif location == "querystring":
            query_types[wire] = member.type_name
        elif location is None:
            has_body = True
        elif location != "uri":
            raise NotImplementedError(f"members in {location}, of {shape.name}")
    payload_member = shape.members.get(payload)

    def decode(labels, given_headers, body, query):
        value = {}
        if payload_member is not None:
            if body:
                is_structure = payload_member.type_name == "structure"
                value[payload_member.serialization.get("name", payload)] = _json(body) if is_structure else body
        elif has_body:
            value = _json(body)
            if type(value) is not dict:
                return value
        value.update(labels)
        for lower, wire, type_name in headers:
            if (text := given_headers.get(lower)) is not None:
                value[wire] = from_text(type_name, text)
        for wire, texts in query.items():
            if not wire.startswith(_SIGNATURE):
                value[wire] = _of_query(query_types.get(wire), texts)
        return value

    return decode


def _of_query(type_name, texts):
    if type_name == "list":
        return _list_of(texts)
    return from_text(type_name, _list_of(texts)[0])
