/* The sidebar of narrow screens, and <details class="menu">, which close on a click outside. */
function setOpen(open) {
  document.body.dataset.menu = open ? "open" : "";
  document.querySelector("[data-menu-toggle]")?.setAttribute("aria-expanded", String(open));
  if (open) document.querySelector(".side a, .side button")?.focus();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-menu-toggle]")) setOpen(document.body.dataset.menu !== "open");
  else if (event.target.closest(".scrim")) setOpen(false);
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (document.body.dataset.menu === "open") {
    setOpen(false);
    document.querySelector("[data-menu-toggle]")?.focus();
  }
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
