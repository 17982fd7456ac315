"""What is decided once the layout stands: who of the staff goes where, and what closed premises become."""

from layoutopt.follow_up.premises import premises_uses
from layoutopt.follow_up.staff import staff_moves

__all__ = ["premises_uses", "staff_moves"]
