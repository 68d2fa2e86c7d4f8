"""What happens when another version of the emulator is installed than the patches were written for."""

import types
import unittest

from upstream_checks import EXPECTED_VERSION, require


class Require(unittest.TestCase):
    """A patch that no longer fits must say so instead of breaking invocations."""

    def setUp(self):
        self.module = types.ModuleType("ministack.example")
        self.module.invoke = lambda event, request_id: None

    def test_what_fits_is_returned(self):
        self.assertIs(require(self.module, "invoke", ["event"]), self.module.invoke)

    def test_what_is_gone_or_changed_is_named_with_both_versions_and_advice(self):
        cases = (("gone", None, "example.gone does not exist"), ("invoke", ["func"], "takes (event), not (func)"))
        for name, parameters, what in cases:
            with self.subTest(name), self.assertRaises(SystemExit) as ended:
                require(self.module, name, parameters)
            for part in (what, EXPECTED_VERSION, "make setup"):
                self.assertIn(part, str(ended.exception))


if __name__ == "__main__":
    unittest.main()
