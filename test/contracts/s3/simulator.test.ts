import { s3Contract } from "./contract.ts";
import { startSimulator } from "./start-simulator.ts";

/** Where the simulator does otherwise than S3, by test. Nothing of this project depends on it. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  "tells the same contents in other parts by a checksum over the whole": "it keeps no checksums",
  "in signed chunks of which one was changed are refused and not stored": "it does not check the signatures of chunks",
};

s3Contract("the simulated S3", startSimulator, DIFFERENCES);
