"""Folders written aside and renamed: whole, or as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from layoutopt.errors import InputError
from layoutopt.io.folders import write_text, written_aside


def write(target: Path, text: str = "new") -> None:
    with written_aside(target, owned=("ours.txt", "tables"), marker="ours.txt") as aside:
        (aside / "ours.txt").write_text(text, encoding="utf-8")
        (aside / "tables").mkdir()
        (aside / "tables" / "a.csv").write_text(text, encoding="utf-8")


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_new_and_again(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    write(target, "one")
    (target / "tables" / "old.csv").write_text("left over", encoding="utf-8")
    write(target, "two")
    assert (target / "ours.txt").read_text(encoding="utf-8") == "two"
    assert names(target) == ["ours.txt", "tables", str(Path("tables/a.csv"))]
    assert names(tmp_path / "deep") == ["out", *sorted(str(Path("out") / name) for name in names(target))]


def test_others_files_are_carried_over(tmp_path: Path) -> None:
    write(tmp_path / "out")
    (tmp_path / "out" / "mine").mkdir()
    (tmp_path / "out" / "mine" / "notes.txt").write_text("keep me", encoding="utf-8")
    write(tmp_path / "out")
    assert (tmp_path / "out" / "mine" / "notes.txt").read_text(encoding="utf-8") == "keep me"


def test_the_current_folder_as_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("out"))
    assert names(tmp_path / "out") == ["ours.txt", "tables", str(Path("tables/a.csv"))]


def test_a_failure_inside_leaves_what_was(tmp_path: Path) -> None:
    write(tmp_path / "out", "one")
    with (
        pytest.raises(RuntimeError),
        written_aside(tmp_path / "out", owned=("ours.txt",), marker="ours.txt") as aside,
    ):
        (aside / "ours.txt").write_text("half", encoding="utf-8")
        raise RuntimeError
    assert (tmp_path / "out" / "ours.txt").read_text(encoding="utf-8") == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [OSError("busy"), KeyboardInterrupt()])
def test_a_failure_while_swapping_puts_the_old_back(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst moment: the old folder is moved away and the new one not yet in its place."""
    write(tmp_path / "out", "one")
    real = Path.rename
    calls: list[Path] = []

    def rename(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == 2:
            raise error
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(type(error)):
        write(tmp_path / "out", "two")
    monkeypatch.undo()
    assert (tmp_path / "out" / "ours.txt").read_text(encoding="utf-8") == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match=r"file: a file of this name exists\. Choose another folder\."):
        write(tmp_path / "file")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match=r"mine: the folder holds other files\. Choose a new or empty folder\."):
        write(tmp_path / "mine")
    assert names(tmp_path) == ["file", "mine", str(Path("mine/a.txt"))]


def test_text_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    write_text(path, "one\ntwo 上\n")
    assert path.read_bytes() == "one\ntwo 上\n".encode()
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_text(path, "half")
    assert path.read_text(encoding="utf-8") == "one\ntwo 上\n"
