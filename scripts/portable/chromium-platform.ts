// Chromium of the operating system, driven by playwright-core: the bundle is loaded by a page.
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { installPackage } from "./install-runtime.ts";
import { type Bundle, parseReport, type Platform, type PlatformOutcome } from "./platform.ts";

/** What is used of playwright-core; it is installed on demand, so its types are not there to import. */
interface PlaywrightCore {
  readonly chromium: {
    launch(options: { executablePath: string; args: readonly string[] }): Promise<{
      version(): string;
      newPage(): Promise<{ goto(url: string): Promise<unknown>; evaluate(script: string): Promise<unknown> }>;
      close(): Promise<void>;
    }>;
  };
}

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The browser: `CHROMIUM_PATH`, or the first known name on the PATH. */
function findBrowser(): string | undefined {
  const given = process.env["CHROMIUM_PATH"];
  if (given !== undefined) return given;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
}

/** Serves an empty page and the bundle on a free port of this machine. */
function serveBundle(bundle: Bundle): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, answer) => {
    const isScript = request.url === "/suites.js";
    answer.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    answer.end(isScript ? readFileSync(bundle.path) : "<!doctype html><title>suites</title>");
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({ server, url: `http://127.0.0.1:${port}/` });
    });
  });
}

async function runInPage(executablePath: string, bundle: Bundle): Promise<PlatformOutcome> {
  const folder = await installPackage("playwright-core@1.65.1");
  const { chromium } = createRequire(import.meta.url)(folder) as PlaywrightCore;
  const { server, url } = await serveBundle(bundle);
  // As root, in containers, Chromium has no sandbox; the page loads nothing but our own bundle.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    const text = await page.evaluate(
      `import("/suites.js").then(async ({ runSuites }) => JSON.stringify(await runSuites()))`,
    );
    return { kind: "ran", version: `Chromium ${browser.version()}`, report: parseReport(String(text)) };
  } finally {
    await browser.close();
    server.close();
  }
}

/** Chromium. Not from npm: where it is not installed there is nothing to run. */
export const chromium: Platform = {
  name: "chromium",
  run: async (bundle) => {
    const path = findBrowser();
    if (path === undefined)
      return { kind: "missing", reason: "no Chromium on the PATH (apt-get install chromium, or set CHROMIUM_PATH)" };
    return runInPage(path, bundle);
  },
};
