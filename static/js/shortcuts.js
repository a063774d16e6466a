/* Keys: "/" to the filter of the page, "g" and a letter to go somewhere, "?" for the list of keys. */
const GO_WITHIN = 1200;
let wentAt = 0;

export function typing(target) {
  return target.closest?.("input, textarea, select, code-editor, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (performance.now() - wentAt < GO_WITHIN) {
    wentAt = 0;
    const link = document.querySelector(`.nav a[data-key="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      location.assign(link.href);
      return;
    }
  }
  if (event.key === "g") {
    wentAt = performance.now();
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
