"""A plan for people: report, documents, workbook, GIS files and map, all readable without a network."""

from layoutopt.report.maps import PlanMap, plan_map
from layoutopt.report.write import write_report

__all__ = ["PlanMap", "plan_map", "write_report"]
