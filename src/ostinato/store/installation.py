"""What is known of the installation as a whole."""

from ostinato.store.db import Tx, fetch_value


async def number(tx: Tx) -> int:
    """A random number of 64 bits with a sign, made once."""
    return int(await fetch_value(tx, "installation/number"))
