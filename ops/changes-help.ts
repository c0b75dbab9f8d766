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

export const ownerHelp = `
A job belongs to the first owner that uses it. Without an option, it is shown. A change holds only if the
owner is still the one that was shown, and does not touch the delivery.

Examples:
  $ npx cielo24-proxy ops owner $JOB
  $ npx cielo24-proxy ops owner $JOB --set alice@example.org
  $ npx cielo24-proxy ops owner $JOB --clear --yes
${COMMON}`;

export const redriveHelp = `
Shows up to a hundred of the dead letters first: what each asks for, of which job, or that it cannot be
read. Then, if you agree, SQS moves all of them to the media queue, and this command follows that. The
ledger still decides, so nothing is sent twice; what cannot be read comes back.

Examples:
  $ npx cielo24-proxy ops redrive --dry-run
  $ npx cielo24-proxy ops redrive --rate 10
${COMMON}`;

export const replayHelp = `
What the ledger knows stays as it is: delivered media is not sent again, and a rejected version only by
\`resolve JOB send-again\`. With --since, the current versions count that were written since then. More than
20 events are not put into the queue without a question.

Examples:
  $ npx cielo24-proxy ops replay s3://$BUCKET/media/$JOB/lecture.mp4
  $ npx cielo24-proxy ops replay --since 2h --dry-run
${COMMON}`;

export const forgetHelp = `
For a person's request. Deletes every version of the job's media, and unfinished uploads. The job's row
keeps state, fence and digests, so that nothing is sent again; its owner becomes a hash, which only the
owner's own token matches. A delivery that is under way has to end first, and one that waits for a person
has to be decided. Says what cielo24 still has, and what else is kept for a while.

Examples:
  $ npx cielo24-proxy ops forget $JOB
  $ npx cielo24-proxy ops forget $JOB --yes --json
${COMMON}`;

export const censusHelp = `
The same that runs every 15 minutes. Ends with 3 if something was put back, is not delivered, or is not
shown by cielo24; what is lost is put back into the queue by that.

Examples:
  $ npx cielo24-proxy ops census
  $ npx cielo24-proxy ops census --json
${COMMON}`;
