# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The Jiangxi pilot, replayed
#
# From March 2023 fourteen counties of Jiangxi merged 736 small rural schools, moved 6,368 pupils and 2,526 teachers,
# opened or extended 189 bus lines and gave 101 closed buildings a new use (the province's own report). The counties'
# maps are not public. So fourteen counties are made up here. Nobody lives in them.
#
# **What is put in, and therefore no finding:** about 800 village schools, one county as big as Yujiang, eight or nine
# pupils in a tiny school and a teacher for every two and a half of them, most of these schools some ten minutes by bus
# from a town, and how many villages have a kindergarten and after-school care already. That the number of closures, of
# their pupils and of their teachers can meet the published ones comes from there. **What the solver finds** under the
# preset `jiangxi_2023`: which schools close and which cannot, who walks and who rides, on how many lines, at what cost,
# and which closed building finds a use.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import layoutopt as lo
from layoutopt.samples import write_county
from layoutopt.samples.pilot_rule import rule_reach
from layoutopt.samples.pilot_totals import county_figures, stored_replay

pilot = lo.generate_pilot(seed=0)
pilot

# %% [markdown]
# ## Two counties, solved here
#
# All fourteen were solved by `benchmarks/bench_pilot.py`, and their table comes with the package. The two smallest are
# solved again here, the same way, and should come to the same figures. Layout and lines are decided one after the other
# (`method="sequential"`): schools are merged here because they are small, whatever their lines cost. Deciding both
# together takes more than six times as long; in these two counties it closes the same number of schools, runs 18 lines
# instead of 25, and costs 3.5 % less (a line of `bench_pilot.py` with `--counties 13 14`).

# %%
policy = lo.Policy.preset("jiangxi_2023")


def study_of(number: int) -> lo.Study:
    """One county of the pilot, written and read like any study."""
    with tempfile.TemporaryDirectory() as folder:
        return lo.read_study(write_county(pilot.counties[number - 1], Path(folder) / "county"))


plans = [lo.optimize(study_of(at), policy, effort="quick", method="sequential", time_limit_s=3600) for at in (13, 14)]
plans[-1]

# %%
[len(lo.audit(plan)) for plan in plans]

# %%
replay = stored_replay()
columns = ["closed", "pupils", "teachers", "lines", "buildings", "cost_cny", "gap"]
here = pd.DataFrame([county_figures(plan) for plan in plans]).set_index("county")[columns]
pd.concat({"here": here, "stored": replay.counties.set_index("county").loc[here.index, columns]}).round(4)

# %% [markdown]
# The stored table says how it was made. It holds a hash of each county, and these are still the counties above:

# %%
print(replay.made)
replay.counties["digest"].tolist() == list(pilot.digests)

# %% [markdown]
# ## All fourteen beside the published totals

# %%
replay

# %%
replay.counties.set_index("county")[
    [
        "small_before",
        "closed",
        "points",
        "small_after",
        "pupils",
        "pupils_moved",
        "teachers",
        "lines",
        "plan_lines",
        "buildings",
        "gap",
    ]
].round(3)

# %% [markdown]
# The bands are our own, around the published ratios: 6 to 12 pupils and 2 to 5 teachers for each closed school, 20 to
# 50 of its pupils and 2.5 to 6 closed schools for each line. How many buildings are used again has no band.

# %%
replay.ratios.round(2)

# %%
replay.plot()

# %% [markdown]
# ## Where the replay differs, and why
#
# - **Schools merged, their pupils and teachers** come near the published totals because the counties were made that
#   large. What is found is the share: nine in ten of the schools under 30 close. The others stay as teaching points,
#   because their youngest pupils would be more than 30 minutes on the way, or 40 in a bus. "All in principle" leaves a
#   tenth out, once the limits are kept.
# - **Moved pupils.** `pupils` are those whose school closes, which is how we read the published 6,368. In the replay
#   half as many again change school besides (`pupils_moved`): pupils of one larger school who go to another, most of
#   them in grades 7 to 9, and grades 4 to 6 of schools that become teaching points (the table below).
# - **Lines** are many more than were published, so that fewer closed schools share one than the band has it
#   (`plan_lines` also counts those that serve other pupils only). Three reasons, of which only the first is known: a
#   published line may make several runs (Yujiang: 41 lines for 4,800 riders, 117 each, more than any bus seats;
#   Xiangfu: three lines of two runs), a line here is the round of one bus. The limits of ways are kept here for every
#   child, and whether the pilot kept them was not published. And the towns made up here have a dozen small schools each
#   in winding valleys, so that few lines can pass many villages in half an hour.
# - **Buildings** hang on how many villages have a kindergarten and after-school care already, which is our guess.
# - **Teachers** are all teachers of the schools that close. An early count of the pilot names 1,756, not 2,526.
# - The counties' own ratios scatter: one county proves nothing, and the published figures are known as totals only.
#
# Who changes school in the two counties solved here, by what becomes of today's school:

# %%
moved = pd.concat(
    plan.assignments[plan.assignments["moved"]].merge(
        plan.schools[["school_id", "role"]].rename(columns={"school_id": "today_school", "role": "it becomes"})
    )
    for plan in plans
)
moved.pivot_table("pupils", "it becomes", "band", aggfunc="sum", fill_value=0)

# %% [markdown]
# ## What could have been spared
#
# The pilot did not publish ways or costs, so nothing can be said about its own plan. What can be laid beside the replay
# is the rule of thumb *close everything under 30, nearest school for its pupils*. A direct ride, the bus coming for one
# child alone, is the least a way can take; whoever is beyond the limit even then is sent too far by any lines.

# %%
rule = replay.counties.set_index("county")[
    ["rule_closed", "rule_over", "rule_over_lower", "rule_over_schools", "rule_minutes_max", "small_after"]
]
rule.agg({name: "max" if name == "rule_minutes_max" else "sum" for name in rule}).round(0)

# %% [markdown]
# Closing everything under 30 sends `rule_over` pupils of `rule_over_schools` schools too far, most of them in grades 1
# to 3. The replay sends none of them too far: it keeps `small_after` small schools as teaching points, which the
# youngest of two or three such villages share here and there, and merges the others.

# %%
pd.DataFrame([rule_reach(plan.study, policy) for plan in plans], index=here.index).round(1)

# %% [markdown]
# ## What merging saves a county in a year
#
# Today's schools are a plan too: the same prices, the same checks.

# %%
shown = ["schools_open", "lines", "cost_cny", "cost_schools_cny", "cost_teachers_cny", "cost_buses_cny"]
shown += ["journey_mean_min", "share_over_30_min"]
both = {"today": lo.current_plan(plans[-1].study, policy), "replay": plans[-1]}
pd.DataFrame({name: plan.figures.to_dict() for name, plan in both.items()}).loc[shown].map("{:,.4g}".format)

# %% [markdown]
# The wages of the schools that close are counted as saved; the pilot moved its teachers instead. With
# `staffing.wages = "redeployed"` the replay counts them as going on.
