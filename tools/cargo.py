"""Runs Cargo; on a terminal with its own display, elsewhere (a log) with a line every ten seconds that says how far it is.

Usage: cargo.py ARGUMENT…"""

import os
import re
import subprocess
import sys
import time

SECONDS = 10
# "Building [====>   ] 123/456: serde, tokio": Cargo's display, which it overwrites again and again.
PROGRESS = re.compile(r"Building \[.*?\] (\d+/\d+)")
# One such line a crate says less than the display does.
STEPS = re.compile(r"\s*(Compiling|Checking|Downloading|Downloaded|Updating|Locking|Blocking) ")
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
DISPLAY = {"CARGO_TERM_PROGRESS_WHEN": "always", "CARGO_TERM_PROGRESS_WIDTH": "120"}


def lines(stream):
    """What a program writes, by line: a display's lines end with a carriage return."""
    rest = ""
    while chunk := os.read(stream.fileno(), 65536):
        *whole, rest = re.split(r"[\r\n]", rest + chunk.decode(errors="replace"))
        yield from whole
    yield rest


def report(stream):
    """Pass on what is no display; of the display, now and then how far it is."""
    due = time.monotonic() + SECONDS
    for line in map(lambda line: ESCAPES.sub("", line), lines(stream)):
        if progress := PROGRESS.search(line):
            if time.monotonic() >= due:
                print(f"   {progress[1]} crates and programs", file=sys.stderr, flush=True)
                due = time.monotonic() + SECONDS
        elif line.strip() and not STEPS.match(line):
            print(line, file=sys.stderr, flush=True)


def main():
    command = ["cargo", *sys.argv[1:]]
    if sys.stderr.isatty():
        os.execvp(command[0], command)
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ | DISPLAY) as cargo:
        report(cargo.stderr)
    sys.exit(cargo.returncode)


main()
