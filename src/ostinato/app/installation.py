"""The number of this installation, which is in the guids it gives out."""

from ostinato.app.application import App
from ostinato.store import installation


async def number(app: App) -> int:
    """Asked for once: it never changes."""
    if app.installation is None:
        async with app.db.reading() as tx:
            app.installation = await installation.number(tx)
    return app.installation
