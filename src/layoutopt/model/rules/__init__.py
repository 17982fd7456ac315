"""Every rule of the compact program, by name; the order of the imports is the order of the documentation."""

from collections.abc import Callable, Mapping

from layoutopt.model.columns import Blocks, Data
from layoutopt.model.frame import Array
from layoutopt.model.rules import layout

# isort: split
from layoutopt.model.rules import closures, money, quality, staff, support, zones
from layoutopt.model.rules.register import RULES, Rule

BLOCKS: tuple[Blocks, ...] = (support.support_blocks, staff.blocks, quality.shortfall_block)
"""What further families decide: functions that give their blocks of columns."""
Fill = Callable[[Data, Array], Mapping[str, Array]]
FILLS: tuple[Fill, ...] = (support.support_fill, staff.fill, quality.shortfall_fill)
"""How further families complete a first point: the layout's values in, the values of their blocks out."""

__all__ = ["BLOCKS", "FILLS", "RULES", "Rule", "closures", "layout", "money", "quality", "staff", "support", "zones"]
