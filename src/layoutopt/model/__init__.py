"""The compact mixed-integer program: one option a group, integer classes, buses at a price per rider."""
