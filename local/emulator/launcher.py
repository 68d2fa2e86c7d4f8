"""Starts MiniStack with what a benchmark needs: fast invocations, REPORT lines, memory and CPU limits, counts.

Settings come from MiniStack's own environment variables; docs/local.md lists those `lambench local` sets.
"""

import os

import actions
import aurora
import code_swap
import cpu_report
import cpu_share
import credentials
import data_api
import events
import execution_limits
import executions
import fast_garbage
import fast_logs
import fast_requests
import fast_runtime_api
import fast_sockets
import http_api
import invocations
import log_retention
import metric_points
import packed_items
import postgres
import queues
import report_lines
import request_counts
import request_validation
import resharding
import s3_model
import sequence_numbers
import shutdown
import starts
import state_machine_roles
import stream_limits
import stream_mappings
import stream_retention
import stream_settings
import table_streams
import tables
import task_results
from ministack import app

PATCHES = (
    tables,
    fast_sockets,
    fast_garbage,
    fast_logs,
    fast_requests,
    fast_runtime_api,
    cpu_share,
    invocations,
    code_swap,
    report_lines,
    log_retention,
    metric_points,
    cpu_report,
    starts,
    credentials,
    request_counts,
    aurora,
    data_api,
    # Before what else looks at results: their size counts with it.
    task_results,
    executions,
    execution_limits,
    state_machine_roles,
    queues,
    events,
    actions,
    sequence_numbers,
    stream_mappings,
    resharding,
    stream_limits,
    packed_items,
    stream_retention,
    stream_settings,
    table_streams,
    http_api,
    request_validation,
    shutdown,
)


def main():
    """Apply every patch, then serve until SIGTERM."""
    if os.getpgrp() != os.getpid():
        # A session of its own: closing the terminal does not end it.
        os.setsid()
    postgres.configure()
    s3_model.configure()
    cpu_share.configure()
    for patch in PATCHES:
        patch.apply()
    app.main()


if __name__ == "__main__":
    main()
