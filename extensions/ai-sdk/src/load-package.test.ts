import { ConfigError } from "@troupe/core";
import { expect, it } from "vitest";
import { loadPackage } from "./load-package.ts";

it("names the install line of a package that is nowhere", async () => {
  const loading = loadPackage("@ai-sdk/does-not-exist", process.cwd());
  await expect(loading).rejects.toBeInstanceOf(ConfigError);
  await expect(loading).rejects.toMatchObject({
    code: "config.missing_package",
    message: 'The package "@ai-sdk/does-not-exist" is not installed.',
    remedy: "Run: npm install @ai-sdk/does-not-exist",
  });
});

it("finds a package that only we have when the project has none", async () => {
  expect(Object.keys(await loadPackage("@ai-sdk/mistral", "/"))).toContain("createMistral");
});
