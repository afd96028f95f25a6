"""The demo company: deterministic landing files and the truth behind them."""

from orchestration.demo.generator import generate
from orchestration.demo.parameters import DemoParameters

__all__ = ["DemoParameters", "generate"]
