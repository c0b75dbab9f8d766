import { describe, expect, it } from "@jest/globals";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { quoteCommand } from "../../cli/next-command.ts";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import { startCannedApi, type Canned } from "../client/canned-api.ts";
import { useFolder } from "../harness/folder.ts";
import { startCommand } from "./command-line.ts";
import { createTranscript } from "./transcript.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const TOKEN = "the-token-that-nobody-may-see";

const inState = (State: string, more: object = {}): Canned => ({
  body: { JobId: JOB, State, SentBytes: 0, Attempts: 1, UpdatedAt: "2026-01-01T00:00:00.000Z", ...more },
});
const refusal = (status: number, ErrorType: string): Canned => ({
  status,
  body: { ErrorType, ErrorComment: "Because.", RequestId: "r-1" },
});
const WAITS = inState("SENDING", {
  Waiting: { ErrorType: "CIELO24_UNAVAILABLE", ErrorComment: "cielo24 does not answer." },
});
const DELIVERED = inState("DELIVERED", { TaskId: "f".repeat(32) });

describe("the command line's exit code", () => {
  const folder = useFolder();

  it.each<[code: number, of: string, words: string[], answer: Canned, says: RegExp]>([
    [0, "a delivery that has ended well", ["status", JOB], DELIVERED, /^Delivered: job \S+, TaskId f{32}$/m],
    [
      0,
      "a job in upper case",
      ["status", JOB.toUpperCase()],
      DELIVERED,
      new RegExp(`^Delivered: job ${JOB}, TaskId`, "m"),
    ],
    [
      0,
      "a delivery of which something is known, and with which something else came",
      ["status", JOB],
      inState("DELIVERED", {
        Container: "MP4",
        DurationSeconds: 2878,
        AudioTracks: 0,
        Concern: { ErrorType: "NO_AUDIO", ErrorComment: "No sound." },
        OtherMedia: 1,
        Sidecars: 2,
      }),
      /^ {2}48 min, MP4, no audio track\n {2}concern: No sound\. \(NO_AUDIO\)\n {2}not sent: 1 file with other contents.*\n {2}not sent: 2 files beside/m,
    ],
    [
      0,
      "the same for programs",
      ["status", JOB, "--json"],
      inState("DELIVERED", { Container: "MP4", AudioTracks: 1, OtherMedia: 1, Sidecars: 2 }),
      /"container":"MP4","audioTracks":1,"otherMedia":1,"sidecars":2/,
    ],
    [
      0,
      "an upload that is cancelled",
      ["cancel", JOB],
      inState("REJECTED", { Error: { ErrorType: "CANCELLED", ErrorComment: "It was cancelled." } }),
      /^Done: job \S+\n {2}Nothing more is sent for it\./m,
    ],
    [0, "help", ["--help"], {}, /Exit codes:/],
    [0, "a command's help", ["upload", "--help"], {}, /Examples:[\s\S]*Exit codes:/],
    [0, "the version", ["--version"], {}, /^\d+\.\d+\.\d+$/m],
    [2, "no command", [], {}, /Commands:/],
    [2, "a command that there is not", ["uplaod"], {}, /Did you mean upload\?/],
    [2, "an option that is missing", ["metadata", "-j", JOB], {}, /--reference-id/],
    [2, "an option that is none", ["status", JOB, "--wacht"], {}, /Did you mean --watch\?/],
    [2, "no job id", ["status", "job-7"], {}, /"job-7" is no job id: those are 32 hex/],
    [2, "a duration without a unit", ["status", JOB, "--timeout", "5"], {}, /90s, 10m or 2h/],
    [2, "an address that is none", ["status", JOB, "--url", "captions"], {}, /http or https address/],
    [2, "two tokens", ["status", JOB, "--token-file", "a", "--token-command", "b"], {}, /Give one of/],
    [
      2,
      "a token file that is not there",
      ["status", JOB, "--token-file", "/nowhere"],
      {},
      /The token file \/nowhere cannot be read: there is no such file/,
    ],
    [2, "a folder in place of a list", ["upload", "--jobs", "/"], {}, /The list \/ cannot be read: it is a directory/],
    [2, "a file that is not there", ["upload", "/nowhere.mp4", "-j", JOB], {}, /there is no such file/],
    [2, "a folder", ["upload", "/", "-j", JOB], {}, /is a directory\.[\s\S]*--jobs list\.csv/],
    [2, "the standard input", ["upload", "-", "-j", JOB], {}, /- stands for the standard input[\s\S]*to a file/],
    [2, "a device", ["upload", "/dev/null", "-j", JOB], {}, /is no plain file/],
    [2, "a file without a job", ["upload", "a.mp4"], {}, /a\.mp4=JOB/],
    [2, "two files for one job", ["upload", "a.mp4", "b.mp4", "-j", JOB], {}, /a job takes one file/],
    [
      3,
      "a cancellation that comes too late",
      ["cancel", JOB],
      refusal(409, "JOB_HAS_MEDIA"),
      /Nothing more can be sent/,
    ],
    [3, "a refusal", ["status", JOB], refusal(404, "ITEM_NOT_FOUND"), /Check the job id/],
    [
      3,
      "the job's own medium",
      ["add-url", "https://a.example", "-j", JOB],
      refusal(409, "JOB_HAS_MEDIA"),
      /another job[\s\S]*cielo24-proxy status \S+ --watch/,
    ],
    [
      3,
      "the medium of a job that is spelt as a UUID",
      ["add-url", "https://a.example", "-j", "01234567-89AB-CDEF-0123-456789ABCDEF"],
      refusal(409, "JOB_HAS_MEDIA"),
      new RegExp(`cielo24-proxy status ${JOB} --watch`),
    ],
    [4, "a token that is refused", ["status", JOB], { status: 401, body: { message: "Unauthorized" } }, /new token/],
    [
      4,
      "a token command that fails",
      ["status", JOB, "--token-command", "exit 3"],
      {},
      /The token command failed \(exit code 3\)/,
    ],
    [4, "a token command without a word", ["status", JOB, "--token-command", "true"], {}, /printed nothing/],
    [4, "a scope that is missing", ["status", JOB], { status: 403, body: { message: "Forbidden" } }, /media\.read/],
    [
      5,
      "an API that is down",
      ["add-url", "https://a.example", "-j", JOB],
      refusal(503, "CIELO24_UNAVAILABLE"),
      /later/,
    ],
    [5, "an address of somebody else's", ["status", JOB], { body: "<html>" }, /Check the base URL/],
    [
      6,
      "a rejected delivery",
      ["status", JOB, "--watch"],
      inState("REJECTED", { Error: { ErrorType: "EMPTY_OBJECT", ErrorComment: "The object is empty." } }),
      /The object is empty[\s\S]*upload again/,
    ],
    [
      6,
      "media that was cut off",
      ["status", JOB],
      inState("REJECTED", { Error: { ErrorType: "MEDIA_INCOMPLETE", ErrorComment: "Cut off." } }),
      /Cut off[\s\S]*upload the whole file, for the same job/,
    ],
    [7, "a delivery in review", ["status", JOB], inState("NEEDS_REVIEW"), /Don't send it again/],
    [
      7,
      "a job in review",
      ["add-url", "https://a.example", "-j", JOB],
      refusal(409, "NEEDS_REVIEW"),
      /Don't send it again/,
    ],
    [8, "a delivery that goes on", ["status", JOB], inState("SENDING"), /cielo24-proxy status \S+ --watch/],
    [
      8,
      "a delivery that waits",
      ["status", JOB],
      WAITS,
      /^ {2}waits: cielo24 does not answer\.$[\s\S]*goes on by itself/m,
    ],
    [8, "one that is watched", ["status", JOB, "--watch", "--timeout", "1s"], WAITS, /to cielo24; waits: cielo24 does/],
    [8, "time that is over", ["status", JOB, "--watch", "--timeout", "1s"], inState("SENDING"), /goes on without/],
    [
      8,
      "an answer that is out",
      ["add-url", "https://a.example", "-j", JOB],
      refusal(504, "CIELO24_ANSWER_UNKNOWN"),
      /status \S+ --watch/,
    ],
  ])("is %i for %s", async (code, _of, words, answer, says) => {
    await using api = await startCannedApi(answer);
    const env = { CIELO24_PROXY_URL: api.url, CIELO24_PROXY_TOKEN: TOKEN, XDG_STATE_HOME: folder.path };
    const { code: ended, stdout, stderr } = await startCommand(words, env).ended;
    expect(`${stdout}${stderr}`).toMatch(says);
    expect(ended).toBe(code);
    expect(`${stdout}${stderr}`).not.toContain(TOKEN);
    // Only results go to pipes.
    if (code !== 0) expect(stdout).toBe("");
  });

  it("is 2 for a pipe, before anybody has to write to it", async () => {
    const pipe = folder.file("pipe.mp4");
    execFileSync("mkfifo", [pipe]);
    await using api = await startCannedApi({});
    const env = { CIELO24_PROXY_URL: api.url, CIELO24_PROXY_TOKEN: TOKEN, XDG_STATE_HOME: folder.path };
    const named = await startCommand(["upload", pipe, "-j", JOB], env).ended;
    expect(named.stderr).toMatch(
      /pipe\.mp4 is a pipe, which cannot be uploaded: its size has[\s\S]*Write it to a file/,
    );
    expect(named.code).toBe(2);

    const command = quoteCommand([process.execPath, "cli/cielo24-proxy.mjs", "upload", "/dev/stdin", "-j", JOB]);
    const piped = spawn("/bin/sh", ["-c", `echo media | ${command}`], { env: { ...env, PATH: process.env["PATH"] } });
    const stderr = createTranscript(piped.stderr);
    expect(await once(piped, "close")).toEqual([2, null]);
    expect(stderr.text()).toContain("/dev/stdin is a pipe");
    expect(api.requests).toEqual([]);
  });

  it("is 2 where nothing can be remembered, before anything is sent", async () => {
    await using api = await startCannedApi({});
    const file = folder.file("a.mp4");
    await writeFile(file, "m\0dia");
    const env = { CIELO24_PROXY_URL: api.url, CIELO24_PROXY_TOKEN: TOKEN, XDG_STATE_HOME: file };
    const { code, stderr } = await startCommand(["upload", file, "-j", JOB], env).ended;
    expect(stderr).toMatch(/ENOTDIR[\s\S]*Set XDG_STATE_HOME to a folder/);
    expect(code).toBe(2);
    expect(api.requests).toEqual([]);
  });

  it("is 2 where the folder for what is remembered can never be made", async () => {
    await using api = await startCannedApi({});
    const file = folder.file("a.mp4");
    await writeFile(file, "m\0dia");
    const env = { CIELO24_PROXY_URL: api.url, CIELO24_PROXY_TOKEN: TOKEN, XDG_STATE_HOME: "/proc/nowhere" };
    const { code, stderr } = await startCommand(["upload", file, "-j", JOB], env).ended;
    expect(stderr).toMatch(/cannot be saved in \/proc\/nowhere[\s\S]*Set XDG_STATE_HOME to a folder/);
    expect(code).toBe(2);
    expect(api.requests).toEqual([]);
  });

  it("is 1 where the results cannot be written", async () => {
    await using api = await startCannedApi(DELIVERED);
    const command = quoteCommand([process.execPath, "cli/cielo24-proxy.mjs", "status", JOB]);
    const ended = spawn("/bin/sh", ["-c", `exec ${command} > /dev/full`], {
      env: { PATH: process.env["PATH"], CIELO24_PROXY_URL: api.url, CIELO24_PROXY_TOKEN: TOKEN },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const stderr = createTranscript(ended.stderr);
    expect(await once(ended, "close")).toEqual([1, null]);
    expect(stderr.text()).toMatch(/The results cannot be written: ENOSPC/);
  });

  it("is 130 for a call that is interrupted, which may have been made all the same", async () => {
    const server = createServer(() => undefined);
    const port = await listen(server);
    const asked = once(server, "request");
    const env = { CIELO24_PROXY_URL: `http://127.0.0.1:${port}`, CIELO24_PROXY_TOKEN: TOKEN };
    const running = startCommand(["add-url", "https://a.example", "-j", JOB], env);
    await asked;
    running.signal("SIGINT");
    const { code, stderr } = await running.ended;
    await closeServer(server);
    expect(stderr).toMatch(/may have been asked all the same; to see:\s+cielo24-proxy status \S+ --watch/);
    expect(code).toBe(130);
  });

  it("comes with commands for the same stage and token file", async () => {
    await using api = await startCannedApi(inState("SENDING"));
    const tokenFile = folder.file("token");
    await writeFile(tokenFile, TOKEN);
    const { stderr } = await startCommand(["status", JOB, "--url", api.url, "--token-file", tokenFile], {}).ended;
    expect(stderr).toContain(`status ${JOB} --watch --url ${api.url} --token-file ${tokenFile}`);
  });

  it("is 2 without an address, and 4 without a token", async () => {
    expect(await startCommand(["status", JOB], {}).ended).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/set CIELO24_PROXY_URL, or give --url/) as unknown as string,
    });
    expect(await startCommand(["status", JOB], { CIELO24_PROXY_URL: "http://127.0.0.1:1" }).ended).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/set CIELO24_PROXY_TOKEN, or give --token-file/) as unknown as string,
    });
  });

  it("is in the JSON, with what went wrong and what to do", async () => {
    await using api = await startCannedApi(refusal(404, "ITEM_NOT_FOUND"));
    const env = { CIELO24_PROXY_URL: api.url, CIELO24_PROXY_TOKEN: TOKEN };
    const { code, stdout, stderr } = await startCommand(["status", JOB, "--json"], env).ended;
    expect(code).toBe(3);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      outcome: "refused",
      exitCode: 3,
      jobId: JOB,
      error: { errorType: "ITEM_NOT_FOUND", comment: "Because.", status: 404, requestId: "r-1" },
      next: "Check the job id: cielo24 has to know the job, and the token has to belong to its owner.",
    });
  });

  it.each([
    ["set CIELO24_PROXY_URL", ["status", JOB, "--json"]],
    ["unknown option '--wacht'", ["status", JOB, "--json", "--wacht"]],
  ])("is in the JSON for what was not understood, too: %s", async (comment, words) => {
    const { code, stdout } = await startCommand(words, {}).ended;
    expect(code).toBe(2);
    const error = { errorType: "USAGE", comment: expect.stringContaining(comment) as unknown };
    expect(JSON.parse(stdout)).toMatchObject({ outcome: "usage", exitCode: 2, error });
  });
});
