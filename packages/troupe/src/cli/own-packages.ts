import { registerHooks } from "node:module";

/** Packages that the command brings along. */
const own = /^(troupe|@troupe\/(core|llm|agentchat|ai-sdk|sqlite|wasm-exec))(\/|$)/;

/**
 * Lets a project without `node_modules` import this installation's packages, so that `troupe init` gives a project that runs at once.
 *
 * A project that has its own copy keeps it: only a failed resolution is repeated from here.
 */
export function lendOwnPackages(): void {
  registerHooks({
    resolve: (specifier, context, nextResolve) => {
      try {
        return nextResolve(specifier, context);
      } catch (error) {
        if (!own.test(specifier)) throw error;
        return nextResolve(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}
