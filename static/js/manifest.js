/* The live manifest of a resource. Closing it returns the focus to the link that opened it. */
let opener = null;

document.addEventListener("click", (event) => {
  const link = event.target.closest('[data-opens="live-manifest"]');
  if (link) opener = link;
  const panel = event.target.closest("[data-close-manifest]")?.closest("#live-manifest");
  if (!panel) return;
  const slot = document.createElement("section");
  slot.id = panel.id;
  slot.hidden = true;
  panel.replaceWith(slot);
  if (opener?.isConnected) opener.focus();
});
