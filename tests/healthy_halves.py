"""The healthy subject's halves, each without the methods in which the other half's diseases sit.

That they are certified shows that a disease of the one half changes nothing of what the other half does, so that
nobody has to try it.
"""

from typing import Any

from tests.broken_clients import Broken, BrokenReader, BrokenWriter
from tests.broken_subjects import ALL
from tests.healthy_subject import Healthy


def diseased_methods(kind: type[Broken]) -> frozenset[str]:
    """The names of all methods that subjects of that kind have otherwise than the healthy one."""
    return frozenset(
        name
        for subject in ALL
        if issubclass(subject, kind)
        for one in subject.mro()[: subject.mro().index(kind)]
        for name, value in vars(one).items()
        if callable(value)
    )


def _other_half(name: str) -> Any:
    def called(*_: Any, **__: Any) -> Any:
        raise AssertionError(f"{name} belongs to the other half")

    return called


class ReadsAlone(Healthy):
    """Imports, and knows no method in which a disease of writing sits."""

    push = None
    retire = None


class WritesAlone(Healthy):
    """Pushes, and knows no method in which a disease of reading sits."""

    pull = None
    retire = None


for _name in diseased_methods(BrokenWriter) - {"push"}:
    setattr(ReadsAlone, _name, _other_half(_name))
for _name in diseased_methods(BrokenReader):
    setattr(WritesAlone, _name, _other_half(_name))
