"""A plan for people: the one-file report and the map, both readable without a network."""

from layoutopt.report.html import write_report
from layoutopt.report.maps import PlanMap, plan_map

__all__ = ["PlanMap", "plan_map", "write_report"]
