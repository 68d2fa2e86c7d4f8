"""Runs the commands that pages show examples of, and puts what they print into the pages and their results into docs/examples.

An example is a comment with the command (`<!-- example: lambench run archive --stack dev -->`) and an indented block behind it,
which is replaced. It needs a running local environment and the demo's stack; each command runs once, for a terminal of 100 columns.
`make pictures` draws the results.

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
RESULTS = ROOT / "docs" / "examples"
RESULT = re.compile(r"^result: (results/([\w-]+)/\S+\.json)$", re.M)
# How `cpu` lists the last 2,000 invocations, which take most of a file; no page shows them.
INVOCATIONS = re.compile(r'^( +)"invocations": \[\n +{\n +"function": [^\n]+\n +"request_id": .*?^\1\]', re.M | re.S)
# Its result has pictures, but no page shows what it prints.
SWEEP = "lambench run s3-read --memory 128,512,1769 --stack dev"


def printed(command: str) -> str:
    """What a command prints on standard output; its progress is shown meanwhile."""
    print(command, file=sys.stderr)
    environment = os.environ | {"COLUMNS": COLUMNS}
    run = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    # A run whose checks failed has printed its result as well, but it is no example.
    if run.returncode:
        sys.exit(f"error: {command}: exit code {run.returncode}\n{run.stdout}")
    return run.stdout


def keep_result(command: str, output: str) -> None:
    """Copies the file that a run has written: the pictures of README and docs are those of these results."""
    if found := RESULT.search(output):
        file, scenario = found.groups()
        name = f"{scenario}-memory.json" if " --memory " in command else f"{scenario}.json"
        text = INVOCATIONS.sub(r'\1"invocations": []', (ROOT / file).read_text())
        (RESULTS / name).write_text(text)


def main() -> None:
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    pages = {page: page.read_text() for page in PAGES}
    commands = {command for text in pages.values() for _, command, _ in EXAMPLE.findall(text)}
    examples = {command: printed(command) for command in sorted(commands | {SWEEP}) if only in command}
    for command, output in examples.items():
        keep_result(command, output)

    def replaced(match: re.Match) -> str:
        head, command, old = match.groups()
        lines = examples[command].splitlines() if command in examples else None
        return head + (old if lines is None else "".join(f"    {line}".rstrip() + "\n" for line in lines) + "\n")

    for page, text in pages.items():
        page.write_text(EXAMPLE.sub(replaced, text))


main()
