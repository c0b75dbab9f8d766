/**
 * What the name of a file says about it. The same lists serve the delivery, the census, the page and the command line, so
 * this module needs nothing but itself, and runs in browsers.
 */

/**
 * `ignored`: a system's or a program's own file, or one that is not finished; nobody means it for cielo24. `sidecar`: it
 * goes with media, as subtitles and posters do, and is none itself. `media`: everything else, since names prove little.
 */
export type NameKind = "media" | "ignored" | "sidecar";

/** Folders whose contents are not the user's. */
const IGNORED_FOLDERS: ReadonlySet<string> = new Set([
  // macOS: resource forks in a ZIP, and its folders on file servers
  "__macosx",
  "network trash folder",
  "temporary items",
  // Windows
  "$recycle.bin",
  "system volume information",
  // Linux
  "lost+found",
  // Synology and QNAP
  "@eadir",
  "#recycle",
  "@recycle",
]);

const IGNORED_FILES: ReadonlySet<string> = new Set([
  "thumbs.db",
  "thumbs.db:encryptable",
  "ehthumbs.db",
  "ehthumbs_vista.db",
  "desktop.ini",
  // A folder's picture on a Mac, whose name ends with a carriage return. Some programs write another character for it.
  "icon\r",
  "icon\u240d",
  "icon\uf00d",
]);

/**
 * Endings under which programs keep what they have not finished, to rename it at the end: WinSCP (`filepart`), browsers
 * (`crdownload`, `crswap`, `part`, `partial`, `download`, `opdownload`), rclone (`partial`), BitTorrent and aria2.
 * rsync's temporary names (`.film.mp4.Ab12Cd`) begin with a dot.
 */
const UNFINISHED: ReadonlySet<string> = new Set([
  "part",
  "filepart",
  "partial",
  "crdownload",
  "crswap",
  "download",
  "opdownload",
  "tmp",
  "temp",
  "aria2",
  "!ut",
  "!qb",
  "!bt",
]);

/** Endings of files that go with media. An ending that some media has, too, is not among them. */
const SIDECARS: ReadonlySet<string> = new Set(
  [
    // subtitles, captions, lyrics
    "srt vtt webvtt scc dfxp ttml itt mcc cap sbv stl ssa ass sub idx smi sami lrc rt",
    // texts and tables
    "txt text md rtf doc docx odt pages pdf epub htm html xhtml log nfo csv tsv xls xlsx ods numbers ppt pptx odp",
    // metadata, configuration, links
    "json jsonl xml xmp yaml yml ini cfg thm modd moff cpi ifo bup tbn torrent url webloc lnk",
    // pictures
    "jpg jpeg jpe jfif png gif webp avif heic heif bmp tif tiff svg ico psd",
    // checksums and signatures
    "md5 sha1 sha224 sha256 sha384 sha512 sfv crc par2 asc sig",
    // playlists and projects
    "m3u m3u8 pls cue mpd xspf asx edl otio fcpxml prproj aup aup3",
  ].flatMap((line) => line.split(" ")),
);

/** Files that go with media, and have no ending that would say so. */
const SIDECAR_FILES: ReadonlySet<string> = new Set([
  "readme",
  "license",
  "md5sums",
  "sha1sums",
  "sha256sums",
  "sha512sums",
]);

/**
 * What a file is, by its name alone, in whatever case.
 *
 * @param path the file's name, or its path with `/` between the parts
 */
export const kindOfName = (path: string): NameKind => {
  const parts = path.toLowerCase().split("/");
  const name = parts.at(-1) ?? "";
  if (parts.some(isHidden) || parts.slice(0, -1).some((folder) => IGNORED_FOLDERS.has(folder))) return "ignored";
  const ending = /\.([^.]+)$/.exec(name)?.[1] ?? "";
  // Office's lock files begin with `~$`. Editors end the name of a backup with `~`.
  if (IGNORED_FILES.has(name) || UNFINISHED.has(ending) || name.startsWith("~$") || name.endsWith("~"))
    return "ignored";
  return SIDECARS.has(ending) || SIDECAR_FILES.has(name) ? "sidecar" : "media";
};

/** A leading dot hides a file or a folder. `.` and `..` are no names: clients have written them as parts of a key. */
const isHidden = (part: string): boolean => part.startsWith(".") && part !== "." && part !== "..";
