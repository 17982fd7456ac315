"""Today: who attends which school and how, and what each school is before anything is decided."""

from layoutopt.fleet import largest_bus
from layoutopt.today.attending import attendance, own_dwell_min
from layoutopt.today.items import items_of
from layoutopt.today.methods import attendance_method, methods
from layoutopt.today.schools import enrolment_today, school_facts
from layoutopt.today.staff import paid_posts, staff_known, staff_today, teachers_today

__all__ = [
    "attendance",
    "attendance_method",
    "enrolment_today",
    "items_of",
    "largest_bus",
    "methods",
    "own_dwell_min",
    "paid_posts",
    "school_facts",
    "staff_known",
    "staff_today",
    "teachers_today",
]
