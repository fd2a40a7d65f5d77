/** Randomness as a port, so that tests can seed it. */
export interface RandomSource {
  /** A number in [0, 1). */
  next(): number;
}

/** The machine's secure generator, read in blocks. */
export function createSystemRandom(): RandomSource {
  const block = new Uint32Array(64);
  let index = block.length;
  return {
    next: () => {
      if (index === block.length) {
        crypto.getRandomValues(block);
        index = 0;
      }
      return (block[index++] ?? 0) / 2 ** 32;
    },
  };
}

/**
 * A seeded generator: the same seed gives the same numbers on every machine. Not for secrets.
 *
 * sfc32 by Chris Doty-Humphrey (PractRand, https://pracrand.sourceforge.net/), its 128 bits of state filled by splitmix32
 * and mixed for 12 rounds, as its author advises.
 */
export function createSeededRandom(seed: number | string): RandomSource {
  let mixed = typeof seed === "number" ? seed >>> 0 : hashSeed(seed);
  const fill = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0;
    return finish(mixed);
  };
  let a = fill();
  let b = fill();
  let c = fill();
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round++) next();
  return { next };
}

/**
 * A 32-bit seed from any text: FNV-1a over UTF-16 code units (http://www.isthe.com/chongo/tech/comp/fnv/), finished as in
 * MurmurHash3 so that near texts give far seeds.
 */
export function hashSeed(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return finish(hash) >>> 0;
}

/** The finaliser of MurmurHash3 (Austin Appleby, public domain). */
function finish(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
