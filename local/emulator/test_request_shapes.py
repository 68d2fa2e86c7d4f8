"""What is checked of a value: a check that accepts anything would let through what AWS refuses."""

import re
import unittest

from botocore.model import ServiceModel

import request_patterns
from request_decoding import Service
from request_shapes import HIDDEN, Mistyped, Shapes, dotted
from request_validation import SERVICES, model_of

MEMBERS = {
    "Name": {"type": "string", "min": 2, "max": 4, "pattern": "[a-z]+"},
    "Color": {"type": "string", "enum": ["red", "blue"]},
    "Secret": {"type": "string", "max": 2, "sensitive": True},
    "Count": {"type": "integer", "min": 1, "max": 10},
    "Share": {"type": "double", "max": 1},
    "Flag": {"type": "boolean"},
    "Time": {"type": "timestamp"},
    "Data": {"type": "blob", "max": 3},
    "Names": {"type": "list", "member": {"shape": "Name"}, "max": 2},
    "Tags": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Name"}, "max": 1},
    "Either": {"type": "structure", "union": True, "members": {"Name": {"shape": "Name"}, "Count": {"shape": "Count"}}},
    "Node": {"type": "structure", "members": {"Next": {"shape": "Node"}, "Name": {"shape": "Name"}}},
    "Document": {"type": "structure", "document": True, "members": {}},
}


def violations(value):
    """What is wrong with the input of an operation that has all kinds of members."""
    members = {name: {"shape": name} for name in MEMBERS}
    shapes = {**MEMBERS, "Input": {"type": "structure", "required": ["Name"], "members": members}}
    operation = {"name": "Do", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "Input"}}
    metadata = {"protocol": "json", "targetPrefix": "X"}
    model = ServiceModel({"metadata": metadata, "operations": {"Do": operation}, "shapes": shapes}, "example")
    found = []
    (compiled,) = Service(model).operations()
    compiled.check(value, None, found)
    return [(dotted(violation.path), violation.constraint) for violation in found]


class Constraints(unittest.TestCase):
    """One constraint after the other."""

    def test_a_valid_value_has_no_violations(self):
        value = {
            "Name": "abcd", "Color": "red", "Count": 10, "Share": 0.5, "Flag": True, "Time": 1.5, "Data": "YWJj",
            "Names": ["ab", "cd"], "Tags": {"ab": "cd"}, "Either": {"Count": 1}, "Document": {"any": ["thing"]},
            "Node": {"Next": {"Next": {"Name": "ab"}}}, "Secret": None,
        }  # fmt: skip
        self.assertEqual(violations(value), [])

    def test_each_constraint_is_checked_and_named_as_by_aws(self):
        pattern = "Member must satisfy regular expression pattern: [a-z]+"
        cases = (
            ({}, "name", "Member must not be null"),
            ({"Name": None}, "name", "Member must not be null"),
            ({"Nmae": "x"}, "Nmae", "Member must exist in the service's model"),
            ({"Name": "a"}, "name", "Member must have length greater than or equal to 2"),
            ({"Name": "abcde"}, "name", "Member must have length less than or equal to 4"),
            ({"Name": "abc1"}, "name", pattern),
            ({"Name": "ab\n"}, "name", pattern),
            ({"Color": "green"}, "color", "Member must satisfy enum value set: [red, blue]"),
            ({"Count": 0}, "count", "Member must have value greater than or equal to 1"),
            ({"Count": 11}, "count", "Member must have value less than or equal to 10"),
            ({"Share": 1.1}, "share", "Member must have value less than or equal to 1"),
            ({"Data": "YWJjZA=="}, "data", "Member must have length less than or equal to 3"),
            ({"Names": ["ab", "ab", "ab"]}, "names", "Member must have length less than or equal to 2"),
            ({"Names": ["ab", "a1"]}, "names.2.member", pattern),
            ({"Tags": {"ab": "a1"}}, "tags.ab.member", pattern),
            ({"Tags": {"a1": "ab"}}, "tags.key", pattern),
            ({"Tags": {"ab": "ab", "cd": "cd"}}, "tags", "Member must have length less than or equal to 1"),
            ({"Either": {}}, "either", "Member must have exactly one of its members set"),
            ({"Either": {"Name": "ab", "Count": 1}}, "either", "Member must have exactly one of its members set"),
            ({"Node": {"Next": {"Next": {"Name": "a1"}}}}, "node.next.next.name", pattern),
        )
        for value, path, constraint in cases:
            valid = {} if value == {} else {"Name": "ab"}
            with self.subTest(value):
                self.assertEqual(violations({**valid, **value}), [(path, constraint)])

    def test_a_value_of_another_type_ends_the_decoding(self):
        wrong = {
            "Name": 1, "Count": "1", "Share": "1", "Flag": 1, "Time": [], "Data": 1, "Names": {}, "Tags": [],
            "Node": [], "Color": True,
        }  # fmt: skip
        for name, value in [*wrong.items(), ("Count", True), ("Count", 1.5)]:
            with self.subTest(name, value=value), self.assertRaises(Mistyped) as raised:
                violations({"Name": "ab", name: value})
            self.assertEqual(dotted(raised.exception.path), name.lower())

    def test_sensitive_values_are_not_shown(self):
        model = ServiceModel({"metadata": {}, "operations": {}, "shapes": {"Secret": MEMBERS["Secret"]}}, "example")
        found = []
        Shapes(None).check(model.shape_for("Secret"))("password", (None, "secret"), found)
        self.assertIs(found[0].value, HIDDEN)


class Models(unittest.TestCase):
    """The models of the installed botocore."""

    def test_all_operations_of_the_checked_services_can_be_checked(self):
        for service in SERVICES:
            with self.subTest(service):
                self.assertTrue(model_of(service).operations())

    def test_each_translation_of_a_pattern_is_needed(self):
        patterns = set()
        for service in SERVICES:
            shapes = model_of(service).shapes()
            patterns |= {shape.metadata["pattern"] for shape in shapes if "pattern" in shape.metadata}
        for java, _, why in request_patterns.TRANSLATIONS:
            with self.subTest(why):
                users = [pattern for pattern in patterns if java in pattern]
                self.assertTrue(users, f"no pattern has {java}")
                with self.assertRaises(re.error):
                    re.compile(users[0])

    def test_translated_patterns_accept_what_java_does(self):
        tags = request_patterns.compiled(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")
        self.assertTrue(tags("Straße 7_\u00a0½=x"))
        self.assertFalse(tags("a!"))
        self.assertFalse(request_patterns.compiled(r"\w+")("ä"))
        plane = request_patterns.compiled(r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*")
        self.assertTrue(plane("a\U0001f600"))
        self.assertFalse(plane("\x00"))


if __name__ == "__main__":
    unittest.main()
