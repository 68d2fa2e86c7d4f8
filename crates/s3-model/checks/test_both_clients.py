"""Every rule is asked with two clients: each check here has one of the same name in crates/s3-model/tests/checks."""

import re
import unittest

from s3_fixture import ROOT

MODEL = ROOT / "crates/s3-model"
# Asked of what only one client can do.
ONE_CLIENT = {"main", "raw_http", "tools", "both_clients"}


def names(folder, files, pattern):
    """The names of the checks in files, by the concept that the file is named after."""
    found = {}
    for path in (MODEL / folder).glob(files):
        concept = path.stem.removeprefix("test_")
        if concept not in ONE_CLIENT:
            found[concept] = sorted(re.findall(pattern, path.read_text()))
    return found


class BothClients(unittest.TestCase):
    def test_each_check_is_asked_twice(self):
        rust = names("tests/checks", "*.rs", r"#\[tokio::test\]\nasync fn (\w+)")
        python = names("checks", "test_*.py", r"    def test_(\w+)")
        self.assertTrue(rust)
        self.assertEqual(rust, python)
