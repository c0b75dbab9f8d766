import { httpAnswer } from "../raw-server.ts";

export const JOB = "0".repeat(31) + "7";
export const METADATA = { jobId: JOB, referenceId: "course 7", requestorId: "me" };
/** The token that a login gives. */
export const TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
export const TASK = "abcdef0123456789abcdef0123456789";
export const taskText = JSON.stringify({ TaskId: TASK });
export const refusalText = (ErrorType = "ITEM_NOT_FOUND") => JSON.stringify({ ErrorType, ErrorComment: "no such job" });
export const infoText = (MediaLengthSeconds: number | null = 7) => JSON.stringify({ JobId: JOB, MediaLengthSeconds });
export const accepted = httpAnswer(taskText);
export const refused = httpAnswer(refusalText(), "400 Bad Request");

/** An answer by its lines. */
export const answerOf = (lines: readonly string[], body: string): string => `${lines.join("\r\n")}\r\n\r\n${body}`;
export const lengthOf = (body: string): string => `content-length: ${Buffer.byteLength(body)}`;

/** The good answer to an action. */
export const goodText = (action: string): string =>
  action === "job/info" ? infoText() : action === "account/login" ? JSON.stringify({ ApiToken: TOKEN }) : taskText;
