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
# # Who loses, and by how much?
#
# An average hides the child who then rides an hour. `equity` tells every group apart: band, township, girls,
# left-behind and poor children where the study knows them.

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
equity = lo.equity(plan)
equity

# %% [markdown]
# ## Against another plan
#
# The same tables for two plans: here for one in which nobody rides longer than half an hour.

# %%
gentle = lo.price_of(plan, max_ride_min=30).after
lo.equity(plan, gentle, by=("band",))

# %% [markdown]
# ## The way between
#
# How much cost buys how much of the longest way: every point is a plan, audited, with its own bound.

# %%
frontier = lo.frontier(plan, goals=("annual_cost", "worst_journey"), points=4, effort="quick", time_limit_s=60)
frontier
