// Draws what differs between two plans of the page. All text from the data enters as text nodes.
(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const panel = document.getElementById("map-panel");
  const ground = window.mapGround(data, ["walk", "bus", "board", "ring", "card", "halo", "closed", "school", "accent", "soft"]);
  const { map, fit, paper, small, color, el, decode, format } = ground;
  const ORDER = ["towns", "roads", "routes", "ways", "villages", "schools"];
  const group = Object.fromEntries(ORDER.map((name) => [name, L.layerGroup()]));
  map.createPane("schools").style.zIndex = 610;
  const field = (name) => panel.querySelector('[name="' + name + '"]');
  const visible = (name) => !field(name) || field(name).checked;
  const pair = () => [Number(field("first").value), Number(field("second").value)];
  const OPEN = ["hub", "full", "teaching_point"];
  const minutes = (value) => value === null ? "no way known" : format(value) + " min";

  // What becomes of a school from the first plan to the second; nothing where both decide alike.
  function change(school, one, other) {
    const [was, now] = [school.roles[one], school.roles[other]];
    if (OPEN.includes(was) !== OPEN.includes(now)) return OPEN.includes(now) ? "opens" : "closes";
    return was !== now || school.bands[one] !== school.bands[other] ? "role" : "";
  }

  const MARKS = {
    closes: '<path d="M4 4 16 16M16 4 4 16" stroke="var(--halo)" stroke-width="6"/><path d="M4 4 16 16M16 4 4 16" stroke="var(--closed)" stroke-width="3.4"/>',
    opens: '<path d="M10 3v14M3 10h14" stroke="var(--halo)" stroke-width="7"/><path d="M10 3v14M3 10h14" stroke="var(--bus)" stroke-width="4"/>',
    role: '<path d="M10 2 18 10 10 18 2 10z" fill="var(--card)" stroke="var(--board)" stroke-width="2.6"/>',
    same: '<circle cx="10" cy="10" r="5" fill="var(--card)" stroke="var(--walk)" stroke-width="2"/>',
    none: '<circle cx="10" cy="10" r="3" fill="none" stroke="var(--walk)" stroke-width="1.2"/>',
  };
  const SCHOOL_WORDS = { closes: "open in the first plan alone", opens: "open in the second plan alone",
    role: "open in both, decided otherwise", same: "decided alike, open", none: "open in neither" };
  const svg = (name, size) => '<svg width="' + size + '" height="' + size + '" viewBox="0 0 20 20" fill="none" aria-hidden="true">' + MARKS[name] + "</svg>";
  const stroke = (paint, dash) => '<svg width="30" height="12" aria-hidden="true"><path d="M0 6h30" fill="none" stroke-width="2.6" stroke="' + paint + '"' +
    (dash ? ' stroke-dasharray="' + dash + '"' : "") + "/></svg>";

  function legend(id, entries) {
    const list = document.getElementById(id);
    entries.forEach(([mark, text]) => {
      const item = el("li");
      item.innerHTML = mark; // one of our own drawings
      item.append(text);
      list.append(item);
    });
  }

  const roleWords = (school, at) => data.words.roles[school.roles[at]] || school.roles[at];

  function drawSchools(one, other) {
    group.schools.clearLayers();
    const counts = { closes: 0, opens: 0, role: 0 };
    data.schools.forEach((school) => {
      const name = change(school, one, other);
      if (name) counts[name] += 1;
      const shown = name || (OPEN.includes(school.roles[one]) ? "same" : "none");
      const size = Math.round(small * (name ? 20 : 13));
      const icon = L.divIcon({ className: "school-mark", iconSize: [size, size], html: svg(shown, size) });
      const marker = L.marker(school.at, { icon, pane: "schools", riseOnHover: true, zIndexOffset: name ? 500 : 0 });
      marker.bindTooltip(() => el("div", { dir: "auto" }, school.name + " (" + school.id + ")", ...[one, other].flatMap((at) =>
        [el("br"), data.names[at] + ": " + roleWords(school, at) + ", " + format(school.pupils[at]) + " pupils"])));
      marker.on("add", () => marker.getElement().setAttribute("aria-label", school.name + ": " + SCHOOL_WORDS[shown]));
      group.schools.addLayer(marker);
    });
    return counts;
  }

  const bandShown = (way) => field("band").value === "all" || Number(field("band").value) === way[1];
  const schoolsOf = (ways) => JSON.stringify(ways.map((way) => [way[0], way[3]]));
  const wayWords = (way) => (way[0] < 0 ? "no school" : data.schools[way[0]].name) + ", " +
    (data.words.modes[way[1]] || way[1]).toLowerCase() + ", " + minutes(way[2]) + ", " + format(way[3]) + " pupils";

  function drawWays(one, other) {
    group.ways.clearLayers();
    group.villages.clearLayers();
    const places = new Map();
    data.ways.filter(bandShown).forEach((row) => {
      const [was, now] = [row[2][one], row[2][other]];
      if (schoolsOf(was) === schoolsOf(now)) return;
      if (!places.has(row[0])) places.set(row[0], []);
      places.get(row[0]).push(row);
      [[was, now, "soft", "3 4"], [now, was, "accent", null]].forEach(([own, others, paint, dash]) => own.forEach((way) => {
        if (way[0] < 0 || others.some((seen) => seen[0] === way[0] && seen[3] === way[3])) return;
        group.ways.addLayer(L.polyline([data.settlements[row[0]].at, data.schools[way[0]].at], { renderer: paper,
          color: color(paint), weight: Math.min(3.5, 1 + 0.2 * Math.sqrt(way[3])), dashArray: dash, opacity: 0.75, interactive: false }));
      }));
    });
    places.forEach((rows, position) => {
      const place = data.settlements[position];
      const dot = L.circleMarker(place.at, { renderer: paper, radius: 5 * small, weight: 1, color: color("ring"), fillColor: color("accent"), fillOpacity: 1 });
      dot.bindTooltip(() => el("div", { dir: "auto" }, place.name, ...rows.flatMap((row) => [one, other].flatMap((at) =>
        row[2][at].flatMap((way) => [el("br"), data.words.grades[data.bands[row[1]]] + ", " + data.names[at] + ": " + wayWords(way)])))));
      group.villages.addLayer(dot);
    });
    return places.size;
  }

  function drawRoutes(one, other) {
    group.routes.clearLayers();
    const counts = { first: 0, second: 0, both: 0 };
    data.routes.forEach((route) => {
      const [was, now] = [route.plans.includes(one), route.plans.includes(other)];
      const whose = was && now ? "both" : was ? "first" : now ? "second" : "";
      if (!whose) return;
      counts[whose] += 1;
      if (whose === "both" && !visible("shared")) return;
      const look = { both: ["walk", null, 1.6], first: ["closed", "6 5", 2.6], second: ["bus", null, 2.8] }[whose];
      const line = L.polyline(route.path.map(decode), { renderer: paper, color: color(look[0]), dashArray: look[1], weight: look[2] * small, opacity: 0.9 });
      line.bindTooltip(() => el("div", { dir: "auto" }, "Bus " + route.lines.join(", "), el("br"), route.route,
        ...route.plans.flatMap((at, k) => at === one || at === other ? [el("br"), data.names[at] + ": " + format(route.riders[k]) + " riders, " + minutes(route.minutes[k])] : [])), { sticky: true });
      group.routes.addLayer(line);
    });
    return counts;
  }

  function redraw() {
    const [one, other] = pair();
    const [a, b] = [data.names[one], data.names[other]];
    const schools = drawSchools(one, other), villages = drawWays(one, other), routes = drawRoutes(one, other);
    document.getElementById("map-counts").textContent = b + " against " + a + ": " + schools.opens + " schools open and " + schools.closes +
      " close, " + schools.role + " are decided otherwise; pupils of " + villages + " villages go to other schools; " +
      routes.second + " bus routes are new, " + routes.first + " are gone, " + routes.both + " are the same.";
    ORDER.forEach((name) => group[name].remove());
    ORDER.forEach((name) => { if (visible(name === "villages" ? "ways" : name)) group[name].addTo(map); });
    ["roads", "towns"].filter(visible).forEach((name) => group[name].invoke("bringToBack"));
  }

  function everything() {
    ground.drawBase(group.roads, group.towns);
    redraw();
  }

  legend("legend-schools", Object.keys(SCHOOL_WORDS).map((name) => [svg(name, 14), SCHOOL_WORDS[name]]));
  legend("legend-ways", [[stroke("var(--soft)", "3 4"), "way in the first plan"], [stroke("var(--accent)"), "way in the second plan"]]);
  legend("legend-routes", [[stroke("var(--closed)", "6 5"), "first plan alone"], [stroke("var(--bus)"), "second plan alone"], [stroke("var(--walk)"), "both"]]);
  panel.addEventListener("change", redraw);
  document.getElementById("map-reset").addEventListener("click", () => fit(true));
  ground.redrawnBy(everything);
  window.compareMap = { map, data, group, redraw };
  map.invalidateSize({ pan: false });
  fit(false);
  everything();
})();
