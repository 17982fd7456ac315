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
# maps are not public. So fourteen counties are made up here, of such a size that the published totals *can* be met;
# which school closes, who rides and on how many lines is left to the solver under the preset `jiangxi_2023`. Nobody
# lives in these counties: what the replay can show is whether rules, costs and distances of this kind lead to figures
# of this kind, and where they do not.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import layoutopt as lo
from layoutopt.samples import write_county
from layoutopt.samples.pilot_rule import against_rule, close_all_small
from layoutopt.samples.pilot_totals import replay_of, stored_replay

pilot = lo.generate_pilot(seed=0)
pilot

# %% [markdown]
# ## One county, solved here
#
# The smallest county takes a minute or two. All fourteen take a quarter of an hour on two processors and were solved
# by `python benchmarks/bench_pilot.py --jobs 2`; their table comes with the package, and this county's row in it is
# the one found here.

# %%
study = lo.read_study(write_county(pilot.counties[-1], Path(tempfile.mkdtemp()) / "county"))
policy = lo.Policy.preset("jiangxi_2023")
plan = lo.optimize(study, policy, effort="quick", time_limit_s=900)
plan

# %%
lo.audit(plan)

# %%
replay = stored_replay()
columns = ["closed", "pupils", "teachers", "lines", "buildings", "cost_cny"]
here = replay_of([plan]).counties.set_index("county")[columns]
pd.concat({"here": here, "stored": replay.counties.set_index("county").loc[here.index, columns]})

# %% [markdown]
# ## All fourteen beside the published totals

# %%
replay

# %%
replay.counties.set_index("county")[
    ["small_before", "closed", "points", "small_after", "pupils", "teachers", "lines", "buildings", "gap"]
]

# %% [markdown]
# The bands are our own, around the published ratios: 6 to 12 pupils and 2 to 5 teachers for each closed school, 20 to
# 50 of its pupils and 2.5 to 6 closed schools for each line. How many buildings are used again has no band.

# %%
replay.ratios.round(2)

# %%
replay.plot()
