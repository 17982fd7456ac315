// One sheet a school, village or bus line, opened by its address (#school/3) and closed by Escape.
// All text from the data enters as text nodes, never as markup.
(function () {
  "use strict";
  const { data, ground, symbol } = window.planMap;
  const { el, format, say } = ground;
  const sheet = document.getElementById("sheet");
  const body = document.getElementById("sheet-body");
  const heading = document.getElementById("sheet-title");
  const COLUMNS = ["village", "band", "before", "modeBefore", "minBefore", "school", "mode", "minutes", "pupils", "moved", "exception"];
  const ways = data.ways.map((row) => Object.fromEntries(row.map((value, place) => [COLUMNS[place], value])));
  const worst = new Map(data.worst);
  const shown = (value) => value === null || value === undefined ? "–" : value;
  const minutes = (value) => value === null ? say("no_way") : say("minutes", { amount: format(value) });
  const modeOf = (way) => data.words.modes[way.school < 0 ? "" : way.mode];
  const grades = (way) => data.words.grades[data.bands[way.band]];
  const link = (kind, position, name) => el("a", { href: "#" + kind + "/" + position, dir: "auto" }, name);
  const schoolLink = (position) => position < 0 ? say("none") : link("school", position, data.schools[position].name);
  const villageLink = (position) => link("village", position, data.settlements[position].name);
  const signed = (value) => value === null ? "–" : (value > 0.5 ? "+" : "") + format(value);

  // Boarders travel once a week: their way is not set against a daily one.
  const change = (way) => way.school < 0 || way.mode === "board" || way.modeBefore === "board" || way.minutes === null ||
    way.minBefore === null ? null : way.minutes - way.minBefore;

  function facts(pairs) {
    const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
    return el("dl", { class: "more" }, ...known.map(([name, value]) => el("div", {}, el("dt", {}, say(name)), el("dd", {}, shown(value)))));
  }

  // Columns: [word, number?, cell of a row]. A table without rows is left out.
  function table(title, rows, columns) {
    if (!rows.length) return "";
    const head = el("tr", {}, ...columns.map(([word, number]) => el("th", number ? { scope: "col", class: "n" } : { scope: "col" }, say(word))));
    const lines = rows.map((row) => el("tr", {}, ...columns.map(([, number, cell]) => {
      const content = cell(row);
      return el("td", number ? { class: "n" } : { dir: "auto" }, ...(Array.isArray(content) ? content : [content]));
    })));
    const part = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say(title) + ": " + heading.textContent },
      el("table", {}, el("thead", {}, head), el("tbody", {}, ...lines)));
    return el("div", {}, el("h3", {}, say(title)), part);
  }

  function title(kind, text, mark) {
    heading.replaceChildren(text);
    document.getElementById("sheet-mark").innerHTML = mark || ""; // one of our own drawings
    document.getElementById("sheet-kind").textContent = say(kind);
  }

  const byPupils = (a, b) => b.pupils - a.pupils || a.village - b.village || a.band - b.band;

  function schoolSheet(position) {
    const school = data.schools[position];
    title("school", school.name, symbol(school.role, 18));
    const own = ways.filter((way) => way.school === position).sort(byPupils);
    const leaving = ways.filter((way) => way.before === position && way.school !== position).sort(byPupils);
    const role = el("p", { dir: "auto" }, el("span", { class: "tag " + school.role }, data.words.roles[school.role]), " ", school.reason || "");
    const numbers = facts([
      ["pupils_today", format(school.pupils_before)], ["pupils_plan", format(school.pupils_after)], ["classes", format(school.classes)],
      ["teachers_today", format(school.teachers_before)], ["posts", format(school.posts)], ["places_primary", format(school.places_primary)],
      ["places_junior", format(school.places_junior)], ["boarders", format(school.boarders)], ["beds", format(school.beds)]]);
    const coming = table("who_comes", own, [
      ["village", false, (way) => villageLink(way.village)], ["grades", false, grades], ["pupils", true, (way) => format(way.pupils)],
      ["how", false, modeOf], ["school_today", false, (way) => schoolLink(way.before)],
      ["today_min", true, (way) => format(way.minBefore)], ["plan_min", true, (way) => format(way.minutes)], ["change", true, (way) => signed(change(way))]]);
    const going = table("where_to", leaving, [
      ["village", false, (way) => villageLink(way.village)], ["grades", false, grades], ["pupils", true, (way) => format(way.pupils)],
      ["school_plan", false, (way) => schoolLink(way.school)], ["how", false, modeOf],
      ["today_min", true, (way) => format(way.minBefore)], ["plan_min", true, (way) => format(way.minutes)], ["change", true, (way) => signed(change(way))]]);
    const lines = table("lines", data.lines.map((line, number) => ({ line, number })).filter((entry) => entry.line.school === position || entry.line.stops.some((stop) => stop.school === position)), [
      ["line_name", false, (entry) => link("line", entry.number, entry.line.line_id)], ["stops", true, (entry) => format(entry.line.stops.length)],
      ["pupils", true, (entry) => format(entry.line.riders)], ["seats", true, (entry) => format(entry.line.seats)],
      ["plan_min", true, (entry) => format(entry.line.minutes)]]);
    const more = document.getElementById("sheet-of-" + position); // conditions, resources, teachers: written with the page
    const empty = own.length ? "" : el("p", {}, say("no_one"));
    return [el("p", { class: "hint", dir: "auto" }, [school.school_id, school.town].filter(Boolean).join(" · ")), role, numbers, empty, going, coming, lines,
      more ? more.content.cloneNode(true) : ""];
  }

  function villageSheet(position) {
    const village = data.settlements[position];
    title("village", village.name);
    const own = ways.filter((way) => way.village === position).sort((a, b) => a.band - b.band || b.pupils - a.pupils);
    const notes = [];
    if (own.some((way) => way.before >= 0 && data.schools[way.before].role === "closed")) notes.push(say("closes_too"));
    if (worst.has(position)) notes.push(say("worst", { minutes: minutes(worst.get(position)) }));
    const pupils = own.reduce((sum, way) => sum + way.pupils, 0);
    const stops = data.lines.flatMap((line, number) => line.stops.filter((stop) => stop.settlement === position).map((stop) => ({ line, number, stop })));
    return [
      el("p", { class: "hint", dir: "auto" }, [village.settlement_id, village.town].filter(Boolean).join(" · ")),
      ...notes.map((note) => el("p", {}, note)), own.length ? facts([["pupils", format(pupils)]]) : el("p", {}, say("empty")),
      table("plan", own, [
        ["grades", false, grades], ["pupils", true, (way) => format(way.pupils)], ["school_today", false, (way) => schoolLink(way.before)],
        ["how_today", false, (way) => data.words.modes[way.before < 0 ? "" : way.modeBefore]], ["today_min", true, (way) => format(way.minBefore)],
        ["school_plan", false, (way) => schoolLink(way.school)], ["how", false, (way) => modeOf(way) + (way.exception ? " (" + say("exception") + ")" : "")],
        ["plan_min", true, (way) => format(way.school < 0 ? null : way.minutes)], ["change", true, (way) => signed(change(way))]]),
      table("lines", stops, [
        ["line_name", false, (entry) => link("line", entry.number, entry.line.line_id)], ["school", false, (entry) => schoolLink(entry.stop.school)],
        ["pupils", true, (entry) => format(entry.stop.riders)], ["starts", true, (entry) => format(entry.stop.board_at_min)],
        ["ride", true, (entry) => format(entry.stop.ride_min)]])];
  }

  function lineSheet(position) {
    const line = data.lines[position];
    const called = [...new Set([...line.stops.map((stop) => stop.school).filter((school) => school !== line.school), line.school])];
    title("line_name", say("line", { line: line.line_id, school: called.map((school) => data.schools[school].name).join(" + ") }));
    let aboard = 0;
    const stops = line.stops.map((stop) => ({ ...stop, aboard: (aboard += stop.riders) }));
    const bus = [data.words.kinds[line.kind] || line.kind, line.vehicle_no].filter(Boolean).join(" · ");
    return [
      el("p", {}, say("line_facts", { riders: format(line.riders), seats: format(line.seats), minutes: minutes(line.minutes), km: format(line.km, 1) })),
      facts([["bus", bus], ["run", line.run ? format(line.run) : ""]]),
      table("stops", stops, [
        ["village", false, (stop) => villageLink(stop.settlement)], ["school", false, (stop) => schoolLink(stop.school)], ["starts", true, (stop) => format(stop.board_at_min)],
        ["pupils", true, (stop) => format(stop.riders)], ["load", true, (stop) => format(stop.aboard)], ["ride", true, (stop) => format(stop.ride_min)]])];
  }

  const KINDS = { school: [schoolSheet, data.schools], village: [villageSheet, data.settlements], line: [lineSheet, data.lines] };

  // The ways on from a sheet: the map, the table's row, the dossier where one was written.
  function links(kind, position) {
    const found = [el("a", { href: "#map", "data-show": kind + "-" + position }, say("on_map"))];
    if (document.getElementById(kind + "-" + position)) found.push(el("a", { href: "#" + kind + "-" + position }, say("in_table")));
    const file = kind === "school" && (data.dossiers || {})[data.schools[position].school_id];
    if (file) found.push(el("a", { href: file }, say("dossier")));
    return el("p", { class: "links" }, ...found);
  }

  function follow() {
    const [kind, number] = decodeURIComponent(location.hash.slice(1)).split("/");
    const known = Object.hasOwn(KINDS, kind) && KINDS[kind][1][Number(number)] !== undefined && number !== "";
    if (!known) {
      if (sheet.open) sheet.close();
      return;
    }
    body.replaceChildren(...KINDS[kind][0](Number(number)), links(kind, Number(number)));
    if (!sheet.open) sheet.showModal();
    sheet.scrollTop = 0;
    heading.focus();
  }

  // Closing keeps the place on the page; the address no longer names the sheet.
  sheet.addEventListener("close", () => {
    if (location.hash.includes("/")) history.replaceState(null, "", location.pathname + location.search);
  });
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet || event.target.closest("[data-show]") || event.target.closest("#sheet-close")) sheet.close();
  });
  window.addEventListener("hashchange", follow);
  window.planSheet = { follow };
  follow();
})();
