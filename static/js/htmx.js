/* htmx with idiomorph's "morph" swap. Names of htmx events are used in this file only: version 4 renames them. */
import "./htmx-global.js";
import { Idiomorph } from "idiomorph/htmx";
import { toast } from "./toasts.js";
import { answering, isNewer, isRemoved, sent } from "./typed.js";

// What somebody unfolded stays unfolded when the server's answer is morphed in; the server may only unfold more.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element, type) =>
  !(name === "open" && type === "remove" && element.matches("details"));

// What the reader opened by hand, and the server draws empty, stays open; it asks for news by itself.
// What somebody typed since the question was asked stays typed.
Idiomorph.defaults.callbacks.beforeNodeMorphed = (before, after) =>
  !isNewer(before) && !(before.id === "live-manifest" && before.childElementCount && !after.childElementCount);

Idiomorph.defaults.callbacks.beforeNodeAdded = (node) => !isRemoved(node);

document.addEventListener("htmx:beforeSend", (event) => sent(event.detail.xhr));
document.addEventListener("htmx:beforeSwap", (event) => answering(event.detail.xhr));

// A page that asks for news by itself shows at its own label ("Reconnecting") that none come.
const byItself = ({ detail }) => detail.requestConfig?.triggeringEvent?.type.startsWith("changed-") ?? false;

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status >= 500 && byItself(event)) return;
  const status = event.detail.xhr.status;
  const words = {
    401: "You are signed out. Reload the page to sign in again.",
    403: "You may not do that, or the page is too old. Reload it and try again.",
    404: "That is gone. Reload the page.",
    413: "That is too large.",
  };
  toast("error", words[status] || `The server could not do that (${status}). Nothing was lost; try again.`);
});

// What was asked for by name is where the reader goes on; a refresh of it moves nobody.
document.addEventListener("htmx:afterSwap", (event) => {
  const opened = event.detail.requestConfig?.elt?.dataset?.opens;
  if (opened) document.getElementById(opened)?.focus({ preventScroll: true });
});

document.addEventListener("htmx:sendError", (event) => {
  if (!byItself(event)) toast("error", "The server cannot be reached. Try again in a moment.");
});

// A session that ended answers a fragment with the sign-in page: show it as a page and not inside the fragment.
document.addEventListener("htmx:beforeSwap", (event) => {
  const answered = new URL(event.detail.xhr.responseURL || location.href, location.href);
  // A problem that is written for the place that asked is shown there.
  const { target, xhr } = event.detail;
  if (xhr.status >= 400 && target.id && xhr.responseText.includes(`id="${target.id}"`)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
  if (answered.pathname === document.body.dataset.loginUrl && location.pathname !== answered.pathname) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});
