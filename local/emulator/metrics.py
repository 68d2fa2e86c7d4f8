"""Turns log lines in the embedded metric format (EMF) into CloudWatch metrics, as Lambda does."""

import json

from ministack.services import cloudwatch

from upstream_checks import require

# The most values of a metric in one line; CloudWatch ignores a line with more.
MAX_VALUES = 100


def check():
    """End the launcher if CloudWatch's store is not what `forward` was written for."""
    require(cloudwatch, "_store_datum", ["namespace", "name", "dims", "ts", "unit", "value", "values"])


def forward(lines):
    """Store the metrics of every line that carries an `_aws` object; other lines are plain logs."""
    for line in lines:
        if '"_aws"' not in line:
            continue
        try:
            record = json.loads(line)
            for datum in list(_data(record)):
                cloudwatch._store_datum(*datum, None, None)
        except (ValueError, TypeError, KeyError, AttributeError):
            # CloudWatch keeps a line that it cannot parse as a log line, without an error.
            continue


def _data(record):
    seconds = record["_aws"]["Timestamp"] / 1000
    for directive in record["_aws"]["CloudWatchMetrics"]:
        for metric in directive["Metrics"]:
            name = metric["Name"]
            if name not in record:
                continue
            for names in directive.get("Dimensions") or [[]]:
                dimensions = {key: str(record[key]) for key in names}
                values = record[name] if isinstance(record[name], list) else [record[name]]
                if len(values) > MAX_VALUES:
                    raise ValueError(f"{name} has {len(values)} values")
                unit = metric.get("Unit", "None")
                yield directive["Namespace"], name, dimensions, seconds, unit, None, values
