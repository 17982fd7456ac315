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
# # Show me three different good plans
#
# The cheapest plan is one of many that cost almost the same. What they agree on is safe to decide; what they differ in
# is for the hearing.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import layoutopt as lo
from layoutopt.samples import write_county

county = lo.generate_county(settlements=30, schools=9, pupils=900, towns=3, area_km2=300, teachers=110, seed=3)
study = lo.read_study(write_county(county, Path(tempfile.mkdtemp()) / "county"))
policy = lo.Policy.preset("jiangxi_2023")
plan = lo.optimize(study, policy, effort="quick", time_limit_s=60)
plan

# %%
others = lo.alternatives(plan, 3, within=0.10)
others

# %% [markdown]
# ## What all of them close

# %%
others.closures

# %% [markdown]
# ## Side by side

# %%
shown = ["cost_cny", "schools_open", "pupils_moved", "journey_mean_min", "journey_max_min"]
pd.DataFrame({f"plan {at}": found.figures.to_dict() for at, found in enumerate([plan, *others])}).loc[shown]
