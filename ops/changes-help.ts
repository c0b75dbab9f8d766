import { COMMON } from "./help.ts";

export const resolveHelp = `
Look at the job in cielo24's own interface first. Then:
  delivered    cielo24 has the media: the job is DELIVERED by your word, even if job/info shows none.
  send-again   it has none: the object is sent again, once cielo24 must have shown what it accepted.
               From REJECTED, too. Media of a call can be sent again by its caller only.
  close        nothing more is sent. A job whose media cielo24 may have is closed for good; one whose
               media cielo24 cannot have is REJECTED, and free for other media.
job/info is asked first: media that it shows makes the job DELIVERED, whatever was decided. The decision
is about the object and the state that are shown, counts once, and is kept on the row with who and why.

Examples:
  $ npx cielo24-proxy ops resolve $JOB delivered --reason "seen in cielo24's list, case 4711"
  $ npx cielo24-proxy ops resolve $JOB close --reason "the course was cancelled" --yes
${COMMON}`;
