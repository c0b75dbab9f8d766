import { describe, expect, it } from "@jest/globals";
import { startExternalServer } from "./external-server.ts";

describe("a server of somebody else's that does not start", () => {
  it("is named, with the last lines that it printed", async () => {
    const script = `console.error(Array.from({ length: 50 }, (_, at) => "line " + at + ".").join("\\n")); process.exit(3);`;
    const error = await startExternalServer("One", process.execPath, () => ["-e", script]).catch(String);
    expect(error).toMatch(/^Error: One does not start:\nline \d+\.\n/);
    expect(error).toContain("line 49.");
    expect(error).not.toContain("line 5.");
  });

  it("is named where its command is missing, with the command", async () => {
    await expect(startExternalServer("One", "no-such-command", () => [])).rejects.toThrow(
      /^One does not start:\nError: spawn no-such-command ENOENT$/,
    );
  });
});
