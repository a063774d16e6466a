/* Rows of generated forms: remove, move with Alt+arrow; links that focus a field. */
import { markRemoved } from "./pending-input.js";

function changed(form) {
  form?.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const remover = event.target.closest("[data-remove]");
  if (remover) {
    event.preventDefault();
    const row = remover.closest("[data-row]");
    const form = row.closest("form");
    const neighbour = [row.nextElementSibling, row.previousElementSibling].find((one) => one?.matches("[data-row]"));
    const next = neighbour?.querySelector("input, select, textarea") || row.closest("[data-list]")?.querySelector('[name="_op"][value^="add:"]');
    markRemoved(row);
    row.remove();
    next?.focus();
    changed(form);
    return;
  }
  const jump = event.target.closest("[data-goto]");
  if (jump) {
    const field = document.getElementById(jump.dataset.goto);
    if (!field) return;
    event.preventDefault();
    const collapsed = field.closest("details:not([open])");
    if (collapsed) collapsed.open = true;
    field.scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  }
});

document.addEventListener("keydown", (event) => {
  const grip = event.target.closest?.("[data-move]");
  if (!grip || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  const row = grip.closest("[data-row]");
  const up = event.key === "ArrowUp";
  const other = up ? row.previousElementSibling : row.nextElementSibling;
  if (!other?.matches("[data-row]")) return;
  if (up) other.before(row);
  else other.after(row);
  grip.focus();
  changed(row.closest("form"));
});
