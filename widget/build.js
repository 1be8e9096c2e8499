// Builds what Frontdesk serves: launcher, panel and locales, with content hashes in their names.
// `node build.js [folder]`; the folder is emptied first. The same sources give the same bytes.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "../src/frontdesk/web/static/widget"));

// A style sheet becomes a string: the page's CSP allows no <style>, but takes adopted style sheets.
const css = {
  name: "css",
  setup(plugins) {
    plugins.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true, target: "chrome111" });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

// lit's templates keep the line breaks of the source: none of them is shown.
const templates = {
  name: "templates",
  setup(plugins) {
    plugins.onLoad({ filter: /src\/(views\/.*|panel)\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/>\n\s+</g, "><").replace(/\n\s+(?=[@.?a-z-]+=)/g, " "),
      loader: "js",
    }));
  },
};

async function bundle(entry, format, define = {}) {
  const { outputFiles } = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    write: false,
    minify: true,
    format,
    target: ["chrome111", "firefox115", "safari16.4"],
    charset: "utf8",
    legalComments: "none",
    define,
    plugins: [css, templates],
  });
  return outputFiles[0].text;
}

function write(name, text) {
  writeFileSync(join(out, name), text);
  return name;
}

function hashed(stem, text) {
  return write(`${stem}.${createHash("sha256").update(text).digest("hex").slice(0, 8)}.js`, text);
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const locales = {};
for (const file of readdirSync(join(here, "src/locales")).sort()) {
  const name = file.replace(".js", "");
  if (name !== "en") locales[name] = hashed(name, await bundle(`locales/${file}`, "esm"));
}
const panel = hashed("panel", await bundle("panel.js", "esm", { LOCALES: JSON.stringify(locales) }));
write("widget.js", await bundle("launcher.js", "iife", { PANEL: JSON.stringify(panel) }));

const parts = ["eventsource-parser", "lit", "lit-html", "lit-element", "@lit/reactive-element", "marked"];
const licences = parts.map((name) => {
  const folder = join(here, "node_modules", name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
});
write("licenses.txt", licences.join("\n----------------------------------------\n\n"));
