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
# # A first plan
#
# *Which of these village schools should merge, where do their children go, by which bus, what does it cost, and who
# loses?* The region is a cluster of blocks in Ladakh, India: real roads, habitations and larger schools; pupils are
# estimated from residents and the small village schools are assumed. It shows the method and says nothing about any
# real school.

# %%
import layoutopt as lo

study = lo.sample("ladakh")
study

# %%
print(study.attribution)
print(study.note)

# %% [markdown]
# ## Look before you decide
#
# How many schools are small, and how long are the ways today?

# %%
policy = lo.Policy.preset("jiangxi_2023", max_ride_min=40)
print("\n".join(lo.check_study(study, policy).lines()))

# %% [markdown]
# ## Decide
#
# `quick` is the least effort; `normal` is the default. Layout and bus lines are decided together, with every rider's
# minutes exact, and the bound holds for every layout with any lines.

# %%
plan = lo.optimize(study, policy, effort="quick", time_limit_s=60, seed=7)
plan

# %%
print("\n".join(lo.words(plan)))

# %% [markdown]
# ## Today's schools are a plan too
#
# The same figures, the same checks. Today's rides stand on no known line, so their buses cost nothing here; read that
# line of the table with care.

# %%
today = lo.current_plan(study, policy)
lo.compare(today, plan)

# %% [markdown]
# ## Who loses?
#
# The pupils whose way grows most.

# %%
ways = plan.assignments.assign(longer_min=plan.assignments["minutes"] - plan.assignments["today_min"])
daily = ways[ways["mode"] != "board"].round(1)
columns = ["settlement_id", "band", "pupils", "school_id", "mode", "today_min", "minutes"]
daily.nlargest(8, "longer_min")[columns]

# %% [markdown]
# ## Is it sound?
#
# The audit works every rule out again from the tables, without the solver. No row means no rule is broken.

# %%
violations = lo.audit(plan, study, policy)
assert violations.empty
violations

# %% [markdown]
# ## On the map
#
# It needs no network.

# %%
plan.map()

# %% [markdown]
# ## Keep it
#
# A folder with a GeoPackage for QGIS, tables, JSON and the facts; and a page for those whom it concerns.

# %%
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp()) / "ladakh"
plan.to_folder(folder)
lo.write_report(plan, folder, today=today, violations=violations)
sorted(path.name for path in folder.iterdir())

# %% [markdown]
# Read back, it is the same plan, also after an edit by hand: the audit needs nothing but the folder.

# %%
again = lo.Plan.from_folder(folder)
assert lo.audit(again).empty
again
