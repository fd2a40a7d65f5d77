import { afterAll, beforeAll, expect } from "vitest";

/** Fails the file when any promise in it was rejected and nobody took notice. */
export function watchRejections(): void {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  beforeAll(() => process.on("unhandledRejection", onRejection));
  afterAll(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("unhandledRejection", onRejection);
    expect(rejections).toEqual([]);
  });
}
