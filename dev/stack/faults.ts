import { createFaultList, type FaultList, type Spell } from "../fault-list.ts";

/** A fault of a simulated AWS service. The SDK's own repeats are calls, too. */
interface AwsFault extends Spell {
  /** Name of the call: `PutEvents`, `UpdateItem`. */
  readonly action: string;
  /**
   * - `unavailable`: 503, nothing is done
   * - `throttled`: 400 ThrottlingException, nothing is done
   * - `reset`: the connection breaks, nothing is done
   * - `answerLost`: it is done, then the connection breaks
   * - `hang`: nothing is done, and no answer comes
   */
  readonly kind: "unavailable" | "throttled" | "reset" | "answerLost" | "hang";
  /** Only calls whose input it is true of. */
  readonly when?: (input: Record<string, unknown>) => boolean;
}

/** The faults that are switched on. */
export interface AwsFaults extends Omit<FaultList<AwsFault>, "takeFirst"> {
  /** The fault that hits this call, which uses it up by one. */
  readonly take: (action: string, input: Record<string, unknown>) => AwsFault | undefined;
}

export const createAwsFaults = (): AwsFaults => {
  const { takeFirst, ...list } = createFaultList<AwsFault>();
  return {
    ...list,
    take: (action, input) => takeFirst((fault) => fault.action === action && (fault.when?.(input) ?? true)),
  };
};
