/* Highlights the edges of the hovered or focused node. Nodes have data-node, edges data-from and data-to. */
for (const kind of ["mouseover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    document.querySelectorAll(".edge.highlighted").forEach((edge) => edge.classList.remove("highlighted"));
    const node = event.target.closest?.(".node[data-node]");
    if (!node) return;
    const id = CSS.escape(node.dataset.node);
    const own = `.edge[data-from="${id}"], .edge[data-to="${id}"]`;
    node.closest("svg")?.querySelectorAll(own).forEach((edge) => edge.classList.add("highlighted"));
  });
}
