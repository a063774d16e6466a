/* Extensions look for htmx on the window, so it must be there before they are loaded. */
import htmx from "htmx.org";

window.htmx = htmx;
