// The keys of the page of transfers. Everything they do, a link or a button of the page does as well: they only move
// the focus there. What is booked is booked by a form. Essaim, AGPL-3.0-or-later.

const page = document.getElementById("movements");
const movements = [...page.querySelectorAll("details.movement")];
const told = page.querySelector("[data-told]");
const legend = page.querySelector("[data-keys]");
const active = page.querySelector("[data-switch]");
const KEPT = "essaim-keys";
let sending = false;

// Said anew even where it is the same as before, so that screen readers say it again.
function say(text) {
  told.textContent = "";
  requestAnimationFrame(() => { told.textContent = text; });
}

const words = element => element.textContent.replace(/\s+/g, " ").trim();
const opened = () => movements.find(one => one.open);
const group = movement => movement.querySelector(".opened");
const takes = movement => [...movement.querySelectorAll("[data-take]")];

function open(movement) {
  movement.open = true;
  group(movement).focus({ preventScroll: true });
  movement.scrollIntoView({ block: "nearest" });
}

// From the first movement one goes nowhere by `k`, from the last nowhere by `j`: both are said.
function move(step) {
  if (!movements.length) return;
  const now = movements.indexOf(opened());
  const entered = now >= 0 && group(movements[now]).contains(document.activeElement);
  const next = now < 0 ? 0 : !entered && step > 0 ? now : now + step;
  if (next < 0) say(page.dataset.first);
  else if (next >= movements.length) say(page.dataset.last);
  else open(movements[next]);
}

function take(rank) {
  const movement = opened();
  const button = movement && takes(movement)[rank];
  if (!button) return say(page.dataset.none);
  button.focus();
  return say(`${words(button)}. ${page.dataset.taken}`);
}

function type(key) {
  const field = opened()?.querySelector(`[data-key="${key}"]`);
  if (!field) return say(page.dataset.none);
  field.closest("details").open = true;
  field.focus();
  return field.select?.();
}

function undo() {
  const button = page.querySelector("[data-undo]");
  if (!button) return say(page.dataset.noUndo);
  button.focus();
  return say(`${words(button)}. ${page.dataset.taken}`);
}

function act(event) {
  const { key, target } = event;
  const inside = target.closest("button, a, summary, input, select");
  if (key === "j" || key === "ArrowDown") move(1);
  else if (key === "k" || key === "ArrowUp") move(-1);
  else if (key === "Enter" && !inside) take(0);
  else if (key === "y" && target.matches("[data-take], [data-undo]")) target.click();
  else if (/^[1-9]$/.test(key)) take(Number(key) - 1);
  else if (["/", "m", "g", "f"].includes(key)) type(key);
  else if (key === "u") undo();
  else return;
  event.preventDefault();
}

const types = target => target.matches("input:not([type=checkbox]), select, textarea");

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  // A key that is held down books nothing twice, nor the next one.
  if (event.repeat && (event.key === "Enter" || event.key === "y")) return event.preventDefault();
  if (event.key === "Escape" && opened() && group(opened()).contains(event.target)) {
    group(opened()).focus();
    return event.preventDefault();
  }
  if (active?.checked && !types(event.target)) act(event);
});

page.addEventListener("submit", event => {
  if (sending) event.preventDefault();
  sending = true;
});
// Back from the page that followed, by the browser's own button: forms may be sent again.
addEventListener("pageshow", () => { sending = false; });

if (legend) {
  legend.hidden = false;
  active.checked = localStorage.getItem(KEPT) !== "off";
  active.addEventListener("change", () => localStorage.setItem(KEPT, active.checked ? "on" : "off"));
}
const result = page.querySelector(".done p, [role=alert]");
if (result) say(words(result));
page.querySelector("[data-found]")?.focus();
