/* What was typed or removed after a form was sent is newer than the answer: drawing the answer must not take it back.

   The form sends what it holds when its turn comes, so the next answer knows the typed text as well. */
const typedAt = new WeakMap();
const removedAt = new Map();
const sentAt = new WeakMap();
let answerOf = Infinity;

for (const kind of ["input", "change"]) {
  document.addEventListener(
    kind,
    ({ target }) => {
      if (!target.matches("input, select, textarea")) return;
      // Of radio inputs with one name, each changes with the one that is chosen.
      const group = target.type === "radio" && target.form?.elements[target.name];
      for (const field of group instanceof RadioNodeList ? group : [target]) typedAt.set(field, performance.now());
    },
    true,
  );
}

export function sent(request) {
  sentAt.set(request, performance.now());
}

/** From now on an answer to this request is drawn. */
export function answering(request) {
  answerOf = sentAt.get(request) ?? Infinity;
}

export function isNewer(field) {
  return (typedAt.get(field) ?? 0) > answerOf;
}

/** The server's name of a row, from its own button. */
const nameOf = (row) => row.querySelector?.("[data-remove]")?.value;

export function removed(row) {
  removedAt.set(nameOf(row), performance.now());
}

export function isRemoved(node) {
  return Boolean(node.dataset?.row) && (removedAt.get(nameOf(node)) ?? 0) > answerOf;
}
