/* Problems come from the server, as {"problems": [Problem.as_dict(), …]} for a POST of the text as form field "text".
   Their positions refer to the text that was sent, which may be older than the text in the editor. */
const running = new WeakMap();

export async function fetchProblems(element, view) {
  running.get(element)?.abort();
  const stop = new AbortController();
  running.set(element, stop);
  const sent = view.state.doc;
  const response = await fetch(element.getAttribute("lint-url"), {
    method: "POST",
    body: new URLSearchParams({ text: sent.toString() }),
    headers: { "X-CSRFToken": document.body.dataset.csrf, Accept: "application/json" },
    signal: stop.signal,
  }).catch(() => null);
  if (!response?.ok) return [];
  const { problems } = await response.json();
  element.dispatchEvent(new CustomEvent("linted", { bubbles: true, detail: { problems } }));
  return problems.map((problem) => toDiagnostic(problem, sent)).sort((a, b) => a.from - b.from);
}

function toDiagnostic(problem, doc) {
  const from = offset(doc, problem.line || 1, problem.column || 1);
  const end = problem.end_line ? offset(doc, problem.end_line, problem.end_column || 1) : from;
  return {
    from,
    to: Math.min(Math.max(end, from + 1), doc.length),
    severity: problem.severity === "warning" ? "warning" : "error",
    message: problem.hint ? `${problem.message} ${problem.hint}` : problem.message,
    source: problem.display_path,
  };
}

function offset(doc, line, column) {
  const found = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return Math.min(found.from + column - 1, found.to);
}
