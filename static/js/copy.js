/* <button data-copy="text"> or <button data-copy-from="id">: copies, and confirms it for two seconds. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const text = source ? (source.value ?? source.dataset.source ?? source.innerText) : button.dataset.copy;
  await navigator.clipboard.writeText(text);
  const use = button.querySelector("use");
  const before = use?.getAttribute("href");
  const label = button.getAttribute("aria-label");
  use?.setAttribute("href", before.replace(/#.*/, "#check"));
  button.setAttribute("aria-label", "Copied");
  setTimeout(() => {
    use?.setAttribute("href", before);
    if (label) button.setAttribute("aria-label", label);
  }, 2000);
});
