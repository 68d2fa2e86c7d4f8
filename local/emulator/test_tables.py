"""Tables that threads share, used by many threads at once."""

import gc
import sys
import threading
import time
import unittest

from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

import credentials
import tables

THREADS = 8
SECONDS = 1.0


def at_once(*works):
    """Repeat each work in threads of its own for a second; the errors that they raised."""
    errors = []
    deadline = time.monotonic() + SECONDS

    def repeat(work):
        number = 0
        try:
            while time.monotonic() < deadline:
                number += 1
                work(f"{threading.get_ident()}-{number}")
        except Exception as error:
            errors.append(repr(error))

    threads = [threading.Thread(target=repeat, args=[work]) for work in works for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


class SharedTables(unittest.TestCase):
    """What one thread walks over while others change it."""

    def setUp(self):
        # Threads take turns 100 times as often as the launcher lets them.
        before = sys.getswitchinterval()
        self.addCleanup(sys.setswitchinterval, before)
        sys.setswitchinterval(1e-5)
        # As in the launcher, Python runs at each collection of garbage.
        collected = lambda phase, info: None
        gc.callbacks.append(collected)
        self.addCleanup(gc.callbacks.remove, collected)

    def test_a_table_of_ministack_is_walked_over_while_others_add_and_remove(self):
        tables.apply()
        for kind in (AccountScopedDict, AccountRegionScopedDict):
            table = kind()
            for number in range(2000):
                table[number] = [number]

            def change(key, table=table):
                table[key] = [key]
                table.pop(key)

            walks = [lambda _, table=table, walk=walk: getattr(table, walk)() for walk in ("items", "values", "keys")]
            if kind is AccountRegionScopedDict:
                walks.append(lambda _, table=table: table.all_items())
            with self.subTest(kind.__name__):
                self.assertEqual(at_once(change, *walks), [])
                self.assertEqual(len(table), 2000)

    def test_sessions_are_registered_from_many_threads_and_stay_few(self):
        sessions = tables.Newest({}, 500)
        register = credentials.registering(sessions)
        self.assertEqual(at_once(lambda key: register(key, {"Expiration": time.time() + 60})), [])
        self.assertLessEqual(len(sessions.table), 550)

    def test_expired_sessions_are_dropped(self):
        sessions = tables.Newest({}, 500)
        sessions.add("old", {"Expiration": time.time() - 1})
        credentials.registering(sessions)("new", {"Expiration": time.time() + 60})
        self.assertEqual(list(sessions.table), ["new"])

    def test_what_is_in_use_is_kept_however_old(self):
        newest = tables.Newest({}, 10, in_use=lambda: {"first"})
        newest.add("first", 1)
        for number in range(100):
            newest.add(number, number)
        self.assertIn("first", newest.table)
        self.assertIn(99, newest.table)
        self.assertLessEqual(len(newest.table), 12)


if __name__ == "__main__":
    unittest.main()
