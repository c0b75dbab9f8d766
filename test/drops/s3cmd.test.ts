import { commandLine, findInstalled, type Place } from "./client.ts";
import { proveClient } from "./prove.ts";

const at = ({ bucket }: Place, key: string) => `s3://${bucket}/${key}`;
const s3cmd = ({ endpoint }: Place, ...args: string[]) => {
  const { host } = new URL(endpoint);
  return ["--no-ssl", `--host=${host}`, `--host-bucket=${host}`, ...args];
};

proveClient(
  commandLine({
    name: "s3cmd",
    program: findInstalled("s3cmd"),
    comesFrom: "`npm run test:drops` installs it",
    upload: (place, file, key) => s3cmd(place, "put", file, at(place, key)),
    copy: (place, from, to) => s3cmd(place, "cp", at(place, from), at(place, to)),
    move: (place, from, to) => s3cmd(place, "mv", at(place, from), at(place, to)),
    folder: (place, folder, prefix) => s3cmd(place, "sync", `${folder}/`, at(place, prefix)),
  }),
);
