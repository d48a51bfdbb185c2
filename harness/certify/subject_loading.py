"""Finds the subject by its name, checks that it can be certified, and says which version of it this is."""

import hashlib
import importlib
import importlib.metadata
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.certify.importing import imported

CORE = "core"


class SubjectError(Exception):
    """The subject cannot be certified; the message is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Which subject this is, and what it can do."""

    name: str
    jobs: tuple[str, ...]
    tells: tuple[str, ...] = ()
    """What it can be asked between its runs: ``status``, ``check_staleness``."""
    version: str
    digest: str
    """SHA-256 over every file of its distribution, or of its module's folder where it is not installed."""
    folder: str


def load(name: str, *, folder: str) -> tuple[Callable[..., Any], Loaded]:
    """What makes a subject, and what is known of it. ``folder`` is searched for modules first.

    Raises:
        SubjectError: There is no such subject, or it follows no protocol.
    """
    module_name, _, attribute = ("harness.certify.reference:CoreSubject" if name == CORE else name).partition(":")
    if not attribute:
        raise SubjectError(
            f"the subject {name!r} is neither 'core' nor 'module:Name'; name the module and the class in it"
        )
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = imported(module_name)
    except BaseException as error:  # a module may raise anything, SystemExit included
        raise SubjectError(f"the subject {name!r} cannot be imported: {type(error).__name__}: {error}") from error
    subject = getattr(module, attribute, None)
    if subject is None:
        raise SubjectError(f"the module {module_name!r} has no {attribute!r}; it has {_classes_in(module)}")
    made = _checked(name, subject)
    jobs, tells = _verbs(made, "pull", "push"), _verbs(made, "status", "check_staleness")
    if "push" in jobs:
        jobs += _verbs(made, "retire")
    if not jobs:
        raise SubjectError(f"the subject {name!r} has neither pull nor push; give it the job that it does")
    version, digest, where = _identity(module)
    return subject, Loaded(name=name, jobs=jobs, tells=tells, version=version, digest=digest, folder=where)


def _verbs(made: Any, *names: str) -> tuple[str, ...]:
    return tuple(name for name in names if callable(getattr(made, name, None)))


def _checked(name: str, subject: Any) -> Any:
    """What has the subject's methods: its class, or one that was made."""
    if not callable(subject):
        raise SubjectError(
            f"the subject {name!r} is a {type(subject).__name__}; name a class, or a function that makes a subject"
        )
    if inspect.isclass(subject):
        missing = [verb for verb in ("open", "close") if not callable(getattr(subject, verb, None))]
        if missing:
            raise SubjectError(
                f"the subject {name!r} has no {' and no '.join(missing)}; give it the methods "
                "open(access), close(), and pull or push"
            )
    return subject if inspect.isclass(subject) else _made(name, subject)


def _made(name: str, subject: Callable[[], Any]) -> Any:
    try:
        return subject()
    except Exception as error:
        raise SubjectError(f"the subject {name!r} cannot be made: {type(error).__name__}: {error}") from error


def _classes_in(module: ModuleType) -> str:
    own = [
        name for name, value in vars(module).items() if inspect.isclass(value) and value.__module__ == module.__name__
    ]
    return ", ".join(own) or "no class"


def _identity(module: ModuleType) -> tuple[str, str, str]:
    """Version, digest and folder of what the module belongs to."""
    top = module.__name__.partition(".")[0]
    where = Path(module.__file__ or ".").resolve()
    installed = importlib.metadata.packages_distributions().get(top, [])
    if installed and (files := _installed_files(installed[0])):
        return importlib.metadata.version(installed[0]), _digest(files), str(where.parent)
    # An editable install lists no source file: its package's folder stands for it.
    package = sys.modules[top].__file__ if "." in module.__name__ else None
    folder = Path(package).resolve().parent if package else where.parent
    version = importlib.metadata.version(installed[0]) if installed else str(getattr(module, "__version__", ""))
    sources = [
        path
        for path in folder.rglob("*.py")
        if not any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts)
    ]
    return version, _digest({str(path.relative_to(folder)): path for path in sources}), str(folder)


def _installed_files(distribution: str) -> dict[str, Path]:
    listed = importlib.metadata.files(distribution) or []
    files = {str(file): Path(str(file.locate())) for file in listed if not str(file).endswith(".pyc")}
    return files if any(name.endswith(".py") and not name.startswith("_") for name in files) else {}


def _digest(files: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        if files[name].is_file():
            digest.update(name.encode() + b"\0" + hashlib.sha256(files[name].read_bytes()).digest())
    return digest.hexdigest()
