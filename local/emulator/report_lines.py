"""Writes each invocation's log as Lambda does: START, the function's lines, END and a REPORT; after it, what Lambda does not tell."""

import contextlib
import math
import time
import uuid
from datetime import datetime, timezone

from ministack.services import cloudwatch_logs, lambda_svc

import cpu_report
import invocations
import log_events
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
    invocations.on_start(write_start, take_start_back)


def write_start(run):
    """Append the START line when an invocation starts: whoever reads the log has to know that it is under way."""
    config = run.worker.config
    if (group_name := _group_of(config)) in cloudwatch_logs._log_groups:
        name = _stream_name(run, config)
        stream, events = _append(group_name, name, [_start_line(config, run)])
        run.start_line = name, stream, events[0]


def take_start_back(run):
    """Remove that line: no environment has handled the event."""
    if run.start_line is not None:
        _, stream, event = run.start_line
        run.start_line = None
        with cloudwatch_logs._log_events_lock, contextlib.suppress(ValueError):
            _latest_of(stream).remove(event)


def emit(func, request_id, log_text, error, duration_ms, *, log_source=None):
    """Append one invocation's lines to the function's log group and forward its metrics."""
    run = invocations.take(request_id)
    if run is None:
        return
    config = func.get("config") or func
    cpu_report.count(config["FunctionName"], run)
    output = (log_text or "").splitlines()
    metrics.forward(output)
    group_name = _group_of(config)
    # A role that may not create log groups cannot recreate a deleted one, and our roles may not.
    if group_name in cloudwatch_logs._log_groups:
        _append(group_name, _stream_name(run, config), _lines(config, run, output))


def _group_of(config):
    default_group = f"/aws/lambda/{config['FunctionName']}"
    return (config.get("LoggingConfig") or {}).get("LogGroup") or default_group


def _start_line(config, run):
    return f"START RequestId: {run.request_id} Version: {config.get('Version', '$LATEST')}"


def _latest_of(stream):
    # MiniStack makes a list of them when some come late.
    events = stream["events"]
    return events.latest if isinstance(events, log_events.Events) else events


def _lines(config, run, output):
    request = f"RequestId: {run.request_id}"
    platform = []
    if run.error is not None and request in run.error["errorMessage"]:
        platform = [f"{run.error['errorMessage']} {run.error['errorType']}"]
    cpu = cpu_report.line(run)
    start = [] if run.start_line else [_start_line(config, run)]
    end = [f"END {request}", report(config, run), *([] if cpu is None else [cpu])]
    return [*start, *output, *platform, *end]


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
    if run.start_line is not None:
        return run.start_line[0]
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
    return stream, events
