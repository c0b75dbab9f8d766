/** How somebody interrupts an upload half-way: by a fault of what is uploaded, at the keyboard, or by ending the process. */
export type Interruption = "exception" | "ctrl-c" | "kill";

/** What an operator does, with the name of its test. However a client goes about it, the job gets the film, once. */
export const ACTIONS = {
  small: "drops a film of 1 MiB",
  large: "drops a film of 20 MiB",
  copy: "copies a film that lies elsewhere in the bucket",
  move: "moves a film that lies elsewhere in the bucket",
  twice: "uploads a folder, and once more",
  touched: "uploads a folder, and once more when the file has another time",
  mac: "uploads a folder as a Mac leaves it",
  habit: "is interrupted outside of media/ and run again, and then moves the film in",
};

export const INTERRUPTIONS: Readonly<Record<Interruption, string>> = {
  exception: "gets an exception half-way, and is run again",
  "ctrl-c": "gets a Ctrl-C half-way, and is run again",
  kill: "is killed half-way, and run again",
};

export type Action = keyof typeof ACTIONS | Interruption;
