/** Counts the listeners that are added to a signal and neither removed again nor used up (`once`) by its abort. */
export function countListeners(signal: AbortSignal): { readonly count: number } {
  const kept = new Map<unknown, { readonly isOnce: boolean }>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    kept.set(args[1], { isOnce: typeof args[2] === "object" && args[2].once === true });
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    kept.delete(args[1]);
    remove(...args);
  };
  return {
    get count() {
      return [...kept.values()].filter(({ isOnce }) => !(isOnce && signal.aborted)).length;
    },
  };
}
