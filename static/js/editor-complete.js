/* Completes "schema" and the resource ids of the current text inside ${…}. */
const OPEN = /\$\{[^}\n]*$/;
const RESOURCE_ID = /^\s*(?:-\s+)?id:\s*["']?([A-Za-z]\w*)/gm;

export function completeReferences(context) {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const word = /[A-Za-z_]\w*$/.exec(before);
  if (!OPEN.test(before) || (!word && !context.explicit && !before.endsWith("${"))) return null;
  const from = context.pos - (word ? word[0].length : 0);
  if (before[before.length - (word ? word[0].length : 0) - 1] === ".") return null;
  const ids = [...context.state.doc.toString().matchAll(RESOURCE_ID)].map((match) => match[1]);
  const options = [...new Set(ids)].map((label) => ({ label, type: "variable" }));
  options.unshift({ label: "schema.spec", type: "keyword" }, { label: "schema.metadata", type: "keyword" });
  return { from, options, validFor: /^[\w.]*$/ };
}
