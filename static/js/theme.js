/* Light or dark: the server renders data-theme from the cookie, so there is never a flash. */
const root = document.documentElement;

function shown() {
  if (root.dataset.theme !== "auto") return root.dataset.theme;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function setTheme(theme) {
  root.dataset.theme = theme;
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `theme=${theme};path=/;max-age=31536000;samesite=lax${secure}`;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-toggle]")) setTheme(shown() === "dark" ? "light" : "dark");
});

document.addEventListener("change", (event) => {
  if (event.target.matches("input[data-theme-choice]")) setTheme(event.target.value);
});
