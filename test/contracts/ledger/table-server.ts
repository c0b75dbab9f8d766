/** A DynamoDB to run the contract on; it has no tables yet. */
export interface TableServer {
  readonly endpoint: string;
  close(): Promise<void>;
}
