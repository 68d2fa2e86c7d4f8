"""What the patches expect of MiniStack, checked before anything is replaced."""

import importlib.metadata
import inspect

EXPECTED_VERSION = "1.5.33"


def require(owner, name, parameters=None):
    """The attribute `name` of `owner`; ends the launcher if it is not what a patch was written for.

    `parameters` are the leading parameter names the function must have.
    """
    label = f"{getattr(owner, '__module__', None) or owner.__name__}.{name}"
    found = getattr(owner, name, None)
    if found is None:
        raise SystemExit(_mismatch(f"{label} does not exist"))
    if parameters is not None:
        actual = list(inspect.signature(found).parameters)[: len(parameters)]
        if actual != list(parameters):
            raise SystemExit(_mismatch(f"{label} takes ({', '.join(actual)}), not ({', '.join(parameters)})"))
    return found


def _mismatch(what):
    version = importlib.metadata.version("ministack")
    return (
        f"error: the emulator cannot be patched: {what}. ministack {version} is installed, but the patches in "
        f"local/emulator are written for {EXPECTED_VERSION}: run `make setup` to install the pinned version"
    )
