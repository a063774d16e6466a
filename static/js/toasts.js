/* Short messages in a corner. Errors stay until they are closed; the rest leave after a while. */
const STAY = 6000;
const ICONS = { success: "circle-check", info: "info", warning: "triangle-alert", error: "circle-alert" };

function leaveLater(element) {
  if (element.dataset.state !== "error") setTimeout(() => element.remove(), STAY);
}

export function toast(state, text) {
  const place = document.getElementById("toasts");
  const pattern = document.getElementById("toast-pattern");
  if (!place || !pattern) return;
  // The same words twice say no more than once.
  for (const shown of place.children) if (shown.querySelector("p")?.textContent === text) shown.remove();
  const element = pattern.content.firstElementChild.cloneNode(true);
  element.dataset.state = state;
  const use = element.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[state] || "info"}`));
  element.querySelector("p").textContent = text;
  place.append(element);
  leaveLater(element);
}

document.querySelectorAll(".toast").forEach(leaveLater);

document.addEventListener("click", (event) => {
  event.target.closest("[data-close-toast]")?.closest(".toast").remove();
  event.target.closest("[data-close-dialog]")?.closest("dialog").close();
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
});

// The server says so with a header: HX-Trigger: {"toast": {"state": "success", "text": "Saved."}}
document.addEventListener("toast", (event) => toast(event.detail.state || "info", event.detail.text));
