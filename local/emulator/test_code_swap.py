"""Code that is updated while a function is warm and at work."""

import pathlib
import tempfile
import threading
import unittest

from emulator_fixture import EmulatorTest, archive, custom_runtime, wait_for

FUNCTION = """
import os, pathlib, time
def handler(event, context=None):
    if event.get("folder"):
        folder = pathlib.Path(event["folder"])
        (folder / "begun").touch()
        while not (folder / "go").exists():
            time.sleep(0.01)
    return ["VERSION", os.getpid()]
"""


def is_there(process):
    """Whether a process runs; one that nobody has collected yet does not."""
    try:
        return bool(pathlib.Path(f"/proc/{process}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


class CodeSwap(EmulatorTest):
    """The same for both kinds of workers."""

    def source(self, version, runtime):
        """The function that says a version."""
        source = FUNCTION.replace("VERSION", version)
        return custom_runtime(source) if runtime.startswith("provided") else source

    def swap(self, name, version, runtime):
        """Update the code."""
        file_name = "bootstrap" if runtime.startswith("provided") else "index.py"
        package = archive(file_name, self.source(version, runtime))
        self.emulator.client("lambda").update_function_code(FunctionName=name, ZipFile=package)

    def test_the_next_invocation_runs_the_new_code_and_one_under_way_finishes_on_the_old(self):
        for runtime in ("provided.al2023", "python3.11"):
            with self.subTest(runtime), tempfile.TemporaryDirectory() as folder:
                name = self.deploy(self.source("old", runtime), runtime=runtime, Timeout=30)
                [version, idle], _ = self.invoke(name)
                self.assertEqual(version, "old")
                answers = []
                under_way = threading.Thread(target=lambda: answers.append(self.invoke(name, {"folder": folder})))
                under_way.start()
                wait_for(pathlib.Path(folder, "begun").exists, "the invocation")
                self.swap(name, "new", runtime)
                [version, process], error = self.invoke(name)
                self.assertEqual((version, error), ("new", None))
                pathlib.Path(folder, "go").touch()
                under_way.join()
                [[version, old], error] = answers[0]
                self.assertEqual((version, error), ("old", None))
                for gone in (old, idle):
                    wait_for(lambda gone=gone: not is_there(gone), "the end of the old process")
                self.assertEqual(self.invoke(name)[0], ["new", process])

    def test_swapping_under_load_loses_no_invocation(self):
        runtime = "provided.al2023"
        name = self.deploy(self.source("0", runtime), runtime=runtime)
        answers, stop = [], threading.Event()

        def call():
            while not stop.is_set():
                answers.append(self.invoke(name))

        callers = [threading.Thread(target=call) for _ in range(3)]
        for caller in callers:
            caller.start()
        for version in "1234":
            seen = len(answers)
            self.swap(name, version, runtime)
            wait_for(lambda seen=seen: len(answers) > seen + 30, "invocations")
        stop.set()
        for caller in callers:
            caller.join()
        self.assertEqual([answer for answer in answers if answer[1]], [])
        self.assertEqual(self.invoke(name)[0][0], "4")


if __name__ == "__main__":
    unittest.main()
