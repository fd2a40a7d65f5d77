import type { ModelMessage } from "../model/model-message.ts";
import { unitsFromEnd, unitsFromStart } from "../model/history/history-units.ts";

/** The units at the start of a history that fit into `size` messages. */
export function takeHead(history: readonly ModelMessage[], size: number): readonly ModelMessage[] {
  let end = 0;
  for (const unit of unitsFromStart(history)) {
    if (end + unit.length > size) break;
    end += unit.length;
  }
  return history.slice(0, end);
}

/** The units at the end of a history that fit into `size` messages; the newest one always, since a model without it has nothing to answer. */
export function takeTail(history: readonly ModelMessage[], size: number): readonly ModelMessage[] {
  let start = history.length;
  for (const unit of unitsFromEnd(history)) {
    const isNewest = start === history.length;
    if (!isNewest && history.length - start + unit.length > size) break;
    start -= unit.length;
  }
  return history.slice(start);
}
