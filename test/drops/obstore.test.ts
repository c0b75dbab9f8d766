import { pythonLibrary } from "./client.ts";
import { proveClient } from "./prove.ts";

proveClient(pythonLibrary("obstore", "nothing; `endpoint`, `allow_http`"));
