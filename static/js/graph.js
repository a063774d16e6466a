/* Lights up the edges of the node that is pointed at. Nodes carry data-node, edges data-from and data-to. */
for (const kind of ["mouseover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    document.querySelectorAll(".edge.lit").forEach((edge) => edge.classList.remove("lit"));
    const node = event.target.closest?.(".node[data-node]");
    if (!node) return;
    const id = CSS.escape(node.dataset.node);
    const own = `.edge[data-from="${id}"], .edge[data-to="${id}"]`;
    node.closest("svg")?.querySelectorAll(own).forEach((edge) => edge.classList.add("lit"));
  });
}
