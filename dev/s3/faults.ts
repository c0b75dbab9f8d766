/** A misbehaviour of the simulated S3, for requests of one operation, a number of times. */
export interface S3Fault {
  /** S3's name of the operation, for example `GetObject`. */
  readonly operation: string;
  readonly key?: string;
  /** How often; once if not given. */
  readonly times?: number;
  readonly kind:
    | "slowDown"
    | "internalError"
    | "accessDenied"
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

export const createS3Faults = () => {
  let active: { fault: S3Fault; left: number }[] = [];
  return {
    add: (fault: S3Fault): void => {
      active.push({ fault, left: fault.times ?? 1 });
    },
    clear: (): void => {
      active = [];
    },
    take: (operation: string, key: string | undefined): S3Fault | undefined => {
      const found = active.find(
        ({ fault }) => fault.operation === operation && (fault.key === undefined || fault.key === key),
      );
      if (!found) return undefined;
      found.left -= 1;
      if (found.left <= 0) active = active.filter((each) => each !== found);
      return found.fault;
    },
  };
};

export type S3Faults = ReturnType<typeof createS3Faults>;
