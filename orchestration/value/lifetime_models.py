"""The candidates that can be fitted, and what they expect of the future."""

from __future__ import annotations

import numpy as np

from orchestration.value.beta_geometric import BG_NBD, MBG_NBD, BetaGeometric
from orchestration.value.histories import Floats, Histories
from orchestration.value.nbd import NBD, Nbd
from orchestration.value.pareto import PARETO_NBD, Pareto

PurchaseModel = Nbd | BetaGeometric | Pareto
PURCHASE_MODELS: tuple[PurchaseModel, ...] = (BG_NBD, MBG_NBD, PARETO_NBD)
"""Those with dropout."""
ALL_PURCHASE_MODELS: tuple[PurchaseModel, ...] = (NBD, *PURCHASE_MODELS)
"""In the order in which they are fitted: the NBD is what the others must beat."""
TIME_NODES = 6
"""Nodes over time of the discounted integral: with 6 five digits at worst, seven to nine for
parameters like those of the shared data sets."""


def expected_purchases(
    model: PurchaseModel,
    parameters: Floats,
    h: Histories,
    weeks: float,
    discount_per_week: float = 0.0,
) -> Floats:
    """Expected repeat purchases in the next `weeks`, whether the customer has left or not.

    Parameters:
        model: which.
        parameters: its parameters.
        h: histories.
        weeks: how far ahead, above 0.
        discount_per_week: continuous rate δ: a purchase s weeks ahead counts e^(-δ s). With 0 it
            is the plain expectation.
    """
    alive = model.probability_alive(parameters, h)
    if discount_per_week == 0:
        return alive * model.expected_if_alive(parameters, h, weeks)
    # The expected rate falls like a power of (α+T+s): over ln(α+T+s) it is smooth.
    base = parameters[1] + h.age
    length = np.log1p(weeks / base)
    points, weights = np.polynomial.legendre.leggauss(TIME_NODES)
    total = np.zeros_like(base)
    for point, weight in zip((1 + points) / 2, weights / 2, strict=True):
        ahead = base * np.expm1(length * point)
        rate = model.rate_if_alive(parameters, h, ahead)
        total += weight * length * (base + ahead) * rate * np.exp(-discount_per_week * ahead)
    discounted: Floats = alive * total
    return discounted
