// Draws the plan. All text from the data enters as text nodes, never as markup.
(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const panel = document.getElementById("map-panel");
  const field = (name) => panel.querySelector('[name="' + name + '"]');
  const visible = (name) => !field(name) || field(name).checked;
  const [BAND_ANY, SETTLEMENT, BAND, TODAY_SCHOOL, TODAY_MODE, TODAY_MIN, SCHOOL, MODE, MINUTES, PUPILS, MOVED] =
    ["all", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const CLASS_ORDER = Object.keys(data.words.classes);
  const listeners = [];
  const ground = window.mapGround(data, ["walk", "bus", "board", "ring", "card", "halo", "worst", ...CLASS_ORDER]);
  const { map, fit, paper, small, color, el, decode, format, say } = ground;
  let chosen = null; // { kind: "school" | "settlement" | "line", position }

  const ORDER = ["towns", "roads", "ways", "lines", "settlements", "worst", "schools"];
  const group = Object.fromEntries(ORDER.map((name) => [name, L.layerGroup()]));
  map.createPane("schools").style.zIndex = 610;
  const minutes = (value) => value === null ? say("no_way") : say("minutes", { amount: format(value) });
  const roleOf = (school) => say("role_of", { school: school.name, role: data.words.roles[school.role] });
  const lineName = (line) => say("line", { line: line.line_id, school: data.schools[line.school].name });
  const lineFacts = (line) => say("line_facts", { riders: format(line.riders), seats: format(line.seats),
    minutes: minutes(line.minutes), km: format(line.km, 1) });

  function symbol(role, size) {
    const ink = { closed: "var(--closed)", not_built: "var(--walk)" }[role] || "var(--school)";
    const shape = {
      hub: '<rect x="2" y="2" width="16" height="16" rx="1.5"/>',
      full: '<circle cx="10" cy="10" r="7"/>',
      teaching_point: '<path d="M10 2.5 18 17H2z" fill="var(--card)"/>',
      closed: '<path d="M4 4 16 16M16 4 4 16" stroke="var(--halo)" stroke-width="5.5"/><path d="M4 4 16 16M16 4 4 16" stroke-width="3"/>',
      not_built: '<rect x="4" y="4" width="12" height="12" fill="var(--card)" stroke-dasharray="3 2" transform="rotate(45 10 10)"/>',
    }[role];
    const outline = role === "hub" || role === "full" ? "var(--halo)" : ink;
    return '<svg width="' + size + '" height="' + size + '" viewBox="0 0 20 20" fill="' + ink + '" stroke="' + outline +
      '" stroke-width="' + (role === "hub" || role === "full" ? 1.5 : 2.4) + '" stroke-linejoin="round" aria-hidden="true">' + shape + "</svg>";
  }

  function swatch(kind, paint, dash) {
    const shape = kind === "dot" ? '<circle cx="8" cy="6" r="5" stroke="var(--soft)" stroke-width=".6" fill="' + paint + '"/>'
      : '<path d="M0 6h22" fill="none" stroke-width="2.6" stroke="' + paint + '"' + (dash ? ' stroke-dasharray="' + dash + '"' : "") + "/>";
    return '<svg width="' + (kind === "dot" ? 16 : 22) + '" height="12" aria-hidden="true">' + shape + "</svg>";
  }

  function legend(id, entries) {
    const list = document.getElementById(id);
    entries.forEach(([mark, text]) => {
      const item = el("li");
      item.innerHTML = mark; // one of our own drawings
      item.append(text);
      list.append(item);
    });
  }

  const DASH = { walk: null, bus: "7 4", board: "2 4" };
  const isToday = () => panel.querySelector('[name="when"]:checked').value === "today";
  const bandShown = (way) => field("band").value === BAND_ANY || Number(field("band").value) === way[BAND];

  function classOf(way, today) {
    const value = way[today ? TODAY_MIN : MINUTES];
    if (way[today ? TODAY_SCHOOL : SCHOOL] < 0 || value === null) return "none";
    if (way[today ? TODAY_MODE : MODE] === "board") return "board";
    const position = data.limits.findIndex((limit) => value <= limit + 0.05);
    return "t" + (position < 0 ? data.limits.length : position);
  }

  // The longest daily way speaks for a village; boarding only where all its pupils board.
  function classesBySettlement(today) {
    const RANK = { board: -1, t0: 0, t1: 1, t2: 2, t3: 3, t4: 4, none: 5 };
    const found = new Map();
    data.ways.filter(bandShown).forEach((way) => {
      const own = classOf(way, today);
      const other = found.get(way[SETTLEMENT]);
      if (other === undefined || RANK[own] > RANK[other]) found.set(way[SETTLEMENT], own);
    });
    return found;
  }

  const concerns = (way, today) => {
    if (!chosen) return true;
    if (chosen.kind === "settlement") return way[SETTLEMENT] === chosen.position;
    if (chosen.kind === "school") return way[today ? TODAY_SCHOOL : SCHOOL] === chosen.position;
    const line = data.lines[chosen.position];
    return !today && way[MODE] === "bus" && way[SCHOOL] === line.school && line.stops.some((stop) => stop.settlement === way[SETTLEMENT]);
  };

  function drawWays(today) {
    group.ways.clearLayers();
    const sums = new Map();
    data.ways.forEach((way) => {
      const school = way[today ? TODAY_SCHOOL : SCHOOL];
      if (school < 0 || !bandShown(way) || (visible("moved") && !way[MOVED])) return;
      const mode = way[today ? TODAY_MODE : MODE];
      const key = way[SETTLEMENT] + "|" + school + "|" + mode;
      const entry = sums.get(key) || { settlement: way[SETTLEMENT], school, mode, pupils: 0, near: false };
      entry.pupils += way[PUPILS];
      entry.near = entry.near || concerns(way, today);
      sums.set(key, entry);
    });
    sums.forEach((entry) => {
      const line = L.polyline([data.settlements[entry.settlement].at, data.schools[entry.school].at], {
        renderer: paper, color: color(entry.mode), dashArray: DASH[entry.mode], lineCap: "butt",
        weight: Math.min(3.5, 0.8 + 0.2 * Math.sqrt(entry.pupils)), opacity: entry.near ? (chosen ? 1 : 0.5) : 0.06 });
      line.bindTooltip(() => el("div", {}, 
        say("way", { village: data.settlements[entry.settlement].name, school: data.schools[entry.school].name }), el("br"),
        say("pupils_mode", { pupils: format(entry.pupils), mode: data.words.modes[entry.mode].toLowerCase() })), { sticky: true });
      line.on("click", () => choose("settlement", entry.settlement));
      group.ways.addLayer(line);
    });
  }

  function drawSettlements(today) {
    group.settlements.clearLayers();
    const classes = classesBySettlement(today);
    const near = new Set(data.ways.filter((way) => concerns(way, today)).map((way) => way[SETTLEMENT]));
    data.settlements.forEach((settlement, position) => {
      const name = classes.get(position);
      const own = chosen && chosen.kind === "settlement" && chosen.position === position;
      const faded = chosen && !near.has(position) && !own;
      const dot = L.circleMarker(settlement.at, { renderer: paper, radius: small * (own ? 8 : name ? 5 : 2), weight: own ? 2.5 : 0.9,
        color: color("ring"), fillColor: color(name || "road"), fillOpacity: faded ? 0.25 : 1, opacity: faded ? 0.25 : 1 });
      dot.bindTooltip(() => el("span", { dir: "auto" }, settlement.name));
      dot.on("click", () => choose("settlement", position));
      group.settlements.addLayer(dot);
    });
  }

  function drawLines() {
    group.lines.clearLayers();
    data.walks.map(decode).forEach((path) => group.lines.addLayer(L.polyline(path,
      { renderer: paper, color: color("bus"), weight: 1.4 * small, dashArray: "1 4", opacity: chosen ? 0.3 : 0.9, interactive: false })));
    data.lines.forEach((line, position) => {
      const off = chosen && !(chosen.kind === "line" && chosen.position === position) &&
        !(chosen.kind === "school" && chosen.position === line.school) &&
        !(chosen.kind === "settlement" && line.stops.some((stop) => stop.settlement === chosen.position));
      const path = line.path.map(decode);
      const opacity = off ? 0.12 : 1;
      const casing = L.polyline(path, { renderer: paper, color: color("halo"), weight: 5 * small, opacity: off ? 0 : 0.9, interactive: false });
      const stroke = L.polyline(path, { renderer: paper, color: color("bus"), weight: 2.6 * small, opacity });
      stroke.bindTooltip(() => el("div", {}, lineName(line), el("br"), lineFacts(line)), { sticky: true });
      stroke.on("click", () => choose("line", position));
      group.lines.addLayer(casing).addLayer(stroke);
      line.stops.forEach((stop, number) => {
        const ring = L.circleMarker(data.settlements[stop.settlement].at, { renderer: paper, radius: (5 + Math.min(5, Math.sqrt(stop.riders))) * small, weight: 1.8 * small, color: color("bus"),
          fillColor: color("card"), fillOpacity: off ? 0 : 1, opacity });
        ring.bindTooltip(() => el("div", {},
          say("station", { number: number + 1, line: line.line_id, village: data.settlements[stop.settlement].name }),
          el("br"), say("station_facts", { riders: format(stop.riders), minutes: minutes(stop.ride_min) })));
        ring.on("click", () => choose("line", position));
        group.lines.addLayer(ring);
      });
    });
  }

  // The places whose pupils have the longest daily ways of the plan.
  function drawWorst() {
    group.worst.clearLayers();
    data.worst.forEach(([settlement]) => group.worst.addLayer(L.circleMarker(data.settlements[settlement].at, { renderer: paper,
      radius: 10 * small, weight: 2.6 * small, color: color("worst"), fill: false, interactive: false })));
  }

  function drawSchools() {
    group.schools.clearLayers();
    data.schools.forEach((school, position) => {
      const size = Math.round(small * (school.role === "hub" ? 19 : school.role === "closed" ? 11 : 16));
      const icon = L.divIcon({ className: "school-mark", iconSize: [size, size], html: symbol(school.role, size) });
      const marker = L.marker(school.at, { icon, pane: "schools", riseOnHover: true, zIndexOffset: school.role === "hub" ? 500 : school.role === "closed" ? -500 : 0 });
      marker.bindTooltip(() => el("span", { dir: "auto" }, roleOf(school)));
      marker.on("click keypress", (event) => {
        if (event.type === "click" || event.originalEvent.key === "Enter") choose("school", position);
      });
      marker.on("add", () => {
        const node = marker.getElement();
        node.dataset.position = position;
        node.setAttribute("aria-label", roleOf(school));
      });
      group.schools.addLayer(marker);
    });
  }

  function schoolCard(school, position) {
    const card = el("div", {}, el("h3", { dir: "auto" }, school.name),
      el("p", { dir: "auto" }, data.words.roles[school.role] + (school.reason ? ": " + school.reason : "")),
      el("p", {}, say("before_after", { before: format(school.pupils_before), after: format(school.pupils_after) })));
    if (school.classes) card.append(el("p", {}, say("classes_posts", { classes: format(school.classes), posts: format(school.posts) })));
    return withLinks(card, "school", position);
  }

  function settlementCard(settlement, position) {
    const card = el("div", {}, el("h3", { dir: "auto" }, settlement.name));
    const rows = data.ways.filter((way) => way[SETTLEMENT] === position).sort((a, b) => a[BAND] - b[BAND]);
    if (!rows.length) card.append(el("p", {}, say("empty")));
    else {
      const head = el("tr", {}, ...["grades", "pupils", "school", "today", "plan"].map((name) => el("th", { scope: "col" }, say(name))));
      const body = el("tbody");
      rows.forEach((way) => body.append(el("tr", {},
        el("td", {}, data.words.grades[data.bands[way[BAND]]]), el("td", {}, format(way[PUPILS])),
        el("td", { dir: "auto" }, way[SCHOOL] < 0 ? say("none") : data.schools[way[SCHOOL]].name),
        el("td", {}, minutes(way[TODAY_MIN])),
        el("td", {}, way[SCHOOL] < 0 ? "–" : way[MODE] === "board" ? say("boards")
          : way[MODE] === "bus" ? say("minutes_bus", { minutes: minutes(way[MINUTES]) }) : minutes(way[MINUTES])))));
      card.append(el("table", {}, el("thead", {}, head), body));
    }
    return withLinks(card, "village", position);
  }

  function lineCard(line, position) {
    const stops = line.stops.map((stop) => el("li", { dir: "auto" },
      say("station_row", { village: data.settlements[stop.settlement].name, riders: format(stop.riders), minutes: minutes(stop.ride_min) })));
    return withLinks(el("div", {}, el("h3", { dir: "auto" }, lineName(line)), el("p", {}, lineFacts(line)), el("ol", {}, ...stops)),
      "line", position);
  }

  // Where the map stands alone there is neither a table nor a sheet to lead to.
  function withLinks(card, kind, position) {
    const links = el("p", { class: "links" });
    if (document.getElementById("sheet")) links.append(el("a", { href: "#" + kind + "/" + position }, say("about")));
    if (document.getElementById(kind + "-" + position)) links.append(el("a", { href: "#" + kind + "-" + position }, say("in_table")));
    if (links.firstChild) card.append(links);
    return card;
  }

  const popup = L.popup({ minWidth: 180, autoPanPadding: [14, 14] });
  map.on("popupopen", () => popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", say("close")));
  function choose(kind, position, zoom) {
    const entry = { school: data.schools, settlement: data.settlements, line: data.lines }[kind][position];
    const first = kind === "line" && entry.stops.length ? data.settlements[entry.stops[0].settlement] : null;
    const at = first ? first.at : kind === "line" ? data.schools[entry.school].at : entry.at;
    const card = { school: schoolCard, settlement: settlementCard, line: lineCard }[kind](entry, position);
    map.closePopup(popup);
    popup.options.maxWidth = Math.min(320, map.getSize().x - 80);
    chosen = { kind, position };
    if (zoom) map.setView(at, Math.max(map.getZoom(), 12), { animate: false });
    popup.setLatLng(at).setContent(card).openOn(map);
    redraw();
  }
  map.on("popupclose", () => { if (chosen) { chosen = null; redraw(); } });

  function redraw() {
    const today = isToday();
    drawWays(today);
    drawSettlements(today);
    drawLines();
    // A canvas draws in the order of adding: what moves is added anew, the base is put beneath it.
    ["ways", "lines", "settlements", "worst"].forEach((name) => group[name].remove());
    ORDER.forEach((name) => {
      if (visible(name) && !(today && (name === "lines" || name === "worst"))) group[name].addTo(map); else group[name].remove();
    });
    ["roads", "towns"].filter(visible).forEach((name) => group[name].invoke("bringToBack"));
    listeners.forEach((listener) => listener());
  }

  function everything() {
    ground.drawBase(group.roads, group.towns);
    drawSchools();
    drawWorst();
    redraw();
  }

  const roles = Object.keys(data.words.roles).filter((role) => data.schools.some((school) => school.role === role));
  legend("legend-roles", roles.map((role) => [symbol(role, 14), data.words.roles[role]]));
  const seen = new Set(data.ways.flatMap((way) => [classOf(way, true), classOf(way, false)]));
  legend("legend-classes", CLASS_ORDER.filter((name) => seen.has(name)).map((name) => [swatch("dot", "var(--" + name + ")"), data.words.classes[name]]));
  const modes = ["walk", "bus", "board"].filter((mode) => data.ways.some((way) => way[MODE] === mode || way[TODAY_MODE] === mode));
  legend("legend-modes", modes.map((mode) => [swatch("line", "var(--" + mode + ")", DASH[mode]), data.words.modes[mode]]));

  panel.addEventListener("change", redraw);
  document.getElementById("map-reset").addEventListener("click", () => { map.closePopup(popup); fit(true); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-show]");
    if (!link) return;
    event.preventDefault();
    const [kind, position] = link.dataset.show.split("-");
    document.getElementById("map").scrollIntoView({ block: "center" });
    document.getElementById("map").focus({ preventScroll: true });
    choose(kind === "village" ? "settlement" : kind, Number(position), true);
  });
  ground.redrawnBy(everything);
  window.planMap = { map, data, group, visible, ground, symbol, onSwitch: (listener) => listeners.push(listener) };
  map.invalidateSize({ pan: false }); // the legend has grown since the map was made
  fit(false);
  everything();
})();
