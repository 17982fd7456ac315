"""``python -m layoutopt``: the command line."""

from layoutopt.cli import main

if __name__ == "__main__":
    main()
