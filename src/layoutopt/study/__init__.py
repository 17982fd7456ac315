"""Study: the facts one run starts from; read_study() puts them together."""

from layoutopt.study.finish import finish_schools, finish_settlements
from layoutopt.study.reading import read_study
from layoutopt.study.study import Study

__all__ = ["Study", "finish_schools", "finish_settlements", "read_study"]
