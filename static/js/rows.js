/* Rows of generated forms: remove, move with Alt+arrow, operations that the server carries out, jumps to a field. */
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
    const next = neighbour?.querySelector("input, select, textarea") || row.closest("[data-list]")?.querySelector("[data-op]");
    row.remove();
    next?.focus();
    changed(form);
    return;
  }
  const operation = event.target.closest("[data-op]");
  if (operation?.form?.elements._op && operation.name !== "_op") {
    operation.form.elements._op.value = operation.dataset.op;
    window.htmx.trigger(operation.form, "op");
  }
  const jump = event.target.closest("[data-goto]");
  if (jump) {
    const field = document.getElementById(jump.dataset.goto);
    if (!field) return;
    event.preventDefault();
    const folded = field.closest("details:not([open])");
    if (folded) folded.open = true;
    field.scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  }
});

document.addEventListener("keydown", (event) => {
  const grip = event.target.closest?.("[data-grab]");
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

// <form data-keep>: leaving with unsaved typing asks first.
let unsaved = false;
document.addEventListener("input", (event) => {
  if (event.target.closest?.("form[data-keep]")) unsaved = true;
});
document.addEventListener("submit", () => (unsaved = false));
window.addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
