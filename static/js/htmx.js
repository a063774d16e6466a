/* htmx with idiomorph's "morph" swap. Names of htmx events are used in this file only: version 4 renames them. */
import "./htmx-global.js";
import { Idiomorph } from "idiomorph/htmx";
import { toast } from "./toasts.js";
import { beginResponse, isNewer, isRemoved, markSent } from "./pending-input.js";

// A <details> that was opened stays open when a response is morphed in; the response may only open more.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element, type) =>
  !(name === "open" && type === "remove" && element.matches("details"));

// An open live manifest stays open although the page is rendered without it; it refreshes itself.
// Input that is newer than the request is not overwritten.
Idiomorph.defaults.callbacks.beforeNodeMorphed = (before, after) =>
  !isNewer(before) && !(before.id === "live-manifest" && before.childElementCount && !after.childElementCount);

Idiomorph.defaults.callbacks.beforeNodeAdded = (node) => !isRemoved(node);

document.addEventListener("htmx:beforeSend", (event) => markSent(event.detail.xhr));
document.addEventListener("htmx:beforeSwap", (event) => beginResponse(event.detail.xhr));

// Failures of automatic refreshes are shown by the label of the page ("Reconnecting"), not by toasts.
const isRefresh = ({ detail }) => detail.requestConfig?.triggeringEvent?.type.startsWith("changed-") ?? false;

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status >= 500 && isRefresh(event)) return;
  const status = event.detail.xhr.status;
  const messages = {
    401: "You are signed out. Reload the page to sign in again.",
    403: "Permission denied, or the page has expired. Reload the page and try again.",
    404: "Not found. Reload the page.",
    413: "The request is too large. Your input is preserved.",
    422: "The input is too large or invalid. Your input is preserved.",
    503: "The database is busy. Your input is preserved; try again in a few seconds.",
  };
  toast("error", messages[status] || `The server reported an error (${status}). Your input is preserved; try again.`);
});

// Focus what the user opened; a refresh does not move the focus.
document.addEventListener("htmx:afterSwap", (event) => {
  const opened = event.detail.requestConfig?.elt?.dataset?.opens;
  if (opened) document.getElementById(opened)?.focus({ preventScroll: true });
});

document.addEventListener("htmx:sendError", (event) => {
  if (!isRefresh(event)) toast("error", "The server is unreachable. Try again shortly.");
});

// An expired session returns the sign-in page instead of a fragment: reload to show it as a page.
document.addEventListener("htmx:beforeSwap", (event) => {
  const responseUrl = new URL(event.detail.xhr.responseURL || location.href, location.href);
  // An error response with the target's id is a fragment for that target.
  const { target, xhr } = event.detail;
  if (xhr.status >= 400 && target.id && xhr.responseText.includes(`id="${target.id}"`)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
  if (responseUrl.pathname === document.body.dataset.loginUrl && location.pathname !== responseUrl.pathname) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});
