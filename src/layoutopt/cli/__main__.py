"""``python -m layoutopt.cli``: the same as the command ``layoutopt``."""

from layoutopt.cli import main

if __name__ == "__main__":
    main()
