/**
 * The endings of media files, which the page, the command line and the documents share. `lib/media/names.ts` tells what is
 * certainly no media by its name. What is in neither list may be media: only a look into the file tells.
 *
 * Some endings mean other things, too (`.ts` and `.mts` are programs, `.mod` is music in notes), and so do some types, so that
 * neither proves anything about the contents.
 */

/** Media types as IANA has them, or else as they are used. Each with the endings of its files. */
const ENDINGS_OF: Readonly<Record<string, string>> = {
  // What phones, browsers and editing programs make.
  "video/mp4": "mp4 f4v mp4v lrv insv ismv",
  "video/x-m4v": "m4v",
  "video/quicktime": "mov qt",
  "video/webm": "webm",
  "video/x-matroska": "mkv mk3d",
  "video/3gpp": "3gp 3gpp",
  "video/3gpp2": "3g2 3gp2",
  "video/ogg": "ogv ogm",
  // What camcorders, DVDs and broadcasters have.
  "video/mp2t": "ts mts m2ts m2t tp trp",
  "video/mpeg": "mpg mpeg mpe m1v m2v mpv m2p vob tod mod",
  "video/x-dv": "dv dif",
  "application/mxf": "mxf",
  "application/gxf": "gxf",
  // What Windows, Flash and RealPlayer left behind.
  "video/x-msvideo": "avi divx",
  "video/x-ms-wmv": "wmv",
  "video/x-ms-asf": "asf",
  "video/x-ms-dvr": "dvr-ms",
  "video/x-ms-wtv": "wtv",
  "video/x-flv": "flv",
  "application/vnd.rn-realmedia": "rm",
  "application/vnd.rn-realmedia-vbr": "rmvb",
  // Sound.
  "audio/mpeg": "mp3 mp2 mpa m2a mpga",
  "audio/mp4": "m4a m4b m4r",
  "audio/aac": "aac adts",
  "audio/wav": "wav wave bwf rf64",
  "audio/x-w64": "w64",
  "audio/aiff": "aif aiff aifc",
  "audio/flac": "flac",
  "audio/ogg": "ogg oga opus spx",
  "audio/webm": "weba",
  "audio/x-matroska": "mka",
  "audio/x-ms-wma": "wma",
  "audio/vnd.rn-realaudio": "ra",
  "audio/basic": "au snd",
  "audio/x-caf": "caf",
  "audio/ac3": "ac3",
  "audio/eac3": "eac3 ec3",
  "audio/vnd.dts": "dts",
  "audio/x-wavpack": "wv",
  "audio/x-ape": "ape",
  "audio/x-musepack": "mpc",
  "audio/x-tta": "tta",
  "audio/x-dsf": "dsf",
  // What dictation machines and telephone systems record.
  "audio/amr": "amr 3ga",
  "audio/amr-wb": "awb",
  "audio/x-dss": "dss ds2",
  "audio/atrac3": "aa3 oma at3",
  "audio/x-dvf": "dvf msv",
  "audio/qcelp": "qcp",
  "audio/gsm": "gsm",
  "audio/x-voc": "voc",
  "audio/x-vox": "vox",
};

const TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries(ENDINGS_OF).flatMap(([type, endings]) =>
    endings.split(" ").map((ending): [string, string] => [`.${ending}`, type]),
  ),
);

/** The endings of media files in lower case, with their dots, sorted. */
export const MEDIA_ENDINGS: readonly string[] = [...TYPES.keys()].sort();

/**
 * The media type of a file by its ending, in whatever case; undefined if that is none of `MEDIA_ENDINGS`.
 *
 * @param name the file's name, or its path
 */
export const mediaTypeOf = (name: string): string | undefined =>
  TYPES.get(/\.[^./\\]+$/.exec(name)?.[0].toLowerCase() ?? "");
