import { goLibrary } from "./client.ts";
import { proveClient } from "./prove.ts";

proveClient(goLibrary("Go's `feature/s3/manager`", "nothing; `BaseEndpoint`, `UsePathStyle`"));
