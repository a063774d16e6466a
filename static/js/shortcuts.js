/* Keyboard shortcuts: "/" focuses the filter, "g" and a letter open a page, "?" lists all shortcuts. */
const PREFIX_TIMEOUT = 1200;
let prefixPressedAt = 0;

export function typing(target) {
  return target.closest?.("input, textarea, select, code-editor, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (performance.now() - prefixPressedAt < PREFIX_TIMEOUT) {
    prefixPressedAt = 0;
    const link = document.querySelector(`.nav a[data-key="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      location.assign(link.href);
      return;
    }
  }
  if (event.key === "g") {
    prefixPressedAt = performance.now();
  } else if (event.key === "/") {
    const field = document.querySelector("main input[type=search]");
    event.preventDefault();
    if (field) {
      field.focus();
      field.select();
    } else document.dispatchEvent(new Event("palette:open"));
  } else if (event.key === "?") {
    event.preventDefault();
    document.getElementById("keys")?.showModal();
  }
});
