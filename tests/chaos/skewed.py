"""A server that goes by a wrong clock: `python skewed.py SECONDS` is `ostinato up`, ahead of the others by so many."""

import os
import sys
from datetime import datetime, timedelta

from ostinato import main, opening
from ostinato.app.application import App
from ostinato.config import read_settings


class SkewedApp(App):
    """Takes it for later or earlier than the database says it is."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=float(sys.argv[1]))


if __name__ == "__main__":
    vars(opening)["App"] = SkewedApp
    main.up(read_settings(os.environ))
