import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Lets the event loop poll for I/O, so that Node reads what a connection has received, a response or the connection's
 * end, before anything is written to it. Three turns contain two complete polls. One poll is not enough if the server
 * runs in this process, as it does in tests.
 */
export const letIoArrive = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
};
