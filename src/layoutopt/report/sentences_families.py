"""Sentences of the families of rules: closures, small schools, staff, premises, zones, money; see ``sentences.py``."""

from __future__ import annotations

from layoutopt.report.language import message

REASONS: tuple[str, ...] = (
    message("most parents or delegates object to its closing"),
    message("{who} would have no school within the limits"),
    message("{place} (grades {grades})"),
    message("{school}, grade {grade}: {n} pupils in a class, which is large."),
    message("{school}, grade {grade}: {n} pupils in a class, which is over-large."),
    message("the use worth most that fits"),
    message("a closed school nearby takes it"),
    message("the policy offers no use"),
    message("area not known"),
    message("too small"),
    message("children nearby not known"),
    message("too few children nearby"),
    message("another such place is near"),
)
"""Why a school stays that the policy does not protect, warnings of large classes, why premises get a use or none."""
CLOSING: tuple[str, ...] = (
    message("Nobody has been asked yet (column objection_share)."),
    message("{n} object."),
    message("{n} of its pupils have no school."),
    message("No pupil has to change."),
    message("The way nearest to its limit takes {n} min, admissible are {most}."),
    message("Dangerous sections of the roads are not known (column danger)."),
    message("The bus drives {n} km on dangerous sections: their protection is to be confirmed."),
    message("The bus drives on no dangerous section."),
    message("Nobody boards or eats at the receiving schools."),
    message("{school}: {n} boarders, {room} beds."),
    message("{school}: {n} eat at school, canteen seats not known."),
    message("{school}: {n} eat at school, {room} canteen seats."),
    message("No school takes pupils in."),
    message("{school}: {n} pupils, {most} admissible."),
    message("No class takes pupils in."),
    message("{school}: {n} pupils in the fullest class, {most} admissible."),
    message("In {n} grades classes are large."),
    message("In {n} grades classes are over-large."),
)
"""What ``plan/closures.py`` finds about the five conditions."""
SMALL_SCHOOLS: tuple[str, ...] = (
    message("{n} of {all} small schools merge, merge_share = {share} asks for {least}"),
    message("{n} pupils eat at a canteen for {room}"),
    message("closes, but {n} object"),
    message("is {role}, but its support says '{form}'"),
    message("nothing says how it teaches all subjects"),
    message("'{form}' is not offered to it"),
    message("{n} pupils, helped out as '{form}'"),
    message("{n} posts, specialists of its own take {least}"),
    message("no open hub leads its group '{group}'"),
    message("no open hub gives its online classes"),
    message("teams come on {n} days a week, promised are {least}"),
    message("is no tour: from one hub through sites and back, on the same whole days"),
    message("starts at {school}, which is no open hub"),
    message("{hub} may not serve {site}: too far, or not among its nearest hubs"),
    message("{n} {what}, at most {most}"),
    message("sites a day"),
    message("min on its longest leg"),
    message("min on the road"),
)
STAFF: tuple[str, ...] = (
    message("'{move}' of stage '{stage}' is no movement of teachers"),
    message("{n} teachers are not whole persons"),
    message("a row of kind {move}: {what}"),
    message("'{school}' is no school"),
    message("'{school}' should be empty"),
    message("teachers are retrained, which the policy forbids"),
    message("teachers of {school} would travel {n} min to {other}, limit {most}"),
    message("kind {move} from subject '{subject}' to '{other}'"),
    message("teachers leave for {school} as a reserve, though their school stays"),
    message("is to take a reserve, but has no {stage} posts"),
    message("{n} {stage} teachers {subject} leave or are left over of {all}"),
    message("{n} {stage} teachers {subject} leave, {least} are protected"),
    message("{n} {stage} teachers  leave or are left over of {all}"),
    message("{n} {stage} teachers  leave, {least} are protected"),
    message("{today} {stage} teachers − {left} who leave − {surplus} without a post + {came} who come + {shortage} "
            "lacking are not {n} posts"),
    message("{n} of {all} {stage} teachers leave, though there are {room} posts"),
    message("{n} posts are paid, {least} must be"),
)  # fmt: skip
PLACES: tuple[str, ...] = (
    message("'{use}' is no use the policy offers"),
    message("its premises have more than one use"),
    message("its premises are given a use, but it is {role}"),
    message("no school of the study"),
    message("cannot become {use}: {why}"),
    message("{use} is {n} km from the next, limit {most} km"),
    message("takes in more pupils than today, but its {indicator} is not known"),
    message("{indicator} = {n} is enough for {room} pupils ({stage}), {come} come (juniors at junior_share)"),
    message("walks {n} km to {school}, limit {most}"),
    message("travels {n} km to {school}, limit {most}"),
    message("goes to {school}, which is in another township"),
    message("moves from {other} to {school}, though moved lately before"),
    message("goes to {school}, though sent to {other} by policy"),
    message("grades of band {band} go to {schools}"),
    message("band {band} goes to {school}, which teaches {older}; that goes to {schools}"),
    message("band {band} goes to {school}, nobody of {villages} does, who are nearer"),
    message("calls at a school that is not in the study"),
    message("bears {n} CNY a year, budget {most}"),
    message("raises {n} CNY of capital, limit {most}"),
)
"""What is wrong with premises, resources, zones and sources of money in detail."""
FAMILIES = (*REASONS, *CLOSING, *SMALL_SCHOOLS, *STAFF, *PLACES)
