// What every map shares: the canvas with its colours, roads and towns beneath, printing, and ways to make elements.
window.mapGround = function (data, names) {
  "use strict";
  const map = L.map("map", { zoomSnap: 0.1, zoomDelta: 0.5, wheelPxPerZoomLevel: 90, scrollWheelZoom: false,
    maxZoom: 18, attributionControl: false, zoomControl: false, keyboard: true });
  const texts = (data.words && data.words.texts) || {};
  L.control.zoom({ position: "bottomright", zoomInTitle: texts.zoom_in || "Zoom in", zoomOutTitle: texts.zoom_out || "Zoom out" }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 120 }).addTo(map);
  const fit = (animate) => map.fitBounds(data.bounds, { padding: [28, 28], maxZoom: 15, animate });
  fit(false);
  const small = map.getSize().x < 480 ? 0.75 : 1; // marks shrink on a phone
  map.getContainer().addEventListener("focusin", () => map.scrollWheelZoom.enable());
  map.getContainer().addEventListener("focusout", () => map.scrollWheelZoom.disable());
  // One canvas for all: the topmost alone would hear the mouse, and on paper it hides those beneath.
  const paper = L.canvas({ padding: 0.4, tolerance: 3 });

  // Read once a drawing, for asking the page for its style is slow where it has thousands of rows.
  let palette = {};
  function readColors() {
    const style = getComputedStyle(document.documentElement);
    palette = Object.fromEntries([...names, "road", "road-major", "path", "town"].map((name) =>
      [name, style.getPropertyValue("--" + name).trim()]));
  }
  const color = (name) => palette[name];
  const formats = [0, 1].map((digits) => new Intl.NumberFormat(data.locale || "en-GB",
    { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  const format = (value, digits) => value === null || value === undefined ? "–" : formats[digits || 0].format(value);
  // A message in the page's language with its {places} filled.
  const say = (name, values) => texts[name].replace(/\{(\w+)\}/g, (whole, place) =>
    values && place in values ? String(values[place]) : whole);

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([name, value]) => node.setAttribute(name, value));
    node.append(...children);
    return node;
  }

  // Each point is stored as the step from the one before, in 1e-5 degrees.
  function decode(steps) {
    const points = [];
    let lat = 0, lon = 0;
    for (let k = 0; k < steps.length; k += 2) {
      lat += steps[k];
      lon += steps[k + 1];
      points.push([lat / 1e5, lon / 1e5]);
    }
    return points;
  }

  // Starts a drawing: colours first, then what lies beneath everything.
  function drawBase(roads, towns) {
    readColors();
    roads.clearLayers();
    const look = { path: ["path", 0.8, "2 3"], minor: ["road", 1.2, null], major: ["road-major", 2.4, null] };
    Object.entries(data.roads).forEach(([kind, parts]) => {
      roads.addLayer(L.polyline(parts.map(decode), { renderer: paper, interactive: false, color: color(look[kind][0]),
        weight: look[kind][1], dashArray: look[kind][2], smoothFactor: 1.5 }));
    });
    towns.clearLayers();
    data.towns.forEach((town) => towns.addLayer(L.polyline(town.rings.map(decode),
      { renderer: paper, interactive: false, color: color("town"), weight: 1, dashArray: "6 4", opacity: 0.7 })));
  }

  // Draw again when the colours change. On paper: light colours, the size of the page, everything in view;
  // drawn at once, for printing does not wait.
  function redrawnBy(everything) {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", everything);
    let before = null;
    window.addEventListener("beforeprint", () => {
      before = { center: map.getCenter(), zoom: map.getZoom() };
      document.documentElement.dataset.print = "";
      Object.assign(map.getContainer().style, { width: "125mm", height: "120mm", minHeight: "0" });
      everything();
      map.invalidateSize({ animate: false, pan: false });
      fit(false);
    });
    window.addEventListener("afterprint", () => {
      delete document.documentElement.dataset.print;
      map.getContainer().removeAttribute("style");
      everything();
      map.invalidateSize({ animate: false, pan: false });
      map.setView(before.center, before.zoom, { animate: false });
    });
    new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(map.getContainer());
  }

  return { map, fit, paper, small, color, el, decode, format, say, drawBase, redrawnBy };
};
