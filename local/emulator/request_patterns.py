"""The patterns of AWS's service models as regular expressions of Python.

They are written for Java, and hold for the whole value: `[a-z]+` permits no digit anywhere, with or without `^` and
`$`.
"""

import functools
import re

# Categories that Python's `re` does not know. `\w` means L, N and `_` there, and patterns with one of them have all.
_LETTERS = r"\p{L}\p{Z}\p{N}_"
_SPACES = r"\u0020\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000"

# Each piece of Java's syntax that the checked models use and Python does not read: what stands for it, and why.
TRANSLATIONS = (
    (_LETTERS, r"\w" + _SPACES, "categories of Unicode: letters, separators, digits"),
    (r"\p{Print}", r"[\x20-\x7E]", "POSIX class: US-ASCII without control characters"),
    (r"\p{ASCII}", r"[\x00-\x7F]", "POSIX class: US-ASCII"),
    (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF", "surrogate pairs: Java's strings are UTF-16"),
    (r"[\w-_]", r"[\w\-_]", "a range cannot begin at a class: Java takes the hyphen as itself"),
)


@functools.cache
def compiled(pattern):
    """A function that matches a whole value; raises `re.error` for Java's syntax that the table lacks."""
    # Java's classes \w, \d and \s are US-ASCII; where \w stands for Unicode's categories, no other class is used.
    flags = re.UNICODE if _LETTERS in pattern else re.ASCII
    for java, python, _ in TRANSLATIONS:
        pattern = pattern.replace(java, python)
    return re.compile(pattern, flags).fullmatch
