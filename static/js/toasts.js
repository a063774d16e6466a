/* Toasts. Errors stay until they are closed; others disappear after some seconds. */
const DURATION = 6000;
const ICONS = { success: "circle-check", info: "info", warning: "triangle-alert", error: "circle-alert" };

function removeLater(element) {
  if (element.dataset.state !== "error") setTimeout(() => element.remove(), DURATION);
}

export function toast(state, text) {
  const container = document.getElementById("toasts");
  const pattern = document.getElementById("toast-pattern");
  if (!container || !pattern) return;
  // Do not repeat a message that is already shown.
  for (const shown of container.children) if (shown.querySelector("p")?.textContent === text) shown.remove();
  const element = pattern.content.firstElementChild.cloneNode(true);
  element.dataset.state = state;
  const use = element.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[state] || "info"}`));
  element.querySelector("p").textContent = text;
  container.append(element);
  removeLater(element);
}

document.querySelectorAll(".toast").forEach(removeLater);

document.addEventListener("click", (event) => {
  event.target.closest("[data-close-toast]")?.closest(".toast").remove();
  event.target.closest("[data-close-dialog]")?.closest("dialog").close();
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
});

// The server shows a toast with a header: HX-Trigger: {"toast": {"state": "success", "text": "Saved."}}
document.addEventListener("toast", (event) => toast(event.detail.state || "info", event.detail.text));
