import { nodeLibrary } from "./client.ts";
import { proveClient } from "./prove.ts";

proveClient(nodeLibrary("@aws-sdk/lib-storage", "node/with-lib-storage.ts", "nothing; `endpoint`, `forcePathStyle`"));
