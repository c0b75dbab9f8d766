import { describe, expect, it } from "@jest/globals";
import { chooseAgain } from "../../web/uppy-words.ts";

describe("files whose bytes the browser could not keep are named", () => {
  it.each([
    [["a.mp4"], "Choose a.mp4 again, and resume the upload: the browser could not keep it."],
    [["a.mp4", "b.mp4"], "Choose a.mp4 and b.mp4 again, and resume the upload: the browser could not keep them."],
    [
      ["a.mp4", "b.mp4", "c.mp4"],
      "Choose a.mp4, b.mp4 and c.mp4 again, and resume the upload: the browser could not keep them.",
    ],
    [
      ["a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4"],
      "Choose a.mp4, b.mp4, c.mp4 and 2 more again, and resume the upload: the browser could not keep them.",
    ],
  ])("%j", (names, text) => {
    expect(chooseAgain(names)).toBe(text);
  });
});
