const CONNECTION = `
Address and token:
  The stage's address is --url, or else CIELO24_PROXY_URL. The bearer token comes from one of
  --token-file, --token-command and --token, or else from CIELO24_PROXY_TOKEN,
  CIELO24_PROXY_TOKEN_FILE or CIELO24_PROXY_TOKEN_COMMAND. Files and commands are asked again
  when a token has expired; a command has 60 s.

HTTP proxies:
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY are obeyed, for the API and the store alike; a name
  and a password may be in the URL. Lower case wins.`;

const EXIT_CODES = `
Exit codes:
  0    delivered (or before), done   5    not reachable at present: try again
  1    a fault of this program       6    rejected: see the reason
  2    not understood, or no file    7    needs review by the operator
  3    refused: see the reason       8    not yet: the timeout has passed, or no response came
  4    no valid token                130  Ctrl-C (143: terminated, or the terminal closed)
  Of several files, the code of the first that did not end well.`;

export const mainHelp = `
Examples:
  $ export CIELO24_PROXY_URL=https://captions.example.org
  $ export CIELO24_PROXY_TOKEN_COMMAND='my-login print-access-token'
  $ cielo24-proxy upload lecture.mp4 --job-id 0123456789abcdef0123456789abcdef
  $ cielo24-proxy status 0123456789abcdef0123456789abcdef --watch
${CONNECTION}
${EXIT_CODES}

cielo24-proxy COMMAND --help tells more about each.`;

export const uploadHelp = `
One job takes one file, so each of several files has its own: FILE=JOB, or --jobs with a list.
A job is 32 hex characters, in either case, without hyphens or with those of a UUID.
Each file is looked into before it is sent: the command says how long it is and whether it has sound,
and sends no documents, web pages and the like, and no MP4 or MOV that is cut off (3). Files with the
names of other things (notes.txt, lecture.srt, .DS_Store, lecture.mp4.part) are refused, too; of
several files they are skipped. Any other name is taken if the look finds media. --force sends what
is held back; --no-preflight looks into nothing. The proxy looks again, and its verdict counts.
A job that has its media already is left alone: if that has the size of the file, the file counts as
delivered (0), and while it is on its way, it is watched. Only the size is compared, and whether the
file has changed since it was uploaded from here. So the same list can be run again and again.
Pipes and - cannot be uploaded: the size has to be known, and lost parts are read once more.
Files above the part size go in parts. After Ctrl-C, a crash or a lost connection the same
command goes on where it was: what is at the store is not sent again. A second Ctrl-C ends at once.
The state for this is kept for 7 days in $XDG_STATE_HOME/cielo24-proxy/uploads, ~/.local/state/…
by default; --restart, or a changed file, starts over.
Ctrl-C while it waits for cielo24 only ends the waiting: the proxy delivers by itself.
Progress goes to stderr (bars on a terminal, lines elsewhere), results go to stdout.

Examples:
  $ cielo24-proxy upload lecture.mp4 --job-id 0123456789abcdef0123456789abcdef
  $ cielo24-proxy upload one.mp4=0123456789abcdef0123456789abcdef \\
                         two.mp3=fedcba9876543210fedcba9876543210
  $ cielo24-proxy upload --jobs semester.csv --json > results.jsonl
  $ cielo24-proxy upload big.mov -j 0123456789abcdef0123456789abcdef --part-size 32 --parallel 8
${CONNECTION}
${EXIT_CODES}`;

export const addUrlHelp = `
cielo24 fetches the URL by itself, so it must be public: no login, no private network. It ends with
cielo24's TaskId; status --watch tells whether the media has arrived.

Example:
  $ cielo24-proxy add-url https://media.example.org/lecture.mp4 -j 0123456789abcdef0123456789abcdef
${CONNECTION}
${EXIT_CODES}`;

export const metadataHelp = `
Example:
  $ cielo24-proxy metadata -j 0123456789abcdef0123456789abcdef \\
      --reference-id course-7 --requestor-id lecturer-1
${CONNECTION}
${EXIT_CODES}`;

export const statusHelp = `
Without --watch it tells how things are and ends, with 8 while the delivery goes on. A job for which
nothing was sent yet, and a job of somebody else's, is refused with 3.

Examples:
  $ cielo24-proxy status 0123456789abcdef0123456789abcdef
  $ cielo24-proxy status 0123456789abcdef0123456789abcdef --watch --timeout 30m && echo delivered
${CONNECTION}
${EXIT_CODES}`;

export const cancelHelp = `
The job stays free. What arrives for it after that is not sent, until another upload is begun: with
upload --restart, as the parts of this one would be completed otherwise. They are removed after a
week. If cielo24 has the medium, or may have it, nothing is cancelled (3).

Example:
  $ cielo24-proxy cancel 0123456789abcdef0123456789abcdef
${CONNECTION}
${EXIT_CODES}`;
