// Names on the map: the most important first, and only where there is room.
(function () {
  "use strict";
  const { map, data, visible } = window.planMap;
  const pane = map.createPane("names");
  pane.style.zIndex = 640;
  pane.style.pointerEvents = "none";
  const ruler = document.createElement("canvas").getContext("2d");
  const font = getComputedStyle(document.body).fontFamily;
  const RANK = { hub: 0, full: 2, teaching_point: 3, not_built: 4, closed: 5 };

  function label(entry, kind, rank) {
    const icon = L.divIcon({ className: "map-label", iconSize: null, html: "<span dir=auto></span>" });
    const marker = L.marker(entry.at, { icon, pane: "names", interactive: false, keyboard: false });
    ruler.font = (kind === "town" ? "600 13px " : "600 12px ") + font;
    const width = Math.min(224, ruler.measureText(entry.name).width * (kind === "town" ? 1.12 : 1));
    return { marker, kind, rank, name: entry.name, at: entry.at, width };
  }

  const names = [
    ...data.schools.map((school) => label(school, "school", RANK[school.role])),
    ...data.towns.filter((town) => town.name).map((town) => label(town, "town", 1)),
  ].sort((a, b) => a.rank - b.rank);

  // A school's name stands to its right or, where that is taken or outside, to its left.
  const SIDES = { town: ["middle"], school: ["right", "left"] };
  function box(entry, side) {
    const point = map.latLngToContainerPoint(entry.at);
    const start = { middle: -entry.width / 2 - 4, right: 10, left: -entry.width - 18 }[side];
    const left = point.x + start;
    return { side, left, right: left + entry.width + 8, top: point.y - 9, bottom: point.y + 9 };
  }

  function wanted(entry) {
    if (!visible("labels") || !visible(entry.kind === "town" ? "towns" : "schools")) return false;
    return entry.rank < 4 || map.getZoom() >= 11.5;
  }

  function place() {
    const room = map.getSize();
    const inside = (own) => own.left >= 0 && own.right <= room.x;
    const off = (own) => own.right < 0 || own.left > room.x || own.bottom < 0 || own.top > room.y;
    const taken = data.schools.map((school) => {
      const point = map.latLngToContainerPoint(school.at);
      return { left: point.x - 6, right: point.x + 6, top: point.y - 6, bottom: point.y + 6 };
    });
    for (const entry of names) {
      const free = wanted(entry) && SIDES[entry.kind].map((side) => box(entry, side)).find((own) =>
        (inside(own) || off(own)) && !taken.some((other) =>
          own.left < other.right && own.right > other.left && own.top < other.bottom && own.bottom > other.top));
      if (!free) {
        entry.marker.remove();
        continue;
      }
      taken.push(free);
      if (!map.hasLayer(entry.marker)) entry.marker.addTo(map);
      const node = entry.marker.getElement();
      node.className = node.className.replace(/ ?name-\w+/g, "") + " name-" + entry.kind + " name-" + free.side;
      node.firstChild.textContent = entry.name;
    }
  }

  map.on("zoomend moveend resize", place);
  window.planMap.onSwitch(place);
  place();
})();
