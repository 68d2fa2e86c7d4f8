"""CloudWatch Logs' rule for the retention of log groups, which its model lacks."""

from request_errors import of_violations
from request_shapes import Violation

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def _put_retention_policy(request):
    days = request["retentionInDays"]
    if days not in DAYS:
        allowed = f"Member must satisfy enum value set: [{', '.join(map(str, DAYS))}]"
        raise of_violations("logs", [Violation((None, "retentionInDays"), allowed, days)])


RULES = {("logs", "PutRetentionPolicy"): _put_retention_policy}
