/** Waits for a connection to the store; resolves with what gives it back. Rejects with the signal's reason. */
export type TakeConnection = (signal: AbortSignal) => Promise<() => void>;
