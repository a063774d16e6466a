/* Turns static/css, static/js and static/icons into static/dist: two scripts, one style sheet, fonts, the icon sprite,
   and the licence texts of everything shipped. Run by `make setup`; the result is never committed. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const modules = join(root, "node_modules");
const target = join(root, "static", "dist");
// Built beside and moved into place, so that a server that runs meanwhile never sees half of it.
const fresh = join(root, "static", "dist.new");

await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["static/js/app.js", "static/js/editor.js", "static/css/app.css"],
  outdir: fresh,
  entryNames: "[name]",
  assetNames: "fonts/[name]",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome123", "firefox120", "safari17.5"],
  loader: { ".woff2": "file" },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

await writeFile(join(fresh, "icons.svg"), await sprite());
await writeFile(join(fresh, "NOTICES.txt"), await notices(Object.keys(metafile.inputs)));
await rm(target, { recursive: true, force: true });
await rename(fresh, target);
console.log(`static/dist: ${(await readdir(target)).join(", ")}`);

/** One <symbol> per name in static/icons/names.txt. A name that Lucide does not have stops the build. */
async function sprite() {
  const lines = (await readFile(join(root, "static/icons/names.txt"), "utf8")).split("\n");
  const names = lines.filter((line) => !line.startsWith("#")).flatMap((line) => line.split(/\s+/).filter(Boolean));
  const missing = names.filter((name) => !existsSync(iconFile(name)));
  if (missing.length) throw new Error(`lucide-static has no icon called ${missing.join(", ")}: mend static/icons/names.txt`);
  const symbols = await Promise.all([...new Set(names)].sort().map(symbol));
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

async function symbol(name) {
  const [, shapes] = /<svg[^>]*>(.*)<\/svg>/s.exec(await readFile(iconFile(name), "utf8"));
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s+/g, " ").trim()}</symbol>`;
}

function iconFile(name) {
  return join(modules, "lucide-static", "icons", `${name}.svg`);
}

/** The licence text of each package that a bundle really took something from, and of the icons. */
async function notices(inputs) {
  const packages = new Set(["lucide-static"]);
  for (const input of inputs) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.add(found[1]);
  }
  const texts = await Promise.all([...packages].sort().map(notice));
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

async function notice(name) {
  const folder = join(modules, name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? await readFile(join(folder, file), "utf8") : "";
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}
