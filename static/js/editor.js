/* Only pages with an editor load this bundle (143 KB). See code-editor.js for the element. */
import { CodeEditor } from "./code-editor.js";

customElements.define("code-editor", CodeEditor);
