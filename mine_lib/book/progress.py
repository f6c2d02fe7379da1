"""Progress bars that leave nothing behind, neither in a terminal nor in a stored notebook."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(total: int, wanted: bool) -> Iterator[Callable[[int], object]]:
    """Yield a function that advances a bar of `total` by so many; there is a bar if wanted.

    No bar where the environment variable TQDM_DISABLE is set (tqdm heeds it in a terminal only).
    """
    if not wanted or os.environ.get("TQDM_DISABLE"):
        yield lambda number: None
        return
    from tqdm.auto import tqdm  # here, so that the package loads without Jupyter
    from tqdm.notebook import tqdm_notebook

    if not issubclass(tqdm, tqdm_notebook):
        with tqdm(total=total, leave=False) as bar:
            yield bar.update
        return
    from IPython.display import display

    # A bar that tqdm displays itself stays in the stored output as a line "0%|   | 0/100".
    bar = tqdm(total=total, leave=False, display=False)
    place = display(bar.container, display_id=True)
    try:
        yield bar.update
    finally:
        bar.close()
        place.update({}, raw=True)
