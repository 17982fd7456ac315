"""Tables as offices save them: separators, encodings, blank rows, workbooks; and nothing a spreadsheet would run."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from layoutopt.errors import InputError
from layoutopt.io.tables import guessed_encoding, neutral, read_table, read_titled, sheet_names, write_csv


def saved(folder: Path, data: bytes | str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def cells(frame: pd.DataFrame) -> dict[int, list[str]]:
    return {int(row): list(values) for row, values in zip(frame.index, frame.to_numpy(), strict=True)}


@pytest.mark.parametrize(
    "data",
    [
        "id,name\nV1,上磨\n".encode(),
        "id,name\nV1,上磨\n".encode("utf-8-sig"),
        "id,name\r\nV1,上磨\r\n".encode("gbk"),
        "id;name\nV1;上磨".encode("gb18030"),
        "id\tname\nV1\t上磨\n".encode(),
        'id,name\n"V1","上磨"\n'.encode(),
        " id , name \n V1 , 上磨 \n".encode(),
        "id,name,\nV1,上磨,\n".encode(),
    ],
)
def test_one_table_in_many_coats(data: bytes, tmp_path: Path) -> None:
    frame = read_table(saved(tmp_path, data))
    assert list(frame.columns) == ["id", "name"]
    assert cells(frame) == {2: ["V1", "上磨"]}


def test_rows_keep_the_number_a_spreadsheet_shows(tmp_path: Path) -> None:
    frame = read_table(saved(tmp_path, "id,name\nV1,a\n,\n\nV2\nV3,c\n"))
    assert cells(frame) == {2: ["V1", "a"], 5: ["V2", ""], 6: ["V3", "c"]}


def test_text_stays_text(tmp_path: Path) -> None:
    frame = read_table(saved(tmp_path, "id,a,b,c\n007,1e5,NA,null\n"))
    assert cells(frame) == {2: ["007", "1e5", "NA", "null"]}


def test_a_given_encoding_is_believed(tmp_path: Path) -> None:
    path = saved(tmp_path, "id,name\nV1,Käse\n".encode("latin-1"))
    assert cells(read_table(path, encoding="latin-1")) == {2: ["V1", "Käse"]}


@pytest.mark.parametrize("encoding", ["utf-8", "no-such-encoding"])
def test_text_in_no_known_encoding(encoding: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"the text is not {encoding}. Give encoding in study.toml"):
        read_table(saved(tmp_path, b"id,name\nV1,\xff\xfe\xff\n"), encoding=encoding)


def test_text_that_is_neither_utf8_nor_gbk(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the text is not UTF-8 or GBK"):
        read_table(saved(tmp_path, b"id,name\nV1,\xff\xff\n"))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.csv: the file cannot be opened \(No such file or directory\)"):
        read_table(tmp_path / "a.csv")
    with pytest.raises(InputError, match=r"a\.xlsx: the file does not exist"):
        read_table(tmp_path / "a.xlsx")


def test_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    given = pd.DataFrame(
        {
            " id ": ["V1", None, 3],
            "n": [4.0, None, 2.5],
            "when": [datetime(2024, 9, 1), None, "x"],
            "flag": [True, None, 0],
        }
    )
    with pd.ExcelWriter(path) as book:
        given.to_excel(book, sheet_name="first", index=False)
        given.head(1).to_excel(book, sheet_name="second", index=False)
    assert cells(read_table(path)) == {
        2: ["V1", "4", "2024-09-01 00:00:00", "True"],
        4: ["3", "2.5", "x", "0"],
    }
    assert len(read_table(path, sheet="second")) == 1
    with pytest.raises(InputError, match=r"a\.xlsx: the sheet cannot be read .*third.* Name a sheet\."):
        read_table(path, sheet="third")


def test_a_damaged_workbook(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.xlsx: (not a readable workbook|the sheet cannot be read)"):
        read_table(saved(tmp_path, b"PK\x03\x04 not a workbook", "a.xlsx"))


def test_what_is_written(tmp_path: Path) -> None:
    write_csv(pd.DataFrame({"id": ["V1", "=A1"], "n": [1.5, -2.0], "on": [True, False]}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b"\xef\xbb\xbfid,n,on\nV1,1.5,True\n'=A1,-2.0,False\n"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("=1+1", "'=1+1"), ("+cmd", "'+cmd"), ("-cmd", "'-cmd"), ("@SUM(A1)", "'@SUM(A1)"), ("-5", "-5"), ("+5.2e3", "+5.2e3"),
        ("V1", "V1"), ("'V1", "'V1"), ("", ""), (-5, -5), (None, None),
        ("\t=1+1", "'\t=1+1"), ("\n=1", "'\n=1"), ("\r=1", "'\n=1"), (" @a", "' @a"), ("＝1+1", "'＝1+1"), ("－5", "'－5"),
    ],
)  # fmt: skip
def test_formulas_are_disarmed_and_numbers_are_not(value: object, wanted: object) -> None:
    assert neutral(value) == wanted


@pytest.mark.parametrize("text", ["=1+1", "'=1", "\t=1+1", " @a", "＝1+1", "－5", "'x", "-cmd"])
def test_a_disarmed_cell_is_read_as_it_was(text: str, tmp_path: Path) -> None:
    write_csv(pd.DataFrame({"id": [text]}), tmp_path / "a.csv")
    assert cells(read_table(tmp_path / "a.csv")) == {2: [text.strip()]}


def test_unicode_text_as_a_spreadsheet_exports_it(tmp_path: Path) -> None:
    assert cells(read_table(saved(tmp_path, "id\tname\nV1\t上磨\n".encode("utf-16")))) == {2: ["V1", "上磨"]}


@pytest.mark.parametrize(("encoding", "wanted"), [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", ""), ("gbk", "gb18030")])
def test_the_encoding_that_is_said(encoding: str, wanted: str, tmp_path: Path) -> None:
    assert guessed_encoding(saved(tmp_path, "id,name\nV1,上磨\n".encode(encoding))) == wanted


def bomb(path: Path, size: int) -> Path:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open("xl/a.xml", "w") as entry,
    ):
        for _ in range(size // 1_000_000):
            entry.write(b"0" * 1_000_000)
    return path


def test_a_workbook_that_unpacks_to_gigabytes_is_not_opened(tmp_path: Path) -> None:
    path = bomb(tmp_path / "a.xlsx", 60_000_000)
    assert path.stat().st_size < 1_000_000
    for read in (read_table, sheet_names):
        with pytest.raises(
            InputError, match=r"a\.xlsx: it unpacks to 0\.1 GB and is not opened\. Save the sheet alone"
        ):
            read(path)


TITLED = [
    ["上磨县学校一览表", "", ""],
    ["", "", ""],
    ["id", "name", "n"],
    ["V1", "上磨", "3"],
    ["", "", ""],
    ["V2", "NA", ""],
]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_titles_above_the_column_names(suffix: str, tmp_path: Path) -> None:
    """The header is the first line as wide as the table; rows keep the number the spreadsheet shows."""
    path = tmp_path / f"a{suffix}"
    if suffix == ".csv":
        path.write_text("\n".join(",".join(row) for row in TITLED), encoding="utf-8")
    else:
        pd.DataFrame(TITLED).replace("", None).to_excel(path, index=False, header=False)
    frame, titles = read_titled(path)
    assert list(frame.columns) == ["id", "name", "n"]
    assert cells(frame) == {4: ["V1", "上磨", "3"], 6: ["V2", "NA", ""]}
    assert titles == ("上磨县学校一览表",)


@pytest.mark.parametrize(
    "text", ["id\nV1\nV2\n", "id,name\nV1,a\n", "id,lon,\nV1,1,2\nV2,1,\n", "id,n,,,\nV1,2,,,\nV2,2,3,4,\n"]
)
def test_narrow_headers_are_no_titles(text: str, tmp_path: Path) -> None:
    frame, titles = read_titled(saved(tmp_path, text))
    assert titles == ()
    assert frame["id"].tolist() == ["V1", "V2"][: len(frame)]


def test_a_column_twice_under_a_title_and_in_a_workbook(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.csv row 2: the column id stands twice\. Keep one\."):
        read_table(saved(tmp_path, "title,,,\nid,name,id,n\nV1,a,V1,3\n"))
    pd.DataFrame([["id", "id"], [1, 2]]).to_excel(tmp_path / "a.xlsx", index=False, header=False)
    with pytest.raises(InputError, match=r"a\.xlsx row 1: the column id stands twice\. Keep one\."):
        read_table(tmp_path / "a.xlsx")


def test_an_empty_workbook(tmp_path: Path) -> None:
    pd.DataFrame().to_excel(tmp_path / "a.xlsx", index=False)
    with pytest.raises(InputError, match=r"a\.xlsx: the file is empty\."):
        read_table(tmp_path / "a.xlsx")


def test_sheets_by_name(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "a.xlsx") as book:
        pd.DataFrame({"id": [1]}).to_excel(book, sheet_name="学校", index=False)
        pd.DataFrame({"id": [1]}).to_excel(book, sheet_name="second", index=False)
    assert sheet_names(tmp_path / "a.xlsx") == ["学校", "second"]
    with pytest.raises(InputError, match=r"b\.xlsx: not a readable workbook"):
        sheet_names(saved(tmp_path, b"PK", "b.xlsx"))


def test_the_argument_is_not_edited(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["=A1"]})
    write_csv(frame, tmp_path / "a.csv")
    assert list(frame["id"]) == ["=A1"]
