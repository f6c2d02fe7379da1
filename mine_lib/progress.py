"""Progress bars that leave nothing behind, neither in a terminal nor in a stored notebook."""

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from IPython.display import display
from tqdm.auto import tqdm
from tqdm.notebook import tqdm_notebook


@contextmanager
def progress_bar(items: Collection, wanted: bool) -> Iterator[Iterable]:
    """Yield `items`, with a bar that advances as they are taken, if wanted.

    No bar where the environment variable TQDM_DISABLE is set (tqdm heeds it in a terminal only).
    """
    if not wanted or os.environ.get("TQDM_DISABLE"):
        yield items
    elif issubclass(tqdm, tqdm_notebook):
        # A bar that tqdm displays itself stays in the stored output as a line "0%|   | 0/100".
        bar = tqdm(items, leave=False, display=False)
        place = display(bar.container, display_id=True)
        try:
            yield bar
        finally:
            bar.close()
            place.update({}, raw=True)
    else:
        with tqdm(items, leave=False) as bar:
            yield bar
