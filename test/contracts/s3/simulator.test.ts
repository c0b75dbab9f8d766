import { s3Contract } from "./contract.ts";
import { startSimulator } from "./start-simulator.ts";

/** Where the simulator does otherwise than S3, by test. Nothing of this project depends on it. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  "in signed chunks of which one was changed are refused and not stored": "it does not check the signatures of chunks",
  "that a delimiter rolls up are listed once across pages": "it repeats a prefix that ends a page",
  "are refused with a list of parts that cannot be understood":
    "it answers 500 for a part without ETag, and InvalidPart for a part number that is none",
  "with If-None-Match: * do not write over what is there": "it takes conditions on PUT alone",
  "name the file and the caching of the answer where that was signed": "it takes over the signed type alone",
};

s3Contract("the simulated S3", startSimulator, DIFFERENCES);
