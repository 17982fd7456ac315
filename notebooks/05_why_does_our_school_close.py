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
# # Why does our school close?
#
# The question of every hearing. The county is a generated one, small enough for a minute; a plan folder of your own
# is opened with `lo.Plan.from_folder("out/county")`.

# %%
import tempfile
from pathlib import Path

import layoutopt as lo
from layoutopt.samples import write_county

county = lo.generate_county(settlements=16, schools=6, pupils=420, towns=2, area_km2=160, teachers=60, seed=5)
study = lo.read_study(write_county(county, Path(tempfile.mkdtemp()) / "county"))
policy = lo.Policy.preset("jiangxi_2023")
plan = lo.optimize(study, policy)
plan

# %% [markdown]
# ## The school
#
# `explain` says what the plan decides for a school and why, what binds there, and what the opposite would cost. That
# price is not an estimate: the county is decided again with this one thing otherwise, beginning at the plan, and both
# gaps are told.

# %%
closed = plan.schools.loc[plan.schools["role"] == "closed", "school_id"]
school = closed.iloc[0]
lo.explain(plan, school)

# %% [markdown]
# ## A village
#
# Where its pupils go, what else was admissible, and the next best for the whole county if they may not go there.

# %%
village = plan.assignments.loc[plan.assignments["today_school"] == school, "settlement_id"].iloc[0]
lo.explain(plan, village)

# %% [markdown]
# ## And if we keep it all the same?
#
# Edits take decisions by hand. `check` says at once what they break; `reoptimize` keeps every rule with the fewest
# further changes to the plan, proven.

# %%
draft = lo.edit(plan).keep(school, reason="decided at the hearing")
draft.check()

# %%
kept = draft.reoptimize()
lo.compare(plan, kept)
