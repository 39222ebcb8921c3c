// node build.js '{"into": FOLDER, "examples": […], "madeOf": DIGEST}': bundles the page.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { build } from "esbuild";

const { into, examples, madeOf } = JSON.parse(process.argv[2]);
const WORKERS = {
  editor: "node_modules/monaco-editor/esm/vs/editor/editor.worker.js",
  json: "node_modules/monaco-editor/esm/vs/language/json/json.worker.js",
  graphql: "node_modules/monaco-graphql/esm/graphql.worker.js",
};
const inputs = new Set();

/** Files under names that hold a hash of what is in them; what became of each entry point. */
async function bundle(entryPoints, options) {
  const { metafile } = await build({
    entryPoints,
    outdir: join(into, "assets"),
    bundle: true,
    minify: true,
    metafile: true,
    target: "es2022",
    entryNames: "[name]-[hash]",
    chunkNames: "part-[hash]",
    legalComments: "none", // the licenses are in a file of their own
    logLevel: "warning",
    preserveSymlinks: true,
    ...options,
  });
  Object.keys(metafile.inputs).forEach((name) => inputs.add(name));
  const outputs = Object.entries(metafile.outputs);
  return entryPoints.map((from) => {
    const [name, { cssBundle }] = outputs.find(([, { entryPoint }]) => entryPoint === from);
    return { script: basename(name), style: cssBundle && basename(cssBundle) };
  });
}

/** What the licenses of everything that was bundled ask to be passed on. */
function licenses() {
  const paths = [...inputs].map((name) => name.match(/node_modules\/(@[^/]+\/)?[^/]+(?=\/)/g)?.join("/"));
  const packages = [...new Set(paths.filter(Boolean))].sort();
  return packages.map((path) => {
    const { name, version, license } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    const texts = readdirSync(path).filter((file) => /^(licen[cs]e|notice|thirdparty)/i.test(file));
    const told = texts.map((file) => readFileSync(join(path, file), "utf8").trim());
    return [`${name} ${version} (${license})`, ...told].join("\n\n");
  });
}

/** The editor imports parts of its style sheet; GraphiQL's has all of it. */
const styledAlready = {
  name: "styled-already",
  setup: ({ onLoad }) => onLoad({ filter: /monaco-editor.*\.css$/ }, () => ({ contents: "" })),
};

const made = await bundle(Object.values(WORKERS), { format: "iife" });
const workers = Object.keys(WORKERS).map((label, at) => [label, made[at].script]);
const [page] = await bundle(["page.tsx"], {
  format: "esm",
  splitting: true,
  jsx: "automatic",
  plugins: [styledAlready],
  define: {
    "process.env.NODE_ENV": '"production"',
    EXAMPLES: JSON.stringify(examples),
    WORKERS: JSON.stringify(Object.fromEntries(workers)),
  },
});
writeFileSync(join(into, "licenses.txt"), licenses().join(`\n\n${"-".repeat(80)}\n\n`));
writeFileSync(join(into, "manifest.json"), JSON.stringify({ ...page, madeOf }));
