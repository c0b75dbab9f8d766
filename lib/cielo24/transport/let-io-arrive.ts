import { setImmediate as immediate } from "node:timers/promises";

/**
 * Lets the event loop poll twice, so that what has come over a connection is read before something is written to it: an
 * answer that lies there, or that the other end has closed. Once is too little where the one who answers lives in the
 * same process.
 */
export const readWhatCame = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await immediate();
};
