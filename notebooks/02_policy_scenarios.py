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
# # What changes with the policy?
#
# *What do 30, 40 or 50 minutes on the bus mean for this county? And what does it cost to keep a school?* The county is
# generated, a fifth of the bundled `valley` in size, so that the five plans below take a minute; nobody lives there.
# Put `lo.sample("valley")` in its place for a county the size of Lueyang, and some patience.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import layoutopt as lo
from layoutopt.samples import write_county

county = lo.generate_county(settlements=45, schools=12, pupils=2_000, towns=3, area_km2=500, teachers=215, seed=3)
study = lo.read_study(write_county(county, Path(tempfile.mkdtemp()) / "county"))
policy = lo.Policy.preset("jiangxi_2023")
study

# %% [markdown]
# ## How long may a ride be?
#
# The limit door to door stays as it is; only the longest ride changes. `quick` keeps each solve short; the last row
# says how near the best of its own program each plan is known to be.

# %%
plans = {
    ride_min: lo.optimize(study, policy.replace(max_ride_min=ride_min), effort="quick", seed=1)
    for ride_min in (30, 40, 50)
}

# %%
table = pd.DataFrame({f"{ride_min} min": plan.figures.to_dict() for ride_min, plan in plans.items()})
table.loc["gap"] = [plan.proof.main.gap for plan in plans.values()]
table.loc["cost_million_cny"] = table.loc["cost_cny"] / 1e6
shown = ["schools_open", "pupils_moved", "lines", "cost_million_cny", "journey_mean_min", "gap"]
table.loc[shown].map("{:,.4g}".format)

# %% [markdown]
# Two columns whose costs lie closer together than their gaps are not proven to differ.
#
# ## Keep or merge?
#
# The goals differ: the preset of the pilot leaves as few small schools as the rules allow before it looks at the cost;
# the national one has no such goal. Where the cost alone closes the same schools, the plans are much alike.

# %%
national = lo.optimize(study, lo.Policy.preset("china_national"), effort="quick", seed=1)
lo.compare(national, plans[40])

# %% [markdown]
# ## What does keeping one school cost?
#
# The largest school that the plan closes is kept, and the plan is made again.

# %%
schools = plans[40].schools.set_index("school_id")
closed = schools[schools["role"] == "closed"].sort_values(["pupils_before", "name"], ascending=[False, True])
school = closed.index[0]
lo.price_of(plans[40], keep=school, effort="quick")
