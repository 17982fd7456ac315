// Draws a study and rings every place a finding speaks of. All text from the data enters as text nodes.
(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const panel = document.getElementById("map-panel");
  const LEVELS = ["error", "warning", "repair"]; // the gravest speaks for a place
  const LAYERS = { settlements: "settlement", schools: "school" };
  const ground = window.mapGround(data, ["ring", "t1", "school", "halo", ...LEVELS]);
  const { map, fit, paper, small, color, el } = ground;
  const ORDER = ["towns", "roads", "settlements", "schools", "rings"];
  const group = Object.fromEntries(ORDER.map((name) => [name, L.layerGroup()]));
  const field = (name) => panel.querySelector('[name="' + name + '"]');
  const visible = (name) => !field(name) || field(name).checked;
  const MANY = 60; // a finding with more places would ring the whole map: it is drawn when chosen
  let chosen = -1;

  // One entry a place: where it is, whose it is, and the findings that speak of it.
  const places = new Map();
  data.flags.forEach((flag, number) => flag.spots.forEach((spot) => {
    const owned = typeof spot[0] === "string";
    const owner = owned ? data[spot[0]][spot[1]] : null;
    const key = spot.join("|");
    if (!places.has(key)) places.set(key, { key, at: owned ? owner.at : spot, owner, layer: owned ? spot[0] : "", flags: [] });
    places.get(key).flags.push(number);
  }));

  const dense = data.settlements.length > 1500; // small dots where large ones would run together
  const radius = (place) => small * (place.layer === "schools" ? 11 : 8.5);
  const speaks = (number) => visible(data.flags[number].level) && (number === chosen || data.flags[number].spots.length <= MANY);
  const shown = (place) => place.flags.filter(speaks);
  const gravest = (numbers) => LEVELS.find((level) => numbers.some((number) => data.flags[number].level === level));

  function drawLayers() {
    group.settlements.clearLayers();
    group.schools.clearLayers();
    data.settlements.forEach((settlement) => group.settlements.addLayer(named(L.circleMarker(settlement.at,
      { renderer: paper, radius: small * (dense ? 2 : 3.4), weight: dense ? 0.4 : 0.8, color: color("ring"), fillColor: color("t1"), fillOpacity: 1 }), settlement)));
    data.schools.forEach((school) => group.schools.addLayer(named(L.circleMarker(school.at,
      { renderer: paper, radius: small * 5.5, weight: 1.4, color: color("halo"), fillColor: color("school"), fillOpacity: 1 }), school)));
  }

  function named(mark, entry) {
    mark.bindTooltip(() => el("span", { dir: "auto" }, entry.name + (entry.name === entry.id ? "" : " (" + entry.id + ")")));
    return mark;
  }

  function drawRings() {
    group.rings.clearLayers();
    places.forEach((place) => {
      const numbers = shown(place);
      if (!numbers.length) return;
      const own = numbers.includes(chosen);
      const ring = L.circleMarker(place.at, { renderer: paper, radius: radius(place) + (own ? 3 : 0), weight: own ? 4.5 : gravest(numbers) === "repair" ? 1.6 : 2.6,
        color: color(gravest(numbers)), opacity: chosen < 0 || own ? 1 : 0.35, fillOpacity: 0, fill: true });
      ring.on("click", () => open(place));
      group.rings.addLayer(ring);
    });
  }

  function card(place) {
    const owner = place.owner;
    const title = owner ? (LAYERS[place.layer] + " " + owner.name) : "Roads";
    const about = owner ? [owner.name === owner.id ? "" : owner.id, owner.town].filter(Boolean).join(", ") : "";
    const list = el("ul");
    shown(place).forEach((number) => {
      const flag = data.flags[number];
      list.append(el("li", { class: flag.level, dir: "auto" }, flag.text + " ", el("a", { href: "#flag-" + number }, "row")));
    });
    return el("div", {}, el("h3", { dir: "auto" }, title), el("p", { class: "hint", dir: "auto" }, about), list);
  }

  const popup = L.popup({ minWidth: 180, autoPanPadding: [14, 14] });
  function open(place) {
    popup.options.maxWidth = Math.min(320, map.getSize().x - 80);
    popup.setLatLng(place.at).setContent(card(place)).openOn(map);
  }

  // A finding with one place opens it; one with several is shown whole.
  function show(number) {
    const flag = data.flags[number];
    const own = Array.from(places.values()).filter((place) => place.flags.includes(number));
    if (!own.length) return;
    if (field(flag.level)) field(flag.level).checked = true;
    map.closePopup(popup);
    choose(number);
    if (own.length === 1) {
      map.setView(own[0].at, Math.max(map.getZoom(), 13), { animate: false });
      open(own[0]);
    } else map.fitBounds(own.map((place) => place.at), { padding: [40, 40], maxZoom: 14, animate: false });
  }

  function choose(number) {
    chosen = number;
    document.getElementById("map-chosen").textContent = number < 0 ? "" : data.flags[number].text;
    redraw();
  }

  function redraw() {
    drawRings();
    ORDER.forEach((name) => group[name].remove());
    ORDER.forEach((name) => { if (visible(name)) group[name].addTo(map); });
  }

  function everything() {
    ground.drawBase(group.roads, group.towns);
    drawLayers();
    redraw();
  }

  panel.addEventListener("change", redraw);
  document.getElementById("map-reset").addEventListener("click", () => { map.closePopup(popup); choose(-1); fit(true); });
  map.on("popupclose", () => { if (chosen >= 0) choose(-1); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-flag]");
    if (!link) return;
    event.preventDefault();
    document.getElementById("map").scrollIntoView({ block: "center" });
    document.getElementById("map").focus({ preventScroll: true });
    show(Number(link.dataset.flag));
  });
  ground.redrawnBy(everything);
  window.checkMap = { map, data, group, places, show };
  map.invalidateSize({ pan: false });
  fit(false);
  everything();
})();
