"""The parts behind ``route`` and ``locate_and_route``: search, labels, master, cuts, branching, checks."""
