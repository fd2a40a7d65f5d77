export { createSeededRandom, hashSeed } from "../async/index.ts";
export { ManualClock, type ManualClockOptions } from "./manual-clock.ts";
