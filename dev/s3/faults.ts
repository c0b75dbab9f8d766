import { createFaultList, type Spell } from "../fault-list.ts";

/** A fault of the simulated S3, for requests of one operation: a number of times, or for a while. */
export interface S3Fault extends Spell {
  /** S3's name for the operation, such as `GetObject`. */
  readonly operation: string;
  readonly key?: string;
  readonly kind:
    | "slowDown"
    | "internalError"
    | "accessDenied"
    /** The KMS key of the object is disabled. */
    | "kmsDisabled"
    /** The object is archived. For GetObject: HEAD succeeds then. */
    | "archived"
    /** Resets the connection before the response. */
    | "reset"
    /** Resets the connection after `atByte` bytes of the response's body. */
    | "resetAfterBytes"
    /** Sends `atByte` bytes, and then nothing more. */
    | "stallAfterBytes"
    /** Closes the connection in order after `atByte` bytes. */
    | "truncate"
    /** Changes one byte. */
    | "corrupt";
  readonly atByte?: number;
}

export const createS3Faults = (clock: () => number) => {
  const { takeFirst, ...list } = createFaultList<S3Fault>(clock);
  return {
    ...list,
    take: (operation: string, key: string | undefined): S3Fault | undefined =>
      takeFirst((fault) => fault.operation === operation && (fault.key === undefined || fault.key === key)),
  };
};

export type S3Faults = ReturnType<typeof createS3Faults>;
