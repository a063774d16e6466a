/* Input that was typed or removed after a form was sent is newer than the response, which must not overwrite it.

   The next request includes it, as a form is serialised when its request leaves the queue. */
const typedAt = new WeakMap();
const removedAt = new Map();
const sentAt = new WeakMap();
let currentResponse = Infinity;

for (const kind of ["input", "change"]) {
  document.addEventListener(
    kind,
    ({ target }) => {
      if (!target.matches("input, select, textarea")) return;
      // Choosing a radio input changes all inputs of its group.
      const group = target.type === "radio" && target.form?.elements[target.name];
      for (const field of group instanceof RadioNodeList ? group : [target]) typedAt.set(field, performance.now());
    },
    true,
  );
}

export function markSent(request) {
  sentAt.set(request, performance.now());
}

/** The response to this request is being swapped in. */
export function beginResponse(request) {
  currentResponse = sentAt.get(request) ?? Infinity;
}

export function isNewer(field) {
  return (typedAt.get(field) ?? 0) > currentResponse;
}

/** The name of a row on the server, from its button. */
const nameOf = (row) => row.querySelector?.("[data-remove]")?.value;

export function markRemoved(row) {
  removedAt.set(nameOf(row), performance.now());
}

export function isRemoved(node) {
  return Boolean(node.dataset?.row) && (removedAt.get(nameOf(node)) ?? 0) > currentResponse;
}
