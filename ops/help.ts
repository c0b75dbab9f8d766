export const COMMON = `
Stage and credentials:
  The stage is --stage, or else CIELO24_PROXY_STAGE. Its parts are found in the outputs of its stack,
  by the usual AWS configuration: environment, profile or login. --stage local is the stack that
  npm start runs in this folder, or in another one whose .local/stage.json CIELO24_PROXY_STAGE_FILE names.

Exit codes:
  0    done, or all is well          5    not reachable at present: try again
  1    a fault of this program       6    rejected
  2    not understood                7    needs a person
  3    refused, or something wrong   8    not yet: the timeout has passed
  4    no valid credentials, or      9    not confirmed: nothing was done
       they may not do that          130  Ctrl-C (143: terminated)

  docs/ops.md describes every command.`;

export const mainHelp = `
Examples:
  $ export CIELO24_PROXY_STAGE=prod
  $ npx cielo24-proxy ops list
  $ npx cielo24-proxy ops list --state REJECTED --since 2d
${COMMON}

cielo24-proxy ops COMMAND --help tells more about each.`;

export const listHelp = `
Jobs that are UPLOADING, SENDING or FINALIZING come from the table's index of open rows. One that has
ended is in no index: NEEDS_REVIEW and REJECTED are looked for in the functions' log, as far back as
--since, and the rows that are found are read. --scan reads every row instead; DELIVERED needs it.

Examples:
  $ npx cielo24-proxy ops list --older 2h
  $ npx cielo24-proxy ops list --state NEEDS_REVIEW --json
  $ npx cielo24-proxy ops list --state DELIVERED --owner alice@example.org --scan
${COMMON}`;

export const showHelp = `
The log keeps what happened for logRetentionDays, the bucket its objects for mediaRetentionDays; the event
bus keeps nothing. A job of which nothing is known ends with 3.

Examples:
  $ npx cielo24-proxy ops show 0123456789abcdef0123456789abcdef
  $ npx cielo24-proxy ops show 0123456789abcdef0123456789abcdef --json | jq .row
${COMMON}`;

export const doctorHelp = `
A line for each check: ok, FAILED with what to do, or skipped with the reason. It ends with 3 if any has
failed. cielo24 is asked with the stage's own credentials, about a job that does not exist. With --deep, a
token with media.write in CIELO24_PROXY_TOKEN is needed for the check of large bodies.

Examples:
  $ npx cielo24-proxy ops doctor
  $ npx cielo24-proxy ops doctor --json | jq '.checks[] | select(.is == "failed")'
${COMMON}`;

export const tailHelp = `
Lines come some seconds after they were written. Of the ids only the job's is shown; --json has all, a line
for each. Ctrl-C ends it with 0.

Examples:
  $ npx cielo24-proxy ops tail
  $ npx cielo24-proxy ops tail 0123456789abcdef0123456789abcdef --since 2h
${COMMON}`;

export const smokeHelp = `
The job has its media then, for good. Its row stays, as for any other, so that nothing is ever sent again.
While the delivery goes on, after the timeout or Ctrl-C, the object stays, too.

Examples:
  $ npx cielo24-proxy ops smoke --job-id 0123456789abcdef0123456789abcdef
  $ npx cielo24-proxy ops smoke --job-id 0123456789abcdef0123456789abcdef --stage prod --confirm prod --json
${COMMON}`;
