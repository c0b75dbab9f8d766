import { commandLine, findInstalled, type Place } from "./client.ts";
import { proveClient } from "./prove.ts";

const at = ({ bucket }: Place, key: string) => `s3://${bucket}/${key}`;
const s5cmd = (place: Place, ...args: string[]) => ["--endpoint-url", place.endpoint, ...args];

proveClient(
  commandLine({
    name: "s5cmd",
    program: findInstalled("s5cmd"),
    comesFrom: "`npm run test:drops` installs it",
    upload: (place, file, key) => s5cmd(place, "cp", file, at(place, key)),
    copy: (place, from, to) => s5cmd(place, "cp", at(place, from), at(place, to)),
    move: (place, from, to) => s5cmd(place, "mv", at(place, from), at(place, to)),
    folder: (place, folder, prefix) => s5cmd(place, "sync", `${folder}/`, at(place, prefix)),
  }),
);
