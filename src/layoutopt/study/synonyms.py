"""What others call our layers, columns and words, in English and Chinese: one table, read by ``layoutopt init``.

Headers are compared in plain form (:func:`plain`): lower case, simplified characters, no blanks, marks or units in
brackets. Earlier entries are tried first.
"""

from __future__ import annotations

import re
import unicodedata

_TRADITIONAL = "學級數經緯鄉鎮區編碼號標稱國縣車師專戶統計齡歲適種類鋪橋長層時間離費總現讀屬體輛類狀態員職單別設"
_SIMPLIFIED = "学级数经纬乡镇区编码号标称国县车师专户统计龄岁适种类铺桥长层时间离费总现读属体辆类状态员职单别设"
_TO_SIMPLIFIED = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
_UNIT = re.compile(r"[(\[【].*?[)\]】]")
_MARKS = re.compile(r"[\W_]+")


def plain(header: object) -> str:
    """Return a header as it is compared.

    Examples
    --------
    >>> plain("人口數(人)"), plain("TOT_POPULATION"), plain(" Ｘ 坐標 ")
    ('人口数', 'totpopulation', 'x坐标')
    """
    text = unicodedata.normalize("NFKC", str(header)).lower().translate(_TO_SIMPLIFIED)
    return _MARKS.sub("", _UNIT.sub("", text)) or _MARKS.sub("", text)


def plain_word(cell: object) -> str:
    """Return a cell's word as it is compared; what stands in brackets counts: ``RR(VR)`` is ``rrvr``."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", str(cell)).lower().translate(_TO_SIMPLIFIED))


LAYER_WORDS: dict[str, tuple[str, ...]] = {
    "settlements": ("settlement", "village", "habitation", "hamlet", "population", "statarea", "村", "居民点",
                    "人口",
                    "统计区", "社区"),
    "schools": ("school", "education", "学校", "小学", "中学", "教学点", "校点"),
    "roads": ("road", "highway", "street", "道路", "公路", "路网"),
    "travel": ("travel", "journey", "出行", "通行时间"),
    "expansions": ("expansion", "扩建"),
    "vehicles": ("vehicle", "buses", "车辆", "车型", "校车"),
    "forecast": ("forecast", "projection", "预测"),
    "staff": ("staff", "teacher", "教师", "师资"),
    "history": ("history", "enrolment_by_year", "历年"),
    "facilities": ("facilities", "facility", "设施"),
    "towns": ("town", "block", "boundar", "乡镇", "行政区", "界线"),
    "elevation": ("elevation", "dem", "height", "高程"),
}  # fmt: skip
SECOND_CHOICE = ("noded", "clean", "backup", "copy", "old", "buffer", "备份", "旧")
"""A layer with such a name is a derived or an earlier one; the layer without it comes first."""

_TOWN = ("town", "township", "townname", "乡镇", "乡镇名称", "所属乡镇", "所在乡镇", "乡镇街道", "乡镇市区",
         "乡镇市", "镇",
         "街道", "block", "blockname", "subdistrict", "xiang", "zhen")  # fmt: skip
_SETTLEMENT_ID = ("settlementid", "villageid", "villagecode", "habid", "habitationid", "村代码", "村编码",
                  "村庄代码",
                  "村庄编码", "村里代码", "行政村代码", "自然村代码", "居民点代码", "居民点编码", "统计区代码",
                  "codebase",
                  "区划代码", "行政区划代码", "id", "code", "代码", "编码", "编号", "uid", "gid", "fid",
                  "objectid")  # fmt: skip
_NAME = ("name", "名称", "地名")

COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "settlements": {
        "settlement_id": _SETTLEMENT_ID,
        "name": ("settlementname", "settlement", "villagename", "village", "habname", "habitation", "村名",
                 "村名称",
                 "村庄名称", "村庄", "行政村", "行政村名称", "自然村", "村里", "居民点名称", "居民点", *_NAME),
        "town": _TOWN,
        "population": ("population", "常住人口", "常住人口数", "人口数", "人口", "总人口", "户籍人口",
                       "totpopulation",
                       "totalpopulation", "residents", "inhabitants", "pop", "pcnt", "居民人数"),
        "primary_age": ("primaryage", "小学学龄人口", "小学学龄儿童", "6-11岁", "6-12岁", "7-12岁", "6至11岁",
                        "6至12岁", "age611",
                        "age612", "est6112015share"),
        "junior_age": ("juniorage", "初中学龄人口", "12-14岁", "12-15岁", "13-15岁", "12至14岁", "13至15岁",
                       "age1214",
                       "age1315", "est12142015share"),
        "current_primary": ("currentprimary", "primaryschool", "就读小学", "现就读小学", "所属小学", "服务小学"),
        "current_junior": ("currentjunior", "juniorschool", "middleschool", "就读初中", "现就读初中", "所属初中"),
        "girls": ("girls", "girlsshare", "女生比例", "女童比例"),
        "left_behind": ("leftbehind", "留守儿童比例", "留守比例"),
        "poor": ("poor", "贫困比例", "贫困儿童比例", "困难学生比例"),
        "language": ("language", "语言", "教学语言"),
        "elevation_m": ("elevationm", "elevation", "altitude", "海拔", "高程", "海拔高度"),
    },
    "schools": {
        "school_id": ("schoolid", "schoolcode", "学校代码", "学校编码", "学校标识码", "校代码", "facilityid",
                      "facilityi",
                      "udisecode", "机构代码", "id", "code", "代码", "编码", "编号", "uid", "gid", "fid",
                      "objectid"),
        "grades": ("grades", "graderange", "办学年级", "年级范围", "年级", "学段", "办学层次", "办学类型",
                   "学校类型",
                   "学校类别", "学校级别", "类别", "类型", "level", "schooltype", "type", "kind"),
        "name": ("schoolname", "school", "学校名称", "校名", "学校", "facdesc", *_NAME),
        "town": _TOWN,
        "settlement": ("settlement", "settlementid", "village", "villageid", "villagecode", "habid", "所在村",
                       "所属村",
                       "村代码", "村名", "行政村", "所在村代码"),
        "status": ("status", "办学状态", "状态", "使用状态"),
        "kind": ("kind", "schooltype", "type", "学校类型", "办学类型", "学校级别", "学校类别", "类别", "类型",
                 "level",
                 "levelguess", "category"),
        "hub": ("hub", "是否中心校", "中心校", "枢纽校", "central"),
        "places_primary": ("placesprimary", "小学学位", "小学学位数", "学位数", "学位", "办学规模", "capacity",
                           "seats",
                           "places"),
        "places_junior": ("placesjunior", "初中学位", "初中学位数"),
        "classrooms": ("classrooms", "教室数", "教室", "普通教室数", "普通教室", "rooms"),
        "beds": ("beds", "床位数", "床位", "宿舍床位", "宿舍床位数"),
        "teachers": ("teachers", "专任教师数", "专任教师", "教师数", "教师", "教师人数", "教职工数", "staff"),
        "annual_cost_cny": ("annualcostcny", "年经费", "年运行费", "年公用经费", "年运行成本"),
        "language": ("language", "语言", "教学语言"),
        "elevation_m": ("elevationm", "elevation", "altitude", "海拔", "高程", "海拔高度"),
    },
    "roads": {
        "class": ("class", "highway", "fclass", "roadclass", "roadcategory", "category", "roadtype", "行政等级",
                  "道路等级",
                  "公路等级", "路线等级", "等级", "技术等级", "道路类型", "道路类别", "类型", "type"),
        "speed_kmh": ("speedkmh", "运行速度", "车速", "行车速度", "设计速度", "设计车速", "限速", "speed"),
        "surface": ("surface", "路面类型", "路面", "路面材料", "路面材质", "铺装"),
        "condition": ("condition", "路况", "技术状况", "路面状况", "状况"),
        "oneway": ("oneway", "单行道", "单行", "是否单行"),
        "bus": ("bus", "通客车", "是否通客车", "通公交", "可通客车"),
        "walk": ("walk", "foot", "可步行"),
        "danger": ("danger", "危险路段", "临水临崖", "急弯陡坡"),
        "bridge": ("bridge", "桥梁", "桥", "是否桥梁"),
        "tunnel": ("tunnel", "隧道", "是否隧道"),
        "name": ("roadname", "道路名称", "路名", "路线名称", "线路名称", *_NAME),
    },
    "travel": {
        "from_id": ("fromid", "from", "origin", "originid", "起点", "起点代码", "起点编码", "村代码"),
        "to_id": ("toid", "to", "destination", "destinationid", "终点", "终点代码", "终点编码", "学校代码"),
        "mode": ("mode", "方式", "出行方式", "交通方式"),
        "minutes": ("minutes", "min", "duration", "time", "分钟", "时间", "用时", "时长"),
        "km": ("km", "distancekm", "distance", "距离", "里程", "公里"),
    },
    "expansions": {
        "school_id": ("schoolid", "学校代码", "学校编码"),
        "level": ("level", "档次", "方案"),
        "stage": ("stage", "学段"),
        "places": ("places", "新增学位", "学位", "学位数"),
        "beds": ("beds", "新增床位", "床位", "床位数"),
        "capital_cny": ("capitalcny", "投资", "造价", "建设费用", "投资额"),
        "life_years": ("lifeyears", "使用年限", "年限"),
    },
    "vehicles": {
        "vehicle_id": ("vehicleid", "车型", "车型代码", "车辆编号", "编号", "id"),
        "kind": ("kind", "类型", "性质"),
        "seats": ("seats", "座位数", "座位", "核载人数", "核载", "capacity"),
        "fixed_cny": ("fixedcny", "年固定费用", "固定费用", "固定成本"),
        "cny_per_km": ("cnyperkm", "每公里费用", "每公里成本"),
        "count": ("count", "数量", "辆数"),
    },
    "forecast": {"settlement_id": _SETTLEMENT_ID, "year": ("year", "年份", "年度", "学年")},
    "staff": {
        "school_id": ("schoolid", "学校代码", "学校标识码", "学校编码"),
        "stage": ("stage", "学段"),
        "subject": ("subject", "学科", "任教学科"),
        "teachers": ("teachers", "教师数", "专任教师", "人数"),
        "protected": ("protected", "不可调动"),
        "backbone": ("backbone", "骨干教师"),
    },
    "history": {
        "school_id": ("schoolid", "学校代码", "学校标识码", "学校编码"),
        "year": ("year", "年份", "年度", "学年"),
        "pupils": ("pupils", "学生数", "在校生", "在校生数"),
    },
    "facilities": {"settlement_id": _SETTLEMENT_ID, "use": ("use", "用途", "类型"), "places": ("places", "容量")},
    "towns": {"town": (*_TOWN, "行政区名称", "xzqmc", *_NAME)},
}  # fmt: skip

LONGITUDE = ("lon", "longitude", "lng", "long", "经度", "东经", "gpslon", "wgs84lon")
LATITUDE = ("lat", "latitude", "纬度", "北纬", "gpslat", "wgs84lat")
EASTING = ("x", "x坐标", "横坐标", "东坐标", "easting", "xcoord", "coordx", "pointx", "平面x", "平面坐标x")
NORTHING = ("y", "y坐标", "纵坐标", "北坐标", "northing", "ycoord", "coordy", "pointy", "平面y", "平面坐标y")
YEAR = ("year", "年份", "学年", "学年度", "schoolyear")

_DIGITS = {**{str(n): n for n in range(1, 10)}, **{char: n for n, char in enumerate("一二三四五六七八九", start=1)}}
_GRADE = "([1-9一二三四五六七八九])"
_WHOLE_GRADE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"^g{_GRADE}$",
        rf"^grade{_GRADE}(?:pupils|students|enrol(?:l)?ment)?$",
        rf"^(?:pupils|students)(?:g|grade){_GRADE}$",
        rf"^{_GRADE}年级(?:在校)?(?:学生)?(?:人数|数|学生)?$",
    )
)
_JUNIOR_GRADE = re.compile(r"^初(?:中)?([一二三123])(?:年级)?(?:在校)?(?:学生)?(?:人数|数)?$")
_SEX = tuple(
    re.compile(pattern)
    for pattern in (
        rf"^{_GRADE}年级(?P<sex>男|女)(?:学)?(?:生)?(?:人)?(?:数)?$",
        rf"^g(?:rade)?{_GRADE}(?P<sex>boys|girls|male|female|m|f)$",
    )
)


def grade_of(header: object) -> tuple[int, bool] | None:
    """Return the grade a column counts and whether it counts one sex only; None for any other column.

    Examples
    --------
    >>> grade_of("一年级人数"), grade_of("3年級女學生數"), grade_of("1年級班級數")
    ((1, False), (3, True), None)
    """
    text = plain(header)
    for pattern in _WHOLE_GRADE:
        if found := pattern.match(text):
            return _DIGITS[found[1]], False
    if found := _JUNIOR_GRADE.match(text):
        return 6 + _DIGITS[found[1]], False
    for pattern in _SEX:
        if found := pattern.match(text):
            return _DIGITS[found[1]], True
    return None


_CLASS = {
    "高速": "motorway", "高速公路": "motorway", "国道": "primary", "省道": "primary", "县道": "secondary",
    "乡道": "tertiary",
    "村道": "unclassified", "专用公路": "unclassified", "一级": "primary", "二级": "secondary", "三级": "tertiary",
    "四级": "unclassified", "等外": "track", "一级公路": "primary", "二级公路": "secondary", "三级公路": "tertiary",
    "四级公路": "unclassified", "等外公路": "track", "快速路": "trunk", "主干路": "primary", "次干路": "secondary",
    "支路": "tertiary", "机耕路": "track", "田间路": "track", "小路": "path", "人行道": "footway", "渡口": "ferry",
    "轮渡": "ferry", "nh": "primary", "sh": "secondary", "mdr": "secondary", "odr": "tertiary", "rrodr": "tertiary",
    "rrvr": "unclassified", "vr": "unclassified", "rrtrack": "track", "br": "secondary", "expressway": "motorway",
    "nationalhighway": "primary", "statehighway": "secondary", "majordistrictroad": "secondary",
    "villageroad": "unclassified",
    **{name: name for name in (
        "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "service", "track",
        "path", "footway", "steps", "bridleway", "pedestrian", "ferry",
    )},
    "livingstreet": "living_street",
    **{f"{name}link": f"{name}_link" for name in ("motorway", "trunk", "primary", "secondary", "tertiary")},
}  # fmt: skip
_SPAN = {
    "小学": "1-6", "完全小学": "1-6", "完小": "1-6", "中心小学": "1-6", "国民小学": "1-6", "附设国民小学": "1-6",
    "primary": "1-6",
    "primaryschool": "1-6", "elementary": "1-6", "初中": "7-9", "初级中学": "7-9", "国民中学": "7-9",
    "junior": "7-9",
    "juniorsecondary": "7-9", "middle": "7-9", "middleschool": "7-9", "九年一贯制": "1-9", "九年一贯制学校": "1-9",
    "九年制学校": "1-9", "nineyear": "1-9", "教学点": "1-3", "小学教学点": "1-3", "teachingpoint": "1-3",
    "初小": "1-3",
}  # fmt: skip
WORDS: dict[tuple[str, str], dict[str, str]] = {
    ("roads", "class"): _CLASS,
    ("roads", "surface"): {
        "沥青": "asphalt", "沥青混凝土": "asphalt", "柏油": "asphalt", "水泥": "concrete", "水泥混凝土": "concrete",
        "砂石": "gravel", "砾石": "gravel", "碎石": "gravel", "土路": "dirt", "泥土": "dirt", "土": "dirt",
        "简易铺装": "compacted",
    },
    ("roads", "condition"): {
        "优": "good", "良": "good", "好": "good", "中": "fair", "一般": "fair", "次": "poor", "差": "poor",
        "不通": "impassable",
        "中断": "impassable", "断头": "impassable",
    },
    ("schools", "grades"): _SPAN,
    ("schools", "status"): {
        "在用": "open", "正常": "open", "开办": "open", "保留": "keep", "撤并": "close", "关闭": "close",
        "停办": "close",
        "拟建": "candidate", "规划": "candidate", "新建": "candidate",
    },
    ("travel", "mode"): {"步行": "walk", "走路": "walk", "foot": "walk", "校车": "bus", "公交": "bus",
    "客车": "bus", "乘车": "bus"},
    ("expansions", "stage"): {"小学": "primary", "初中": "junior"},
    ("vehicles", "kind"): {"校车": "school_bus", "公交": "public_extension", "公交车": "public_extension"},
}  # fmt: skip
FLAG_WORDS = {"有": "yes", "无": "no", "是": "yes", "否": "no", "可": "yes", "不可": "no"}
