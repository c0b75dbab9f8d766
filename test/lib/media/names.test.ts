import { describe, expect, it } from "@jest/globals";
import { kindOfName } from "../../../lib/media/names.ts";

const names = (...lists: string[]): string[] => lists.flatMap((list) => list.split("\n")).map((name) => name.trim());

/** By the system or program that leaves them in a folder. */
const IGNORED = {
  macOS: [
    ".DS_Store",
    "._film.mp4",
    ".localized",
    ".Trashes/film.mp4",
    ".AppleDouble/film.mp4",
    "__MACOSX/._film.mp4",
    "__MACOSX/film.mp4",
    "lectures/.Spotlight-V100/Store-V2/a.mp4",
    "Icon\r",
    "lectures/Icon\r",
  ],
  Windows: ["Thumbs.db", "thumbs.db", "ehthumbs.db", "desktop.ini", "Desktop.ini", "$RECYCLE.BIN/S-1-5/film.mp4"],
  Office: ["~$Lecture 1.docx", "notes/~$film.mp4", ".~lock.notes.odt#"],
  "file servers": [
    "@eaDir/film.mp4/SYNOVIDEO_VIDEO_SCREENSHOT.jpg",
    "#recycle/film.mp4",
    ".nfs00000000012",
    "lost+found/x",
  ],
  "programs that have not finished": names(
    `film.mp4.part
     film.mp4.PART
     film.mp4.filepart
     film.mp4.crdownload
     Unconfirmed 123.crdownload
     film.mp4.partial
     film.mp4.1a2b3c4d.partial
     film.mp4.tmp
     ~WRD0001.tmp
     film.mp4.opdownload
     film.mp4.aria2`,
  ),
  rsync: [".film.mp4.Ab12Cd", "lectures/.film.mp4.x0Yz9_", ".rsync-partial/film.mp4", ".~tmp~/film.mp4"],
  editors: [".film.srt.swp", "notes.txt~", "#notes#/../.#notes.txt"],
};

const SIDECARS = names(
  `film.srt
   Film.SRT
   film.en.vtt
   film.scc
   film.dfxp
   film.ttml
   film.sbv
   film.stl
   film.ssa
   film.ass
   film.sub
   film.smi
   film.txt
   lectures/1/transcript.docx
   film.json
   film.xml
   film.nfo
   film.csv
   upload.log
   film.mp4.md5
   film.mp4.sha1
   film.mp4.sha256
   SHA256SUMS
   README
   slides.pdf
   poster.jpg
   poster.JPEG
   film.png
   film.gif
   playlist.m3u8`,
);

/** What must get to cielo24, or be judged by its bytes. */
const MEDIA = names(
  `film.mp4
   FILM.MOV
   film.m4v
   film.mkv
   film.webm
   film.avi
   film.wmv
   film.mxf
   film.ts
   film.m2ts
   film.mts
   film.mpg
   film.vob
   film.flv
   film.3gp
   talk.mp3
   talk.wav
   talk.m4a
   talk.aac
   talk.flac
   talk.ogg
   talk.opus
   talk.aiff
   talk.amr
   film
   film.
   film.unknown
   film.zip
   film.srt.mp4
   part
   tmp/film.mp4
   film.part/film.mp4
   Icon
   desktop.ini.mp4
   thumbs.db.mp4
   my ~$ film.mp4
   ./film.mp4
   a/./b/../film.mp4
   a//film.mp4
   lectures 2031.05.06/film.mp4
   film …mp4
   фильм.mp4
   講義.mp4`,
);

describe("the name of a file", () => {
  it.each(Object.entries(IGNORED).flatMap(([by, list]) => list.map((name) => [by, name] as const)))(
    "says that nobody means it for cielo24: %s, %j",
    (_by, name) => {
      expect(kindOfName(name)).toBe("ignored");
    },
  );

  it.each(SIDECARS)("says that it goes with media: %s", (name) => {
    expect(kindOfName(name)).toBe("sidecar");
  });

  it.each(MEDIA)("says nothing against it: %s", (name) => {
    expect(kindOfName(name)).toBe("media");
  });

  it("says the same in whatever case", () => {
    for (const name of [...Object.values(IGNORED).flat(), ...SIDECARS, ...MEDIA]) {
      expect(kindOfName(name.toUpperCase())).toBe(kindOfName(name));
      expect(kindOfName(name.toLowerCase())).toBe(kindOfName(name));
    }
  });

  it("takes no sidecar out of a folder that is ignored", () => {
    expect(kindOfName(".AppleDouble/film.srt")).toBe("ignored");
  });
});
