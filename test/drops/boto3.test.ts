import { pythonLibrary } from "./client.ts";
import { proveClient } from "./prove.ts";

// It reads in threads of its own, where no Ctrl-C arrives.
proveClient(pythonLibrary("boto3", "nothing; `endpoint_url`", { fromSource: ["exception"] }));
