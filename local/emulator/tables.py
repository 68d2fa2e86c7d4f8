"""Tables that threads share: whoever walks over one sees a copy, and a bounded one drops its oldest entries.

MiniStack makes lists of `dict.items()` while other threads add to the dictionary. Each entry is a new tuple, so garbage
may be collected on the way, which runs Python and so other threads: "dictionary changed size during iteration".
Copying a plain dictionary runs nothing else.
"""

import threading

from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

from upstream_checks import require


def apply():
    """Replace the walks of both kinds of MiniStack's tables."""
    for kind in (AccountScopedDict, AccountRegionScopedDict):
        for name, parameters in (("_is_mine", ["self", "scoped_key"]), ("_unscope", ["self", "scoped_key"])):
            require(kind, name, parameters)
        for name, walk in (("values", _values), ("items", _items)):
            require(kind, name, ["self"])
            setattr(kind, name, walk)
    regional = {
        "values_scoped": (_values_scoped, ["self", "account_id", "region"]),
        "items_scoped": (_items_scoped, ["self", "account_id", "region"]),
        "all_items": (_all_items, ["self"]),
    }
    for name, (walk, parameters) in regional.items():
        require(AccountRegionScopedDict, name, parameters)
        setattr(AccountRegionScopedDict, name, walk)


class Newest:
    """The newest entries of a table, by when they were added: at least `most` of them, and those that are in use."""

    def __init__(self, table, most, in_use=frozenset):
        self.table = table
        self.most = most
        self._in_use = in_use
        self._lock = threading.Lock()

    def add(self, key, value):
        """Add or replace an entry; now and then, drop the oldest."""
        with self._lock:
            self.table[key] = value
            # Seldom: it looks at the whole table.
            if len(self.table) > self.most + self.most // 10:
                self._trim()

    def _trim(self):
        kept = self._in_use()
        oldest = [key for key in self.table.copy() if key not in kept]
        for key in oldest[: len(self.table) - self.most]:
            self.table.pop(key, None)


def _values(self):
    return [value for key, value in self._data.copy().items() if self._is_mine(key)]


def _items(self):
    return [(self._unscope(key), value) for key, value in self._data.copy().items() if self._is_mine(key)]


def _values_scoped(self, account_id, region):
    return [value for key, value in self._data.copy().items() if key[:2] == (account_id, region)]


def _items_scoped(self, account_id, region):
    scope = account_id, region
    return [(self._unscope(key), value) for key, value in self._data.copy().items() if key[:2] == scope]


def _all_items(self):
    return list(self._data.copy().items())
