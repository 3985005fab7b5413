"""`python -m ostinato.cli` is `ostinato`."""

from ostinato.cli import app

app(prog_name="ostinato")
