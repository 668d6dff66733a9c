// A graph says its value where one points, and along a slider for the keyboard and for fingers. Whoever has no script
// has the words below the graph and the table behind it. Essaim, AGPL-3.0-or-later.

// The edges of what is drawn: monitoring/svg.py.
const LEFT = 72, RIGHT = 392, TOP = 10, BOTTOM = 146;
const SVG = "http://www.w3.org/2000/svg";

function reader(place) {
  const points = JSON.parse(place.dataset.points);
  const wide = Number(place.dataset.wide);
  const drawing = place.closest("figure").querySelector("svg.graph");
  if (!drawing || !points.length) return;

  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = 0;
  slider.max = points.length - 1;
  slider.value = slider.max;
  slider.setAttribute("aria-label", place.dataset.label);
  const said = document.createElement("p");
  said.className = "said";
  said.setAttribute("aria-hidden", "true"); // the slider says it already
  place.append(slider, said);
  const cursor = drawing.appendChild(document.createElementNS(SVG, "path"));
  cursor.setAttribute("class", "cursor");

  function show(shown) {
    const rank = Number(slider.value);
    const at = Math.min(LEFT + (rank + 0.5) * wide, RIGHT);
    said.textContent = shown ? points[rank] : place.dataset.label;
    slider.setAttribute("aria-valuetext", points[rank]);
    cursor.setAttribute("d", shown ? `M${at} ${TOP}V${BOTTOM}` : "");
  }

  function point(event) {
    const box = drawing.getBoundingClientRect();
    const x = (event.clientX - box.left) * drawing.viewBox.baseVal.width / box.width;
    slider.value = Math.max(0, Math.min(points.length - 1, Math.floor((x - LEFT) / wide)));
    show(true);
  }

  slider.addEventListener("input", () => show(true));
  slider.addEventListener("focus", () => show(true));
  slider.addEventListener("blur", () => show(false));
  drawing.addEventListener("pointermove", point);
  drawing.addEventListener("pointerdown", point);
  drawing.addEventListener("pointerleave", () => show(document.activeElement === slider));
  show(false);
}

document.querySelectorAll(".reader").forEach(reader);
