import { findProgram } from "../harness/programs.ts";
import { commandLine, type Place } from "./client.ts";
import { proveClient } from "./prove.ts";

const at = ({ bucket }: Place, key: string) => `media:${bucket}/${key}`;

proveClient(
  commandLine({
    name: "rclone",
    version: "Debian 12, with `upload_cutoff = 8M`, `chunk_size = 8M`",
    program: findProgram("rclone"),
    comesFrom: "Debian has it",
    env: ({ endpoint }) => ({
      RCLONE_CONFIG_MEDIA_TYPE: "s3",
      RCLONE_CONFIG_MEDIA_PROVIDER: "Other",
      RCLONE_CONFIG_MEDIA_ENV_AUTH: "true",
      RCLONE_CONFIG_MEDIA_REGION: "us-east-1",
      RCLONE_CONFIG_MEDIA_ENDPOINT: endpoint,
      RCLONE_CONFIG_MEDIA_NO_CHECK_BUCKET: "true",
      RCLONE_CONFIG_MEDIA_UPLOAD_CUTOFF: "8M",
      RCLONE_CONFIG_MEDIA_CHUNK_SIZE: "8M",
    }),
    setting: "`no_check_bucket`; `provider = Other`, `endpoint`",
    upload: (place, file, key) => ["copyto", file, at(place, key)],
    copy: (place, from, to) => ["copyto", at(place, from), at(place, to)],
    move: (place, from, to) => ["moveto", at(place, from), at(place, to)],
    folder: (place, folder, prefix) => ["sync", folder, at(place, prefix)],
  }),
);
