"""Decodes the forms of the Query protocols (IAM, STS, RDS, CloudWatch) and of EC2 by AWS's service models.

A form is flat: `Tags.member.1.Key=a`. What no member explains keeps its name, so that the check of its structure finds
it.
"""


class Malformed(Exception):
    """A name or a value that cannot be decoded."""


def tree(pairs):
    """The nested dictionaries that dotted names describe."""
    root = {}
    for name, text in pairs:
        *parents, last = name.split(".")
        node = root
        for part in parents:
            child = node.get(part)
            if type(child) is not dict:
                child = node[part] = {}
            node = child
        node[last] = text
    return root


def from_text(type_name, text):
    """A value of a form, a header or a query string, as JSON would have it."""
    try:
        if type_name in ("integer", "long"):
            return int(text)
        if type_name in ("double", "float"):
            return float(text)
    except ValueError:
        return text
    return {"true": True, "false": False}.get(text, text) if type_name == "boolean" else text


class Forms:
    """The decoders of one service's shapes, each made once."""

    def __init__(self, is_ec2):
        self._is_ec2 = is_ec2
        self._decoders = {}

    def decoder(self, shape):
        """A function that makes a value of this shape of its tree."""
        known = self._decoders.get(shape.name)
        if known is None:
            make = getattr(self, f"_{shape.type_name}", None)
            known = self._decoders[shape.name] = make(shape) if make else _leaf(shape.type_name)
        return known

    def _structure(self, shape):
        members = {}

        def decode(node):
            if type(node) is not dict:
                return node
            value = {}
            for name, child in node.items():
                member = members.get(name)
                value[member[0] if member else name] = member[1](child) if member else child
            return value

        self._decoders[shape.name] = decode
        for name, member in shape.members.items():
            members[self._name(member, name)] = (name, self.decoder(member))
        return decode

    def _list(self, shape):
        element = self.decoder(shape.member)
        flat = self._is_ec2 or shape.serialization.get("flattened", False)
        inner = None if flat else shape.member.serialization.get("name", "member")

        def decode(node):
            return [element(child) for child in _numbered(node, inner)]

        return decode

    def _map(self, shape):
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        value = self.decoder(shape.value)
        inner = None if shape.serialization.get("flattened", False) else "entry"

        def decode(node):
            entries = _numbered(node, inner)
            if any(type(entry) is not dict or set(entry) != {key_name, value_name} for entry in entries):
                raise Malformed(f"an entry of a map must have exactly {key_name} and {value_name}")
            return {entry[key_name]: value(entry[value_name]) for entry in entries}

        return decode

    def _name(self, member, name):
        if not self._is_ec2:
            return member.serialization.get("name", name)
        if "queryName" in member.serialization:
            return member.serialization["queryName"]
        name = member.serialization.get("name", name)
        return name[:1].upper() + name[1:]


def _leaf(type_name):
    return lambda node: node if type(node) is dict else from_text(type_name, node)


def _numbered(node, inner):
    """The children `1`, `2` … in their order; `inner` is the name between a list and its numbers."""
    # An empty list is sent as an empty value.
    if node == "":
        return []
    if inner is not None and type(node) is dict:
        if set(node) != {inner}:
            raise Malformed(f"elements of a list are named {inner}, not {', '.join(sorted(node))}")
        node = node[inner]
    if type(node) is not dict or not all(name.isdecimal() for name in node):
        raise Malformed("the elements of a list are not numbered")
    return [node[name] for name in sorted(node, key=int)]
