/* The theme of the editor. The custom properties of the page apply in the shadow root as well. */
import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-key)" },
  { tag: [tags.string, tags.content, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace, tags.meta], color: "var(--code-comment)" },
]);

export const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "12.5px", color: "var(--text)", backgroundColor: "var(--panel)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--mono)", lineHeight: "20px", letterSpacing: "-0.01em", fontFeatureSettings: '"calt" 0, "liga" 0',
  },
  ".cm-content": { padding: "var(--space-10) 0", caretColor: "var(--accent-text)" },
  ".cm-cursor": { borderLeftColor: "var(--accent-text)" },
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--code-gutter)", border: "0" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "36px" },
  ".cm-foldGutter .cm-gutterElement": { color: "var(--text-3)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--hover) 70%, transparent)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-line) !important" },
  ".cm-tooltip": {
    background: "var(--panel)", color: "var(--text)", border: "1px solid var(--line-strong)", borderRadius: "8px",
    boxShadow: "var(--shadow-3)", overflow: "hidden", fontFamily: "var(--sans)", maxWidth: "520px",
  },
  ".cm-tooltip-autocomplete ul li": { padding: "var(--space-4) var(--space-10)", fontFamily: "var(--mono)", fontSize: "12px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent)", color: "var(--on-accent)" },
  ".cm-diagnostic": { padding: "var(--space-6) var(--space-10)", borderLeftWidth: "3px" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--wait)" },
  ".cm-panels": { background: "var(--sunken)", color: "var(--text)", borderColor: "var(--line)" },
  ".cm-textfield": { background: "var(--input)", border: "1px solid var(--line-strong)", borderRadius: "5px" },
  ".cm-button": { background: "var(--panel)", border: "1px solid var(--line-strong)", borderRadius: "5px" },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { background: "var(--hover)", color: "var(--text)" },
});
