"""Every rule is asked with two clients: each check here has one of the same name in crates/s3-model/tests/checks."""

import re
import unittest

from s3_fixture import ROOT

MODEL = ROOT / "crates/s3-model"
# Only one client can ask this.
ONE_CLIENT = {"raw_http", "tools", "both_clients", "main"}


def names(folder, prefix, pattern):
    """The names of the checks in a folder, by the concept that their file is named after."""
    found = {}
    for path in (MODEL / folder).glob(f"{prefix}*.*"):
        concept = path.stem.removeprefix(prefix)
        if concept not in ONE_CLIENT:
            found[concept] = sorted(re.findall(pattern, path.read_text()))
    return found


class BothClients(unittest.TestCase):
    def test_each_check_is_asked_twice(self):
        rust = names("tests/checks", "", r"#\[tokio::test\]\nasync fn (\w+)")
        python = names("checks", "test_", r"    def test_(\w+)")
        self.assertTrue(rust)
        self.assertEqual(rust, python)
