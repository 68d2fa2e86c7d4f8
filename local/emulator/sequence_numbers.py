"""Sequence numbers of Kinesis as AWS has them, 56 digits that begin with 49.

MiniStack's begin with zeros, which Kinesis refuses where a request names one:
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
"""

from ministack.services import kinesis

from upstream_checks import require

DIGITS = 56
_FIRST = "49"


def apply():
    """Extend MiniStack's numbers: they keep their order, also behind those of an older state."""
    original = require(kinesis, "_next_sequence_number", [])
    kinesis._next_sequence_number = lambda: _FIRST + original().zfill(DIGITS - len(_FIRST))
