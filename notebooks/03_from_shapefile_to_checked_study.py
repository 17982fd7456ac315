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
# # From a shapefile to a checked study
#
# *The office sent a folder: shapefiles with Chinese headers, one without its `.prj`, a workbook of schools. Can a plan
# be made from it, and what is wrong with it?* Nothing is typed over by hand: `layoutopt init` looks at the files and
# writes down what it takes them for, you correct one line, and `check` says the rest.

# %% [markdown]
# ## What the office sent
#
# So that this notebook runs anywhere, the files are made here, from the generated county `valley`; nobody lives there.
# The villages are in a Gauss-Krüger zone of CGCS2000, encoded in GBK, and have lost their `.prj` and `.cpg`. The places
# of the schools were read off a web map, so they are some 400 m off. Where nobody counted, classrooms are -1. Skip this
# cell and put your own folder in place of `folder`.

# %%
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

import layoutopt as lo
from layoutopt.io.datum import from_wgs84

county = lo.sample("valley")
folder = Path(tempfile.mkdtemp()) / "county"
folder.mkdir()

villages = county.settlements.reset_index()
grades = {f"g{grade}": f"{word}年级" for grade, word in enumerate("一二三四五六七八九", start=1)}
columns = {"settlement_id": "村代码", "name": "村名", "town": "乡镇", "population": "人口", **grades}
villages = villages[[*columns, "geometry"]].rename(columns=columns).to_crs("EPSG:4524")
villages.to_file(folder / "村庄.shp", engine="pyogrio", encoding="GBK")
for lost in (".prj", ".cpg"):
    (folder / "村庄").with_suffix(lost).unlink()

schools = county.schools.reset_index()
degrees = county.schools.to_crs("EPSG:4326").geometry
lon, lat = from_wgs84(degrees.x, degrees.y, "gcj02")
kind = schools["grades"].map({"1-3": "联办初小", "1-6": "小学", "1-9": "九年一贯制", "7-9": "初中"})
pd.DataFrame(
    {
        "学校代码": schools["school_id"],
        "学校名称": schools["name"],
        "乡镇": schools["town"],
        "学段": kind,
        "小学学位数": schools["places_primary"],
        "初中学位数": schools["places_junior"],
        "教室数": schools["classrooms"].where(schools.index % 9 > 0, -1),
        "专任教师数": schools["teachers"],
        "经度": lon.round(6),
        "纬度": lat.round(6),
    }
).to_excel(folder / "学校.xlsx", index=False)

roads = county.roads[["class", "name", "geometry"]].rename(columns={"class": "等级", "name": "路名"})
roads.to_crs("EPSG:4490").to_file(folder / "道路.shp", engine="pyogrio", encoding="UTF-8")
sorted(path.name for path in folder.iterdir())


# %% [markdown]
# ## Let `init` look at it
#
# In a terminal: `layoutopt init county/`. It reads headers, coordinates and a sample of the cells, and writes
# `study.toml` with a remark beside everything it guessed.


# %%
def layoutopt(*words):
    """What a terminal would show."""
    done = subprocess.run(
        [sys.executable, "-m", "layoutopt.cli", *map(str, words)], capture_output=True, text=True, encoding="utf-8"
    )
    print((done.stdout + done.stderr).replace(str(folder.parent), "").rstrip())


layoutopt("init", folder)

# %%
print((folder / "study.toml").read_text("utf-8"))

# %% [markdown]
# Every guess has its reason beside it: the zone of the villages from the number before their eastings, the web map
# from the way all schools lie beside the roads. One thing it cannot know: what a *联办初小* teaches.
#
# ## Check, and fix one thing
#
# `check` writes nothing into the files. What it cannot use, it lists by file, row, id, column and value.

# %%
layoutopt("check", folder)

# %% [markdown]
# A joint lower primary school teaches grades 1 to 3: one word more in `study.toml`, none in the workbook.

# %%
config = folder / "study.toml"
text = config.read_text("utf-8")
assert '"小学" = "1-6"' in text
config.write_text(text.replace('"小学" = "1-6"', '"小学" = "1-6", "联办初小" = "1-3"'), "utf-8")
layoutopt("check", folder)

# %% [markdown]
# No error is left. The repairs say what was assumed in your place; `check.html` beside the files shows every line of it
# on a map, with the network unplugged.
#
# ## The same in Python
#
# A study is read once and never changes. What was repaired goes with it, into every plan made from it.

# %%
study = lo.read_study(folder)
study

# %%
pd.DataFrame({"layer": [note.layer for note in study.notes], "repaired": [note.text for note in study.notes]})

# %% [markdown]
# Was it read right? Here we can tell, since the county was known before it was spoilt: pupils, and how far each school
# lies from where it should.

# %%
off_m = study.schools.geometry.to_crs(county.crs).distance(county.schools.geometry)
assert study.pupils_given == county.pupils_given
assert off_m.max() < 1
print(f"{study.pupils_given:,.0f} pupils; the schools lie within {100 * off_m.max():.0f} cm of their places")

# %% [markdown]
# ## How children go to school today
#
# By band: the mean way, the longest ways, and who lives near enough. Where a settlement names no school, the nearest
# one that teaches the grade is assumed.

# %%
policy = lo.Policy.preset("jiangxi_2023")
check = lo.check_study(study, policy)
baseline = pd.DataFrame(check.baseline).T
baseline[["pupils", "mean_km", "p90_km", "mean_min", "p90_min", "max_min"]].astype(float).round(1)

# %%
pd.DataFrame({band: figures["share_within_min"] for band, figures in check.baseline.items()}).rename_axis(
    "within minutes"
)

# %% [markdown]
# ## On the map
#
# Today's schools are a plan too; it can be looked at, compared, and audited like any other. It needs no network.

# %%
today = lo.current_plan(study, policy)
today.map()

# %% [markdown]
# The study is ready: `lo.optimize(study, policy)`, or `layoutopt solve county/ --out out/county`. The notebook on a
# first plan goes on from here.
