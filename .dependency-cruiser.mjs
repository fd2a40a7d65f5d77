// Layers, front doors and cycles. Folder order inside a package is layer order: a folder imports only folders before it.
// Unit tests beside the sources may reach anywhere inside their own package, so they are not cruised for layers.

const test = "\\.test(-d)?\\.ts$";
/** Starts a real server for whoever tests on one: no part of any package. */
const testServer = "^extensions/postgres/test/support/postgres-server\\.ts$";
const portable = "^packages/(core|llm|agentchat)/src/";

/** @param {string} root @param {readonly string[]} folders first = lowest */
function folderOrder(root, folders) {
  return folders.slice(0, -1).map((folder, index) => ({
    name: `layer-${root.replaceAll("/", "-")}-${folder}`,
    comment: `${folder}/ is below ${folders.slice(index + 1).join(", ")}: move the shared part down, or pass it in.`,
    severity: "error",
    from: { path: `^${root}/src/${folder}/`, pathNot: test },
    to: { path: `^${root}/src/(${folders.slice(index + 1).join("|")}|index\\.ts)(/|$)` },
  }));
}

/** @param {{ name: string, from: string, to: string, comment: string }} rule */
function forbidden({ name, from, to, comment }) {
  return { name, comment, severity: "error", from: { path: from }, to: { path: to } };
}

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-value-cycle",
      comment:
        "Modules that need each other at run time are one module, or one of them needs a port. Type-only cycles are free.",
      severity: "error",
      from: { path: "^(packages|extensions)/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    ...folderOrder("packages/core", [
      "errors",
      "async",
      "identity",
      "message",
      "subscription",
      "component",
      "observe",
      "agent",
      "store",
      "intervention",
      "runtime",
      "testing",
    ]),
    forbidden({
      name: "core-is-lowest",
      from: "^packages/core/src/",
      to: "^(packages/(llm|agentchat|troupe)|extensions)/",
      comment: "core knows no language model and no team.",
    }),
    forbidden({
      name: "llm-below-agentchat",
      from: "^packages/llm/src/",
      to: "^(packages/(agentchat|troupe)|extensions)/",
      comment: "llm knows no agent and no team.",
    }),
    forbidden({
      name: "agentchat-below-troupe",
      from: "^packages/agentchat/src/",
      to: "^(packages/troupe|extensions)/",
      comment: "agentchat knows no third-party library.",
    }),
    forbidden({
      name: "extension-below-troupe",
      from: "^extensions/",
      to: "^packages/troupe/",
      comment: "Nothing imports the newcomer's package.",
    }),
    {
      name: "extension-alone",
      comment: "An extension depends on the packages, never on another extension.",
      severity: "error",
      from: { path: "^extensions/([^/]+)/" },
      to: { path: "^extensions/([^/]+)/", pathNot: "^extensions/$1/" },
    },
    {
      name: "front-door-only",
      comment: "A sibling package is entered by an entry of its package.json, by name.",
      severity: "error",
      from: { path: "^((?:packages|extensions)/[^/]+|e2e|bench|examples/[^/]+)/" },
      to: {
        path: "^(packages|extensions)/[^/]+/",
        pathNot: [
          "^$1/",
          "^(packages|extensions)/[^/]+/src/((testing|node)/)?index\\.ts$",
          "^(packages|extensions)/[^/]+/package\\.json$",
          testServer,
        ],
      },
    },
    {
      name: "sibling-by-name",
      comment: "Write the package name, not a relative path into it.",
      severity: "error",
      from: { path: "^((?:packages|extensions)/[^/]+|e2e|bench|examples/[^/]+)/" },
      to: {
        path: "^(packages|extensions)/",
        pathNot: ["^$1/", testServer],
        dependencyTypes: ["local"],
        dependencyTypesNot: ["aliased"],
      },
    },
    {
      name: "no-node-in-portable",
      comment:
        "core, llm and agentchat run in browsers and workers: take the thing as an argument, or move it to troupe/node.",
      severity: "error",
      from: { path: portable, pathNot: test },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-testing-in-production",
      comment: "testing/ is an entry for users' tests; shipped code does not import it.",
      severity: "error",
      from: { path: "^(packages|extensions)/[^/]+/src/", pathNot: [test, "/src/testing/"] },
      to: { path: "/src/testing/" },
    },
    {
      name: "no-dev-dependency-in-src",
      comment: "Shipped code imports only what its package.json promises to install.",
      severity: "error",
      from: { path: "^(packages|extensions)/[^/]+/src/", pathNot: test },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["type-only", "npm", "npm-optional", "npm-peer"],
      },
    },
    {
      name: "resolvable",
      comment: "An import that leads nowhere.",
      severity: "error",
      from: { path: "^(packages|extensions)/", pathNot: "/test/fixtures/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["troupe-source", "import", "node", "default", "types"],
      extensions: [".ts", ".js", ".mjs", ".json"],
    },
  },
};
