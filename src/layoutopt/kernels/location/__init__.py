"""The parts of the location kernel; ``layoutopt.kernels.locate`` is the door."""
