import { pythonLibrary } from "./client.ts";
import { proveClient } from "./prove.ts";

proveClient(pythonLibrary("minio", "nothing; `secure=False`"));
