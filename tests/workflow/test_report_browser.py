"""The report and the map in a real browser with the network blocked: no request, no error, everything usable."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from layoutopt.plan.plan import Plan
from layoutopt.report import plan_map
from layoutopt.report.html import report_page

fcntl = pytest.importorskip("fcntl", reason="the browser is steered over POSIX pipes")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next((found for name in NAMES if (found := shutil.which(name))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe",
)  # fmt: skip
WAIT_S = 300.0  # a safety stop only; a loaded machine answers late

pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"no browser on PATH (looked for {', '.join(NAMES)})")


def _plans(name: str = "test_report_plan") -> Any:
    path = Path(__file__).parents[1] / "unit" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_for_browser", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Page:
    """One page of a headless browser, steered over the debugging pipe; keeps every request and error."""

    def __init__(self, profile: Path) -> None:
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        # The browser expects the pipe at descriptors 3 and 4; high numbers keep the two from colliding.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (to_browser, from_browser)]
        quiet = os.open(os.devnull, os.O_WRONLY)
        actions = [(os.POSIX_SPAWN_DUP2, ends[0], 3), (os.POSIX_SPAWN_DUP2, ends[1], 4)]
        actions += [(os.POSIX_SPAWN_DUP2, quiet, stream) for stream in (1, 2)]
        argv = [str(BROWSER), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions, setpgroup=0)
        for end in (to_browser, from_browser, quiet, *ends):
            os.close(end)
        self._buffer, self._number, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send(
            "Network.emulateNetworkConditions",
            offline=True,
            latency=0,
            downloadThroughput=0,
            uploadThroughput=0,
        )

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        limit = time.monotonic() + WAIT_S
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, limit - time.monotonic()))
            assert ready, "the browser does not answer"
            part = os.read(self._read, 1 << 16)
            assert part, "the browser ended"
            self._buffer += part
        first, self._buffer = self._buffer.split(b"\0", 1)
        return dict(json.loads(first))

    def open(self, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        self.events.clear()
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=path.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def run(self, script: str) -> Any:
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, x: float, y: float) -> None:
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode={"Enter": 13, "Tab": 9, "Escape": 27}[key],
                **text,
            )

    def shot(self, path: Path, *, whole: bool = False) -> None:
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", captureBeyondViewport=whole)["data"]))

    @property
    def requests(self) -> list[str]:
        """Addresses asked for, the page itself and embedded data apart."""
        asked = [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith(("data:", "file:"))]

    @property
    def errors(self) -> list[Any]:
        """Everything the console complained about."""
        kinds = ("Runtime.exceptionThrown", "Log.entryAdded")
        said = [e["params"] for e in self.events if e.get("method") in kinds]
        calls = [e["params"] for e in self.events if e.get("method") == "Runtime.consoleAPICalled"]
        return said + [call for call in calls if call["type"] in ("error", "warning", "assert")]

    def close(self) -> None:
        os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._write)
        os.close(self._read)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    opened = Page(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def plans() -> Any:
    return _plans()


@pytest.fixture(scope="module")
def report(plans: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = plans.small_plan()
    return written(tmp_path_factory.mktemp("report"), report_page(plan, today=plans.today_of(plan)))


@pytest.fixture(scope="module")
def families() -> Plan:
    """A plan with every family of rules, and enough moves of teachers for a table that folds."""
    plan = _plans("county_of_families").solved()
    return plan.replace(staff_moves=pd.concat([plan.staff_moves] * 16, ignore_index=True))


def written(folder: Path, page: str) -> Path:
    path = folder / "report.html"
    path.write_text(page, "utf-8")
    return path


def settled(page: Page, condition: str) -> bool:
    """Wait, in the browser's own time, until the condition holds; False where it never does."""
    script = f"""new Promise((done) => {{
        let tries = 0;
        const look = () => {{
            if ({condition}) done(true); else if (++tries > 200) done(false); else setTimeout(look, 20);
        }};
        look();
    }})"""
    return bool(page.run(script))


def column(page: Page, table: str, place: int) -> list[str]:
    rows = f"document.getElementById('{table}').tBodies[0].rows"
    return list(page.run(f"Array.from({rows}, (row) => row.cells[{place}].textContent.trim())"))


def pixel(page: Page, kind: str, position: int) -> tuple[float, float]:
    """Where a settlement or school stands in the window."""
    page.run("document.getElementById('map').scrollIntoView({block: 'center', behavior: 'instant'})")
    x, y = page.run(
        f"""(() => {{
        const at = planMap.map.latLngToContainerPoint(planMap.data.{kind}[{position}].at);
        const box = planMap.map.getContainer().getBoundingClientRect();
        return [box.x + at.x, box.y + at.y];
    }})()"""
    )
    return float(x), float(y)


POPUP = "(document.querySelector('.leaflet-popup-content') || {textContent: ''}).textContent"


def test_the_check_sees_requests_and_errors(page: Page, tmp_path: Path) -> None:
    """The counterpart of the tests below: a page that does ask and does fail is caught."""
    path = tmp_path / "bad.html"
    path.write_text("<img src='http://example.invalid/a.png'><script>missing()</script>", "utf-8")
    page.open(path)
    assert page.requests == ["http://example.invalid/a.png"]
    assert any("missing is not defined" in json.dumps(error) for error in page.errors)


def test_the_report_opens_alone_and_marks_every_place(page: Page, report: Path) -> None:
    page.open(report)
    assert settled(page, "document.querySelectorAll('.school-mark').length === 5")
    assert page.run("planMap.group.settlements.getLayers().length") == 6
    assert page.run("planMap.group.lines.getLayers().length") == 7, "a line, its casing, two stops, three walks"
    assert page.run("planMap.group.ways.getLayers().length") == 6
    assert page.run("document.querySelectorAll('#legend-roles li').length") == 5
    assert page.run("performance.getEntriesByType('resource').filter((e) => !e.name.startsWith('data:')).length") == 0
    assert page.requests == [] and page.errors == []


def test_the_page_refuses_to_ask(page: Page, report: Path) -> None:
    page.open(report)
    assert page.run("fetch('http://example.invalid/').then(() => 'asked', () => 'refused')") == "refused"
    assert page.requests == []


def test_tables_sort_by_mouse_and_keyboard(page: Page, report: Path) -> None:
    page.open(report)
    pupils = "document.querySelectorAll('#school-table th button')[4]"
    page.run(f"{pupils}.click()")
    assert column(page, "school-table", 4) == ["7", "9", "16", "20", "–"]
    page.run(f"{pupils}.focus()")
    page.press("Enter")
    assert column(page, "school-table", 4) == ["20", "16", "9", "7", "–"], "what is not known stays last"
    assert page.run(f"{pupils}.closest('th').getAttribute('aria-sort')") == "descending"
    page.run("document.querySelectorAll('#village-table th button')[9].click()")
    assert column(page, "village-table", 9)[:2] == ["-22", "0"]


def test_a_table_can_be_searched(page: Page, report: Path) -> None:
    page.open(report)
    page.run(
        "(() => { const box = document.querySelector('[data-table=village-table]'); box.value = 'v2 bus';"
        " box.dispatchEvent(new Event('input')); })()"
    )
    shown = "Array.from(document.querySelectorAll('#village-table tbody tr')).filter((row) => !row.hidden).length"
    assert page.run(shown) == 2
    assert page.run("document.getElementById('village-table-shown').textContent") == "2 rows found"
    page.run("location.hash = 'village-3'")
    assert settled(page, f"{shown} === 8"), "a link to a row that is hidden shows it again"


def test_from_a_row_to_the_map_and_back(page: Page, report: Path) -> None:
    page.open(report)
    page.run("document.querySelector('#school-1 a[data-show]').click()")
    assert settled(page, f"{POPUP}.includes('16 pupils today, 0 in the plan')")
    assert page.run("document.activeElement.id") == "map"
    page.run("document.querySelectorAll('.leaflet-popup-content .links a')[1].click()")
    assert settled(page, "location.hash === '#school-1'")
    assert page.run("document.querySelector('tr:target td').textContent.trim()") == "S2"
    page.run("document.querySelector('#line-0 a[data-show]').click()")
    assert settled(page, f"{POPUP}.includes('16 of 34 seats')")
    assert page.errors == []


def test_marks_on_the_map_answer(page: Page, report: Path) -> None:
    page.open(report)
    page.click(*pixel(page, "settlements", 4))
    assert settled(page, f"{POPUP}.includes('10 min, bus')")
    page.run("void planMap.map.closePopup()")
    page.run("document.querySelector('.school-mark[data-position=\"2\"]').focus()")
    page.press("Enter")
    assert settled(page, f"{POPUP}.includes('Teaching point')")
    assert page.errors == []


def test_layers_switch(page: Page, report: Path) -> None:
    page.open(report)
    shown = "planMap.map.hasLayer(planMap.group.{})"
    page.run("document.querySelector('#map-panel [value=today]').click()")
    assert not page.run(shown.format("lines")), "no line of today is known"
    assert page.run("planMap.group.ways.getLayers().length") == 6
    page.run("document.querySelector('#map-panel [name=moved]').click()")
    assert page.run("planMap.group.ways.getLayers().length") == 2, "V2 and V5 change school"
    page.run("document.querySelector('#map-panel [value=plan]').click()")
    assert not page.run(shown.format("worst")), "rings are drawn when asked for"
    page.run("document.querySelector('#map-panel [name=worst]').click()")
    assert page.run(shown.format("worst")) and page.run("planMap.group.worst.getLayers().length") == 1
    for name in ("schools", "settlements", "ways", "roads", "towns", "worst"):
        assert page.run(shown.format(name))
        page.run(f"document.querySelector('#map-panel [name={name}]').click()")
        assert not page.run(shown.format(name))
    assert page.errors == []


@pytest.mark.parametrize("names", ["plain", "nasty"])
def test_a_phone_needs_no_sideways_scrolling(page: Page, plans: Any, tmp_path: Path, names: str) -> None:
    plan = plans.small_plan(plans.NASTY if names == "nasty" else ())
    page.open(written(tmp_path, report_page(plan, today=plans.today_of(plan))), width=390, height=844)
    assert settled(page, "document.querySelectorAll('.school-mark').length === 5")
    page.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert page.run("[innerWidth, document.documentElement.scrollWidth, document.body.scrollWidth]") == [
        390,
        390,
        390,
    ]
    assert page.errors == []


def test_names_never_run(page: Page, plans: Any, tmp_path: Path) -> None:
    page.open(written(tmp_path, report_page(plans.small_plan(plans.NASTY))))
    for position in range(5):
        page.run(f"document.querySelector('#school-{position} a[data-show]').click()")
        page.run(f"document.querySelector('#village-{position} a[data-show]').click()")
        page.run(f"location.hash = 'school/{position}'")
        page.run(f"location.hash = 'village/{position}'")
    page.run("location.hash = 'line/0'")
    assert settled(page, "document.getElementById('sheet').open")
    assert settled(page, f"{POPUP} !== ''")
    page.run("void planMap.group.settlements.eachLayer((dot) => dot.openTooltip())")
    page.run("void planMap.group.ways.eachLayer((way) => way.openTooltip())")
    assert page.run("typeof window.hacked") == "undefined"
    assert page.run("document.querySelector('h1').textContent") == plans.NASTY[0]
    assert page.requests == [] and page.errors == []


def test_the_dark_page_is_dark(page: Page, report: Path) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    page.open(report)
    light = page.run(paper)
    page.open(report, dark=True)
    assert light == "rgb(246, 246, 243)" and page.run(paper) == "rgb(20, 24, 27)"
    assert page.errors == []


def test_the_map_opens_inside_a_notebook_page(page: Page, plans: Any, tmp_path: Path) -> None:
    path = tmp_path / "notebook.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8>{plan_map(plans.small_plan())._repr_html_()}", "utf-8")
    page.open(path)
    inside = "document.querySelector('iframe').contentDocument"
    assert settled(page, f"{inside} && {inside}.querySelectorAll('.school-mark').length === 5")
    assert page.requests == [] and page.errors == []


def test_a_card_fits_the_map_of_a_phone(page: Page, report: Path) -> None:
    page.open(report, width=390, height=844)
    page.run("document.querySelector('#village-1 a[data-show]').click()")
    outside = """(() => {
        const card = document.querySelector('.leaflet-popup-content-wrapper').getBoundingClientRect();
        const map = document.getElementById('map').getBoundingClientRect();
        return Math.max(map.left - card.left, card.right - map.right);
    })()"""
    assert settled(page, f"document.querySelector('.leaflet-popup-content') && {outside} <= 0")


SHEET = "document.getElementById('sheet')"
TITLE = "document.getElementById('sheet-title').textContent"


def cells(page: Page, table: int) -> list[list[str]]:
    """The rows of one table of the open sheet."""
    rows = f"{SHEET}.querySelectorAll('table')[{table}].tBodies[0].rows"
    return list(page.run(f"Array.from({rows}, (row) => Array.from(row.cells, (cell) => cell.textContent))"))


def test_a_click_opens_the_sheet_of_the_right_school(page: Page, report: Path) -> None:
    page.open(report)
    page.run("document.querySelector('#school-1 td a').click()")
    assert settled(page, f"{SHEET}.open && {TITLE} === 'S2'")
    assert page.run("location.hash") == "#school/1"
    assert cells(page, 0) == [
        ["V2", "1–3", "8", "S1", "By bus", "4", "18", "+14"],
        ["V2", "4–6", "5", "S1", "By bus", "4", "18", "+14"],
        ["V5", "4–6", "3", "S1", "By bus", "32", "10", "-22"],
    ]
    assert "In the plan nobody goes to school here." in page.run(f"{SHEET}.textContent")
    page.run(f"{SHEET}.querySelector('td a').click()")
    assert settled(page, f"{TITLE} === 'V2'")
    assert "Its school of today closes." in page.run(f"{SHEET}.textContent")
    page.run("history.back()")
    assert settled(page, f"{TITLE} === 'S2'")
    page.press("Escape")
    assert settled(page, f"!{SHEET}.open && location.hash === ''")
    assert page.errors == [] and page.requests == []


def test_a_mark_leads_to_the_sheet_and_the_sheet_back_to_the_map(page: Page, report: Path) -> None:
    page.open(report)
    page.click(*pixel(page, "settlements", 4))
    assert settled(page, f"{POPUP} !== ''")
    page.run("document.querySelector('.leaflet-popup-content .links a').click()")
    assert settled(page, f"{SHEET}.open && {TITLE} === 'V5'")
    page.run(f"{SHEET}.querySelector('[data-show]').click()")
    assert settled(page, f"!{SHEET}.open && {POPUP}.includes('10 min, bus')")
    assert page.run("document.activeElement.id") == "map"
    assert page.errors == []


def test_the_sheet_of_a_line_counts_who_is_aboard(page: Page, report: Path) -> None:
    page.open(report)
    page.run("location.hash = 'line/0'")
    assert settled(page, f"{SHEET}.open && {TITLE} === 'Line L1 to S1'")
    assert cells(page, 0) == [["V2", "S1", "0", "13", "13", "12"], ["V5", "S1", "5", "3", "16", "7"]]
    page.run("location.hash = 'line/7'")
    assert settled(page, f"!{SHEET}.open"), "there is no eighth line"
    assert page.errors == []


def test_an_address_opens_its_sheet_and_names_its_dossier(page: Page, plans: Any, tmp_path: Path) -> None:
    path = written(tmp_path, report_page(plans.small_plan(), dossiers={"S2": "dossiers/S2.html"}))
    copy = path.with_name("start.html")
    copy.write_text(path.read_text("utf-8").replace("<body", "<body><script>location.hash = 'school/1'</script><x", 1))
    page.open(copy)
    assert settled(page, f"{SHEET}.open && {TITLE} === 'S2'")
    assert page.run(f"{SHEET}.querySelector('a[href$=html]').getAttribute('href')") == "dossiers/S2.html"


def test_the_page_in_chinese(page: Page, plans: Any, tmp_path: Path) -> None:
    plan = plans.small_plan()
    page.open(written(tmp_path, report_page(plan, today=plans.today_of(plan), lang="zh")), width=390, height=844)
    assert settled(page, "document.querySelectorAll('.school-mark').length === 5")
    assert page.run("document.documentElement.lang") == "zh-Hans-CN"
    page.run("location.hash = 'school/1'")
    assert settled(page, f"{SHEET}.open")
    letters = page.run("document.body.innerText.replace(/[^一-鿿]/g, '').length")
    assert letters > 400
    assert page.run("[document.documentElement.scrollWidth, document.body.scrollWidth]") == [390, 390]
    assert page.errors == [] and page.requests == []


def test_it_prints_on_white_with_whole_tables(page: Page, plans: Any, tmp_path: Path) -> None:
    page.open(written(tmp_path, report_page(plans.unserved_plan())), dark=True)
    found = base64.b64decode(page.send("Page.printToPDF", preferCSSPageSize=True)["data"])
    assert found.startswith(b"%PDF") and found.count(b"/Type /Page\n") >= 3
    assert page.run("document.documentElement.dataset.print") is None, "the screen is as before"
    page.send("Emulation.setEmulatedMedia", media="print")
    style = "getComputedStyle(document.querySelector('{}')).{}"
    assert page.run(style.format("body", "backgroundColor")) == "rgb(255, 255, 255)"
    assert page.run(style.format(".menu", "display")) == "none"
    assert page.run(style.format(".scroll", "maxHeight")) == "none"
    page.send("Emulation.setEmulatedMedia", media="")
    assert page.errors == []


FOLD = "document.querySelector('details.fold')"


def test_a_folded_table_opens_sorts_and_is_searched(page: Page, families: Plan, tmp_path: Path) -> None:
    moves = families.staff_moves.assign(teachers=range(len(families.staff_moves)))
    page.open(written(tmp_path, report_page(families.replace(staff_moves=moves))))
    shown = f"{FOLD}.querySelector('table').checkVisibility()"
    assert page.run(shown) is False, "rows of a folded table are not laid out"
    page.run(f"{FOLD}.querySelector('summary').click()")
    assert settled(page, shown)
    page.run("document.querySelectorAll('#staff_moves-rows th button')[6].click()")
    assert column(page, "staff_moves-rows", 6) == [str(number) for number in range(16)]
    page.run("document.querySelectorAll('#staff_moves-rows th button')[6].click()")
    assert column(page, "staff_moves-rows", 6)[0] == "15"
    assert page.run("document.querySelector('#staff_moves-rows tfoot').textContent").strip().endswith("120")
    page.run(
        "(() => { const box = document.querySelector('[data-table=staff_moves-rows]'); box.value = 'nobody';"
        " box.dispatchEvent(new Event('input')); })()"
    )
    assert page.run("document.getElementById('staff_moves-rows-shown').textContent") == "0 rows found"
    assert page.errors == [] and page.requests == []


def test_the_sheet_of_a_school_holds_its_conditions_and_its_tables_sort(
    page: Page, families: Plan, tmp_path: Path
) -> None:
    page.open(written(tmp_path, report_page(families)))
    page.run("document.querySelector('#all_conditions-rows a').click()")
    assert settled(page, f"{SHEET}.open && {TITLE} === 'S2'")
    said = page.run(f"{SHEET}.textContent")
    assert "40% object." in said and "New use: kindergarten" in said
    first = f"{SHEET}.querySelector('[data-table=conditions] tbody tr').cells[0].textContent"
    before = page.run(first)
    page.run(f"{SHEET}.querySelectorAll('[data-table=conditions] th button')[0].click()")
    page.run(f"{SHEET}.querySelectorAll('[data-table=conditions] th button')[0].click()")
    assert page.run(first) != before, "a table of a sheet sorts too"
    page.run("location.hash = 'school/0'")
    assert settled(page, f"{TITLE} === 'H1' && {SHEET}.textContent.includes('Tuesday')")
    assert page.errors == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_families_fit_a_phone_and_print_whole(page: Page, families: Plan, tmp_path: Path, lang: str) -> None:
    page.open(written(tmp_path, report_page(families, lang=lang)), width=390, height=844)
    page.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert page.run("[document.documentElement.scrollWidth, document.body.scrollWidth]") == [390, 390]
    page.run("location.hash = 'school/2'")
    assert settled(page, f"{SHEET}.open")
    assert page.run(f"{SHEET}.scrollWidth <= 390")
    page.run(f"{SHEET}.close()")
    page.run(f"{FOLD}.open = false")
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    assert page.run(f"{FOLD}.open") is True
    page.send("Emulation.setEmulatedMedia", media="print")
    assert page.run(f"getComputedStyle({FOLD}.querySelector('.find')).display") == "none"
    page.send("Emulation.setEmulatedMedia", media="")
    assert page.errors == [] and page.requests == []
