"""Layout and bus lines in one program: lines as columns, certified prices, and a search that moves both."""
