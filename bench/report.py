"""How figures are printed: a table for people on stderr, one JSON object a line on stdout."""

import json
import sys
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One measured thing. `values` and `floors` are in `unit`, one per run; the medians are printed."""

    name: str
    unit: str
    values: list[float]
    floors: list[float]

    def print(self) -> None:
        value, floor = median(self.values), median(self.floors)
        ratio = value / floor if floor else 0.0
        line = {
            "name": self.name,
            "value": round(value, 4),
            "unit": self.unit,
            "floor": round(floor, 4),
            "ratio": round(ratio, 3),
            "runs": len(self.values),
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        spread = f"{min(self.values):.4g}..{max(self.values):.4g}"
        sys.stderr.write(
            f"{self.name:24} {value:10.4g} {self.unit:6} floor {floor:10.4g}  ratio {ratio:6.2f}  {spread}\n"
        )
