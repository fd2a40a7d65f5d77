/** Counts the listeners that are added to a signal and not removed again. */
export function countListeners(signal: AbortSignal): { readonly count: number } {
  const state = { count: 0 };
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    state.count += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    state.count -= 1;
    remove(...args);
  };
  return state;
}
