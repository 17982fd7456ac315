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
# generated, with the size and totals of Lueyang; nobody lives there.

# %%
import pandas as pd

import layoutopt as lo

study = lo.sample("valley")
policy = lo.Policy.preset("jiangxi_2023")
study

# %% [markdown]
# ## How long may a ride be?
#
# The limit door to door stays as it is; only the longest ride changes. `quick` keeps each solve short; each row says
# how near the best of its own program it is known to be.

# %%
SHOWN = ["schools_open", "pupils_moved", "pupils_by_bus", "boarders", "lines", "cost_cny", "journey_mean_min"]
plans = {
    limit_min: lo.optimize(study, policy.replace(max_ride_min=limit_min), effort="quick", seed=1)
    for limit_min in (30, 40, 50)
}
table = pd.DataFrame({limit_min: plan.figures.to_dict() for limit_min, plan in plans.items()}).T[SHOWN]
table["gap"] = [plan.proof.main.gap for plan in plans.values()]
table.rename_axis("max_ride_min").round(3)

# %% [markdown]
# Two rows that lie closer together than their gaps are not proven to differ.
#
# ## Keep or merge?
#
# The national preset keeps what need not close; the preset of the pilot merges small schools first.

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
