import { findProgram } from "../harness/programs.ts";
import { commandLine, type Place } from "./client.ts";
import { proveClient } from "./prove.ts";

const at = ({ bucket }: Place, key: string) => `s3://${bucket}/${key}`;
const s3 = (place: Place, ...args: string[]) => ["--endpoint-url", place.endpoint, "s3", ...args];

proveClient(
  commandLine({
    name: "aws s3",
    version: "Debian 12",
    program: findProgram("aws"),
    comesFrom: "Debian has it",
    setting: "nothing; `--endpoint-url`",
    upload: (place, file, key) => s3(place, "cp", file, at(place, key)),
    copy: (place, from, to) => s3(place, "cp", at(place, from), at(place, to)),
    move: (place, from, to) => s3(place, "mv", at(place, from), at(place, to)),
    folder: (place, folder, prefix) => s3(place, "sync", folder, at(place, prefix)),
  }),
);
