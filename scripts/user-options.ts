/** The compiler options of a strict user: no source condition, so that packages resolve to what a build wrote. */
export const userOptions: Readonly<Record<string, unknown>> = {
  target: "ES2024",
  module: "NodeNext",
  lib: ["ES2024", "ESNext.Disposable"],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
  types: ["node"],
};
