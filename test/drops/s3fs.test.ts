import { pythonLibrary } from "./client.ts";
import { proveClient } from "./prove.ts";

proveClient(pythonLibrary("s3fs", "`endpoint_url`"));
