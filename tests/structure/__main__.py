"""Counts of the structure beside their limits; ends with 1 where one is over its limit.

python -m tests.structure
"""

from __future__ import annotations

import sys

from tests.structure import counts
from tests.structure.limits import limits, over


def main() -> int:
    """Print the counts, and what stands behind those that are over."""
    found, allowed = counts.counts(), limits()
    for name, count in found.items():
        print(f"{name:40} {count:8,} of {allowed[name]:,}")
    faults = over(found, allowed)
    for fault in faults:
        print(f"tests/structure/limits.yml: {fault}", file=sys.stderr)
    if faults:
        print("macros called once: " + ", ".join(counts.macros_called_once()), file=sys.stderr)
        print("\n".join(counts.imports_that_close_a_cycle()), file=sys.stderr)
        print(f"largest package: {counts.largest_package()[0]}", file=sys.stderr)
        print(f"long pages: {counts.long_pages()}", file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
