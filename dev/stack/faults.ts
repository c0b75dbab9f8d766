import { createFaultList, type FaultList, type Spell } from "../fault-list.ts";

/** A fault of a simulated AWS service. The SDK's own retries count as calls. */
interface AwsFault extends Spell {
  /** The action's name, such as `PutEvents` or `UpdateItem`. */
  readonly action: string;
  /**
   * - `unavailable`: 503, nothing is done
   * - `throttled`: 400 ThrottlingException, nothing is done
   * - `reset`: the connection is reset, nothing is done
   * - `answerLost`: the action is done, then the connection is reset
   * - `hang`: nothing is done, and there is no response
   */
  readonly kind: "unavailable" | "throttled" | "reset" | "answerLost" | "hang";
  /** Hits only calls whose input matches. */
  readonly when?: (input: Record<string, unknown>) => boolean;
}

/** The active faults. */
export interface AwsFaults extends Omit<FaultList<AwsFault>, "takeFirst"> {
  /** The fault for this call, which uses it up by one. */
  readonly take: (action: string, input: Record<string, unknown>) => AwsFault | undefined;
}

export const createAwsFaults = (): AwsFaults => {
  const { takeFirst, ...list } = createFaultList<AwsFault>();
  return {
    ...list,
    take: (action, input) => takeFirst((fault) => fault.action === action && (fault.when?.(input) ?? true)),
  };
};
