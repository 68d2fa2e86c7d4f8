"""Writes each invocation's log as Lambda does: START, the function's lines, END and a REPORT; after it, what Lambda does not tell."""

import math
import time
import uuid
from datetime import datetime, timezone

from ministack.services import cloudwatch_logs, lambda_svc

import cpu_report
import invocations
import log_retention
import metrics
from upstream_checks import require

MIB = 1024 * 1024


def apply():
    """Replace MiniStack's log writer, which knows neither memory nor cold starts."""
    require(lambda_svc, "_emit_lambda_logs", ["func", "request_id", "log_text"])
    require(cloudwatch_logs, "_log_groups")
    require(cloudwatch_logs, "_append_log_events", ["stream", "events"])
    require(cloudwatch_logs, "_fanout_to_subscription_filters", ["group_name", "stream_name"])
    metrics.check()
    lambda_svc._emit_lambda_logs = emit


def emit(func, request_id, log_text, error, duration_ms, *, log_source=None):
    """Append one invocation's lines to the function's log group and forward its metrics."""
    run = invocations.take(request_id)
    if run is None:
        return
    config = func.get("config") or func
    cpu_report.count(config["FunctionName"], run)
    output = (log_text or "").splitlines()
    metrics.forward(output)
    default_group = f"/aws/lambda/{config['FunctionName']}"
    group_name = (config.get("LoggingConfig") or {}).get("LogGroup") or default_group
    # A role that may not create log groups cannot recreate a deleted one, and our roles may not.
    if group_name in cloudwatch_logs._log_groups:
        _append(group_name, _stream_name(run, config), _lines(config, run, output))


def _lines(config, run, output):
    request = f"RequestId: {run.request_id}"
    platform = []
    if run.error is not None and request in run.error["errorMessage"]:
        platform = [f"{run.error['errorMessage']} {run.error['errorType']}"]
    version = config.get("Version", "$LATEST")
    cpu = cpu_report.line(run)
    end = [f"END {request}", report(config, run), *([] if cpu is None else [cpu])]
    return [f"START {request} Version: {version}", *output, *platform, *end]


def report(config, run):
    """The REPORT line; Init Duration only after a cold start, which is billed as on AWS."""
    init_ms = run.init_seconds * 1000 if run.cold else 0.0
    duration_ms = run.duration_ms()
    fields = [
        f"REPORT RequestId: {run.request_id}",
        f"Duration: {duration_ms:.2f} ms",
        f"Billed Duration: {math.ceil(duration_ms + init_ms)} ms",
        f"Memory Size: {config.get('MemorySize', 128)} MB",
        f"Max Memory Used: {math.ceil(run.peak_bytes / MIB)} MB",
    ]
    if run.cold:
        fields.append(f"Init Duration: {init_ms:.2f} ms")
    return "\t".join(fields) + "\t"


def _stream_name(run, config):
    # An environment has one log stream, from its start to its end.
    if run.cold or not hasattr(run.worker, "log_stream"):
        day = datetime.now(timezone.utc).strftime("%Y/%m/%d")
        run.worker.log_stream = f"{day}/[{config.get('Version', '$LATEST')}]{uuid.uuid4().hex}"
    return run.worker.log_stream


def _append(group_name, name, lines):
    now = int(time.time() * 1000)
    group = cloudwatch_logs._log_groups[group_name]
    stream = log_retention.stream_of(group, name, now)
    events = [{"timestamp": now, "message": line, "ingestionTime": now} for line in lines]
    cloudwatch_logs._append_log_events(stream, events)
    messages = [{"timestamp": now, "message": line} for line in lines]
    cloudwatch_logs._fanout_to_subscription_filters(group_name, name, messages)
