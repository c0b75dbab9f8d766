import { pythonLibrary } from "./client.ts";
import { proveClient } from "./prove.ts";

proveClient(pythonLibrary("s3fs", "nothing; `endpoint_url`"));
