/* <code-editor lint-url="…" label="…"><textarea name="text">…</textarea></code-editor>

   CodeMirror 6 in a shadow root, where its styles are adopted style sheets, which style-src 'self' allows. The textarea
   remains in the page, so that the form is submitted as without JavaScript.
   Events: "linted" {problems}, "edited". Methods: goto(line, column), value. Attributes: language, lint-url, readonly. */
import { closeBrackets, closeBracketsKeymap, autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, linter } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers,
} from "@codemirror/view";
import { completeReferences } from "./editor-complete.js";
import { colours, theme } from "./editor-theme.js";
import { fetchProblems } from "./editor-lint.js";

const LINT_AFTER = 300;

export class CodeEditor extends HTMLElement {
  connectedCallback() {
    if (this.view) return;
    this.area = this.querySelector("textarea");
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(":host { display: block } div.host { height: 100% }");
    root.adoptedStyleSheets = [sheet];
    const host = document.createElement("div");
    host.className = "host";
    root.replaceChildren(host, document.createElement("slot"));
    this.view = new EditorView({ root, parent: host, state: this.state(this.area.value) });
    this.setAttribute("ready", "");
    const position = /^#L(\d+)(?:C(\d+))?$/.exec(location.hash);
    if (position) this.goto(Number(position[1]), Number(position[2] || 1));
    // Navigating back restores the textarea after this element is created.
    addEventListener("pageshow", () => this.area.value !== this.value && (this.value = this.area.value), { once: true });
  }

  disconnectedCallback() {
    this.view?.destroy();
    this.view = null;
  }

  get value() {
    return this.view.state.doc.toString();
  }

  set value(text) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
  }

  /** Moves the cursor to a 1-based line and column and scrolls it into view. */
  goto(line, column = 1) {
    const at = this.view.state.doc.line(Math.min(Math.max(line, 1), this.view.state.doc.lines));
    const anchor = Math.min(at.from + Math.max(column, 1) - 1, at.to);
    this.view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    this.view.focus();
  }

  state(doc) {
    const label = this.getAttribute("label") || this.area.getAttribute("aria-label") || "Text";
    const readOnly = this.hasAttribute("readonly");
    const extensions = [
      lineNumbers(), foldGutter(), highlightSpecialChars(), history(), drawSelection(), indentUnit.of("  "),
      indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(), highlightActiveLineGutter(),
      highlightSelectionMatches(), search({ top: true }), syntaxHighlighting(colours), theme, yaml(),
      EditorState.readOnly.of(readOnly),
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
      EditorView.updateListener.of((update) => update.docChanged && this.edited()),
      keymap.of([
        ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap,
        ...completionKeymap, ...lintKeymap,
      ]),
    ];
    if (!readOnly) extensions.push(autocompletion({ override: [completeReferences] }));
    if (this.hasAttribute("lint-url")) {
      extensions.push(lintGutter(), linter((view) => fetchProblems(this, view), { delay: LINT_AFTER }));
    }
    return EditorState.create({ doc, extensions });
  }

  edited() {
    this.area.value = this.value;
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
    this.dispatchEvent(new CustomEvent("edited", { bubbles: true }));
  }
}

// <button data-goto-line="12" data-goto-column="5" data-editor="id">
document.addEventListener("click", (event) => {
  const jump = event.target.closest("[data-goto-line]");
  if (!jump) return;
  event.preventDefault();
  const editor = document.getElementById(jump.dataset.editor) || document.querySelector("code-editor");
  editor?.goto(Number(jump.dataset.gotoLine), Number(jump.dataset.gotoColumn || 1));
});
