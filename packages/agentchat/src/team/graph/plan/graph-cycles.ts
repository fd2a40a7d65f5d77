/** For each node those that one step leads to. Every node is a key. */
export type Successors = ReadonlyMap<string, readonly string[]>;

interface Visit {
  readonly name: string;
  readonly order: number;
  low: number;
  next: number;
}

/**
 * The strongly connected components that hold a cycle: sets of nodes each of which leads to each other, and nodes that lead to themselves.
 * Tarjan 1972, with a stack of its own, so that long graphs cannot overflow the program's.
 */
export function findCycles(successors: Successors): readonly ReadonlySet<string>[] {
  const visits = new Map<string, Visit>();
  const isOpen = new Set<string>();
  const path: string[] = [];
  const found: ReadonlySet<string>[] = [];

  const enter = (name: string): Visit => {
    const visit = { name, order: visits.size, low: visits.size, next: 0 };
    visits.set(name, visit);
    isOpen.add(name);
    path.push(name);
    return visit;
  };
  const leave = (visit: Visit): void => {
    if (visit.low !== visit.order) return;
    const component = new Set(path.splice(path.lastIndexOf(visit.name)));
    for (const name of component) isOpen.delete(name);
    const isCycle = component.size > 1 || (successors.get(visit.name) ?? []).includes(visit.name);
    if (isCycle) found.push(component);
  };

  for (const root of successors.keys()) {
    if (visits.has(root)) continue;
    const stack = [enter(root)];
    for (let visit = stack.at(-1); visit !== undefined; visit = stack.at(-1)) {
      const target = successors.get(visit.name)?.[visit.next];
      visit.next += 1;
      if (target === undefined) {
        stack.pop();
        leave(visit);
        const above = stack.at(-1);
        if (above !== undefined) above.low = Math.min(above.low, visit.low);
      } else {
        const known = visits.get(target);
        if (known === undefined) stack.push(enter(target));
        else if (isOpen.has(target)) visit.low = Math.min(visit.low, known.order);
      }
    }
  }
  return found;
}

/** A shortest way round within a component, its first node again at the end. Starts with the component's first node in the order of all. */
export function cyclePath(component: ReadonlySet<string>, successors: Successors): readonly string[] {
  const start = [...successors.keys()].find((name) => component.has(name)) ?? "";
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    for (const target of successors.get(name) ?? []) {
      if (target === start) return [start, ...walkBack(name, start, cameFrom), start];
      if (!component.has(target) || cameFrom.has(target)) continue;
      cameFrom.set(target, name);
      queue.push(target);
    }
  }
  throw new Error(`"${start}" is on no cycle`);
}

/** The way from the start, without it, to a node. */
function walkBack(end: string, start: string, cameFrom: ReadonlyMap<string, string>): readonly string[] {
  const way: string[] = [];
  for (let name = end; name !== start; name = cameFrom.get(name) ?? start) way.unshift(name);
  return way;
}

/** Everything that can be reached from some nodes, themselves included. */
export function reachableFrom(starts: readonly string[], successors: Successors): ReadonlySet<string> {
  const reached = new Set(starts);
  for (const name of reached) for (const target of successors.get(name) ?? []) reached.add(target);
  return reached;
}
