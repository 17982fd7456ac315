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
# # What does a 30-minute limit cost?
#
# One limit changed, the county decided again: the difference in money and minutes, and how surely it is known.

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

# %%
lo.price_of(plan, max_ride_min=30)

# %% [markdown]
# ## A curve
#
# A range of values gives a curve. A plan for a shorter limit is a plan for a longer one as well, so the curve never
# rises; the band says between which bounds the price lies.

# %%
curve = lo.price_of(plan, max_ride_min=[20, 30, 40, 50])
curve

# %%
curve.plot()

# %% [markdown]
# ## Other prices
#
# A school kept, a school more, a seat more.

# %%
closed = plan.schools.loc[plan.schools["role"] == "closed", "school_id"].iloc[0]
print(lo.price_of(plan, keep=closed))
print(lo.price_of(plan, schools_open=1))

# %% [markdown]
# ## Where nothing fits
#
# A short ride and a closure decided already may leave no plan at all. Then the smallest easing is told, what cannot
# hold together, and which single changes would do.

# %%
lo.why_infeasible(study, policy.replace(max_ride_min=20, must_close=("S002",)))
