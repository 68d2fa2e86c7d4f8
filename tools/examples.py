"""Runs the commands that pages show examples of, and puts what they print into the pages.

An example is a comment with the command (`<!-- example: lambench run archive --stack dev -->`) and an indented block behind it,
which is replaced. It needs a running local environment and the demo's stack; each command runs once, for a terminal of 100 columns.

    make examples                   all of them
    make examples ONLY=splitter     those whose command names it
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "scenarios").glob("*.md"))]
EXAMPLE = re.compile(r"(<!-- example: (lambench [^>]+?) -->\n\n)((?:(?:    [^\n]*)?\n)*)")
COLUMNS = "100"


def printed(command: str) -> str:
    """What a command prints on standard output; its progress is shown meanwhile."""
    print(command, file=sys.stderr)
    environment = os.environ | {"COLUMNS": COLUMNS}
    run = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    # A run whose checks failed has printed its result as well, but it is no example.
    if run.returncode:
        sys.exit(f"error: {command}: exit code {run.returncode}\n{run.stdout}")
    return run.stdout


def main() -> None:
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    pages = {page: page.read_text() for page in PAGES}
    commands = {command for text in pages.values() for _, command, _ in EXAMPLE.findall(text)}
    examples = {command: printed(command) for command in sorted(commands) if only in command}

    def replaced(match: re.Match) -> str:
        head, command, old = match.groups()
        lines = examples[command].splitlines() if command in examples else None
        return head + (old if lines is None else "".join(f"    {line}".rstrip() + "\n" for line in lines) + "\n")

    for page, text in pages.items():
        page.write_text(EXAMPLE.sub(replaced, text))


main()
