"""Going downhill: a bounded quasi-Newton search, and Newton steps at its end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from orchestration.value.histories import Floats

Loss = Callable[[Floats], tuple[float, Floats]]
BOUNDS = (-7.0, 9.0)
"""Logarithms of parameters: from 0.0009 to 8,100. Fits of the shared data sets that hold lie well
within; a parameter at a bound is one that runs away."""
LARGE_STEP, SMALL_STEP = 1e-3, 1e-7
MOST_STEPS = 8


def climb(loss: Loss, start: Floats) -> tuple[Floats, float]:
    """The lowest point found from a start, and its height.

    Parameters:
        loss: value and gradient at logarithms of parameters.
        start: where to begin.
    """
    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[BOUNDS] * len(start),
        options={"ftol": 1e-11, "gtol": 1e-6, "maxiter": 300},
    )
    return found.x, float(found.fun)


def polish(loss: Loss, search: Loss, point: Floats) -> tuple[Floats, float, Floats]:
    """Newton steps, each kept only if it goes further down.

    Parameters:
        loss: what is to be lowest, over all groups.
        search: the same over few groups. The curvature is taken from it, eight evaluations each
            time; a step needs one over all groups.
        point: where to begin.

    Returns:
        Point, height, and the Hessian there.
    """
    value, slope = loss(point)
    hessian = curvature(search, point)
    moved = 0.0
    for _ in range(MOST_STEPS):
        try:
            step = np.clip(np.linalg.solve(hessian, slope), -0.5, 0.5)
        except np.linalg.LinAlgError:
            break
        new = point - step
        if np.any(new <= BOUNDS[0]) or np.any(new >= BOUNDS[1]):
            break
        lower, new_slope = loss(new)
        if not lower < value:
            break
        point, value, slope = new, lower, new_slope
        moved += float(np.max(np.abs(step)))
        if np.max(np.abs(step)) < SMALL_STEP:
            break
        if np.max(np.abs(step)) > LARGE_STEP:
            hessian, moved = curvature(search, point), 0.0
    if moved > LARGE_STEP:
        hessian = curvature(search, point)
    return point, value, hessian


def curvature(loss: Loss, point: Floats) -> Floats:
    """The Hessian by central differences of the gradient."""
    width = 1e-4
    rows = []
    for place in range(len(point)):
        move = np.zeros_like(point)
        move[place] = width
        rows.append((loss(point + move)[1] - loss(point - move)[1]) / (2 * width))
    hessian = np.array(rows)
    symmetric: Floats = (hessian + hessian.T) / 2
    return symmetric
