import { createFaultList, type Spell } from "../fault-list.ts";

/** A misbehaviour of the simulated S3, for requests of one operation, a number of times or for a while. */
export interface S3Fault extends Spell {
  /** S3's name of the operation, for example `GetObject`. */
  readonly operation: string;
  readonly key?: string;
  readonly kind:
    | "slowDown"
    | "internalError"
    | "accessDenied"
    /** The key that the object is encrypted with is disabled. */
    | "kmsDisabled"
    /** The object lies in an archive: for GetObject, since a HEAD of it succeeds. */
    | "archived"
    /** Resets the connection before an answer. */
    | "reset"
    /** Resets once so many bytes of the answer's body are out. */
    | "resetAfterBytes"
    /** Sends so many bytes, and then nothing more. */
    | "stallAfterBytes"
    /** Ends the connection in order after so many bytes. */
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
