"""One thing changed, solved again: why, at what price, and what else would be as good."""
