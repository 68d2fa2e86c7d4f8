"""The rules that AWS enforces and its models lack, by service and operation: each raises a `RequestError`."""

import database_rules
import function_rules
import iam_rules
import log_rules
import mapping_rules
import queue_rules
import state_machine_rules

RULES = {
    **database_rules.RULES,
    **function_rules.RULES,
    **iam_rules.RULES,
    **log_rules.RULES,
    **mapping_rules.RULES,
    **queue_rules.RULES,
    **state_machine_rules.RULES,
}


def apply():
    """Check that the state of MiniStack that the rules read is there."""
    iam_rules.apply()
    mapping_rules.apply()
