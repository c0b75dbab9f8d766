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
