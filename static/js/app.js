/* Every page loads this bundle. Each part listens on the document, so it also serves what htmx swaps in later. */
import "./htmx.js";
import "./theme.js";
import "./menu.js";
import "./toasts.js";
import "./copy.js";
import "./manifest.js";
import "./rows.js";
import "./graph.js";
import "./shortcuts.js";
import "./palette.js";
import "./live.js";
