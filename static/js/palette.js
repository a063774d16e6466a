/* The command palette. The server searches and renders; this moves the selection and opens results. */
const palette = document.getElementById("palette");
const field = palette?.querySelector("input");
const options = () => [...palette.querySelectorAll("[role=option]")];

function select(option) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === option));
  if (!option) return field.removeAttribute("aria-activedescendant");
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function open() {
  if (!palette || palette.open) return;
  palette.showModal();
  field.select();
  window.htmx.trigger(field, "palette-open");
}

function go(option, newTab) {
  if (!option) return;
  if (newTab) window.open(option.dataset.href, "_blank", "noopener");
  else location.assign(option.dataset.href);
}

document.addEventListener("palette:open", open);

document.addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (palette?.open) palette.close();
    else open();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-palette]")) open();
  if (event.target === palette) palette.close();
});

palette?.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
  event.preventDefault();
  const all = options();
  const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "Enter") go(all[Math.max(at, 0)], event.metaKey || event.ctrlKey);
  else if (all.length) select(all[(at + (event.key === "ArrowDown" ? 1 : all.length - (at < 0 ? 0 : 1))) % all.length]);
});

palette?.addEventListener("click", (event) => go(event.target.closest("[role=option]"), event.metaKey || event.ctrlKey));
palette?.addEventListener("htmx:afterSettle", () => select(options()[0]));
