import { pythonLibrary } from "./client.ts";
import { proveClient } from "./prove.ts";

proveClient(pythonLibrary("obstore", "`endpoint`, `allow_http`"));
