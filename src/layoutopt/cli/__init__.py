"""The command line: arguments in, public functions called, messages on stderr. Heavy parts load when used."""

from layoutopt.cli import ahead, batches, inputs, phasing, plans, price, questions, several
from layoutopt.cli.group import BAD_INPUT, DONE, EFFORTS, FORMATS, LANGUAGES, NO_PLAN, main

__all__ = [
    "BAD_INPUT",
    "DONE",
    "EFFORTS",
    "FORMATS",
    "LANGUAGES",
    "NO_PLAN",
    "ahead",
    "batches",
    "inputs",
    "main",
    "phasing",
    "plans",
    "price",
    "questions",
    "several",
]
