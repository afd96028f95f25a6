"""Customer 360: SQL does the data; this package moves, gates and publishes it."""

import os

# Fits multiply matrices of four by four. OpenBLAS wakes a thread per core for each of them, which
# then spin: measured four times the CPU time of a fit. It reads this when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
