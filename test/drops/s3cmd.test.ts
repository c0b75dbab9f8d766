import { commandLine, findInstalled, pinnedPython, type Place } from "./client.ts";
import { proveClient } from "./prove.ts";

const at = ({ bucket }: Place, key: string) => `s3://${bucket}/${key}`;
const s3cmd = ({ endpoint }: Place, ...args: string[]) => {
  const { host } = new URL(endpoint);
  return ["--no-ssl", `--host=${host}`, `--host-bucket=${host}`, ...args];
};

proveClient(
  commandLine({
    name: "s3cmd",
    version: pinnedPython("s3cmd"),
    program: findInstalled("s3cmd"),
    comesFrom: "`npm run test:drops` installs it",
    // Unless told so, it copies the object's ACL, too, for which it needs rights that nothing else here needs.
    setting: "`--acl-private` for `cp` and `mv`; `--no-ssl`, `--host`, `--host-bucket`",
    upload: (place, file, key) => s3cmd(place, "put", file, at(place, key)),
    copy: (place, from, to) => s3cmd(place, "cp", "--acl-private", at(place, from), at(place, to)),
    move: (place, from, to) => s3cmd(place, "mv", "--acl-private", at(place, from), at(place, to)),
    folder: (place, folder, prefix) => s3cmd(place, "sync", `${folder}/`, at(place, prefix)),
  }),
);
