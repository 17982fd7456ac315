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
# What is put in, and therefore no finding: that there are about 880 village schools, one county as big as Yujiang,
# tiny schools of eight or nine pupils with a teacher for every two and a half of them, most of them some ten minutes
# by bus from a town, and how many villages have a kindergarten already. What is left to the solver under the preset
# `jiangxi_2023`: which school closes, who walks, rides or stays, on how many lines, what it costs, and which closed
# building finds a use.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import layoutopt as lo
from layoutopt.samples import write_county
from layoutopt.samples.pilot_totals import county_figures, stored_replay

pilot = lo.generate_pilot(seed=0)
pilot

# %% [markdown]
# ## Two counties, solved here
#
# All fourteen take half an hour on two processors; `python benchmarks/bench_pilot.py --jobs 2` solved them, and their
# table comes with the package. The two smallest are solved again here, and must come to the same figures.

# %%
policy = lo.Policy.preset("jiangxi_2023")


def solved(number: int) -> lo.Plan:
    """The plan of one county of the pilot."""
    with tempfile.TemporaryDirectory() as folder:
        study = lo.read_study(write_county(pilot.counties[number - 1], Path(folder) / "county"))
    return lo.optimize(study, policy, effort="quick", time_limit_s=600)


plans = [solved(13), solved(14)]
plans[-1]

# %%
[len(lo.audit(plan)) for plan in plans]

# %%
replay = stored_replay()
columns = ["closed", "pupils", "teachers", "lines", "buildings", "cost_cny", "gap"]
here = pd.DataFrame([county_figures(plan) for plan in plans]).set_index("county")[columns]
pd.concat({"here": here, "stored": replay.counties.set_index("county").loc[here.index, columns]}).round(4)

# %% [markdown]
# The stored table says how it was made, and holds a hash of each county, which is still that of the counties above:

# %%
print(replay.made)
replay.counties["digest"].tolist() == list(pilot.digests)

# %% [markdown]
# ## All fourteen beside the published totals

# %%
replay

# %%
replay.counties.set_index("county")[
    ["small_before", "closed", "points", "small_after", "pupils", "teachers", "lines", "buildings", "gap"]
].round(3)

# %% [markdown]
# The bands are our own, around the published ratios: 6 to 12 pupils and 2 to 5 teachers for each closed school, 20 to
# 50 of its pupils and 2.5 to 6 closed schools for each line. How many buildings are used again has no band.

# %%
replay.ratios.round(2)

# %%
replay.plot()
