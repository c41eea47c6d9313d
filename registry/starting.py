"""How a process of the registry starts: it looks for garbage seldom while it loads, for there is none.

Loading makes objects that stay, some million of them in the HTTP process. The collector would look through them again
and again, and a tenth of the time of a start goes to that (`benchmarks.starts`).

``python -m registry.starting MODULE …`` runs a module of Python so.
"""

from __future__ import annotations

import gc
import runpy
import sys
from typing import Final

SELDOM: Final = (50_000, 20, 20)
"""How much is made before the collector looks: a request about ten thousand things makes millions of objects, and by
default two fifths of its time go to looking through them again and again (`benchmarks.clearances`)."""
_USUAL: Final = gc.get_threshold()


def loaded(*, seldom: bool = False) -> None:
    """Never look again at what is there for good: modules, models, routes.

    Args:
        seldom: whether the collector goes on looking seldom. What holds large arrays of sound may not wait so long.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*(SELDOM if seldom else _USUAL))


def main() -> None:
    """Run the module that is named, with the arguments after it."""
    gc.set_threshold(*SELDOM)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    # by its own name: the module that runs would load it a second time, and take what is set here for what is usual
    from registry import starting  # noqa: PLW0406  (see above)

    starting.main()
