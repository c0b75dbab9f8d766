import { S3Client } from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { startStack } from "../../dev/stack.ts";
import { findProgram } from "../../test/harness/find-program.ts";
import { bundleProgram } from "../bundled.ts";
import { createCpuShare, missingCpuShare, WHOLE_CPU_MB } from "../cpu-share.ts";
import type { Amount, BenchPart, Figure } from "../figure.ts";
import { reportLeftOut } from "../left-out.ts";
import { startFarEnds, type Line } from "../throughput/far-ends.ts";
import {
  carryWhole,
  curlToCurl,
  deliverMedia,
  hashedCurlToCurl,
  rclone,
  relayBy,
  type Setting,
  type Transfer,
} from "../throughput/transfers.ts";
import { cpu, pair, peakMiB, speed, takeTurns, type Costs } from "../throughput/turns.ts";

/**
 * What it costs to carry an object from S3 to cielo24: the real deliver-media, bundled as it is deployed and in a process of
 * its own, in turns with programs that carry the same bytes between the same servers. Ratios are paired within a round.
 */

const MIB = 1024 * 1024;
const SMALL_BYTES = 64 * MIB;
/** What grows by a few bytes for each chunk shows here. */
const LARGE_BYTES = 4096 * MIB;
const SIZES = {
  whole: { bytes: 1024 * MIB, slowBytes: 512 * MIB, shareBytes: 1024 * MIB },
  quick: { bytes: 256 * MIB, slowBytes: 128 * MIB, shareBytes: 128 * MIB },
};
/** The memory of deliver-media, unless a stage says otherwise. */
const DEFAULT_MB = 512;

const QUICK_ROUNDS = 2;
/**
 * Targets are about a whole run. Gates hold for the small objects of a quick run, too, for which the part of each delivery that
 * does not depend on the size weighs more; docs/performance.md says what 20 runs have seen. Speed beside two curls has none:
 * on a machine with other work they get twice the time of one process. Nor has CPU beside them at full speed: how much faster
 * curl's AES is, and how much slower SHA-256, differs from processor to processor. Memory hardly varies, so its gates are sizes.
 */
const LIMITS = {
  tlsSpeed: { target: { atLeast: 1.2 } },
  tlsCpu: { target: { atMost: 0.82 } },
  tlsCpuOfNode: { gate: { atMost: 1.2 } },
  hashedSpeed: { target: { atLeast: 1.2 }, gate: { atLeast: 1.4 } },
  plainSpeed: { target: { atLeast: 0.8 } },
  hashedCpu: { gate: { atMost: 1 } },
  slowCpu: { target: { atMost: 1.6 }, gate: { atMost: 1.9 } },
  smallRss: { target: { atMost: 92 }, gate: { atMost: 100 } },
  largeRss: { target: { atMost: 100 }, gate: { atMost: 110 } },
  growth: { target: { atMost: 8 }, gate: { atMost: 12 } },
  shareRate: { target: { atLeast: 100 } },
  shareCost: { target: { atMost: 0.3 } },
};
type Limits = Pick<Figure, "target" | "gate">;

const measure = async (setting: Setting, { rounds: wantedRounds, quick }: Amount): Promise<Figure[]> => {
  const rounds = quick ? Math.min(wantedRounds, QUICK_ROUNDS) : wantedRounds;
  // These hardly differ from round to round, and take long.
  const steadyRounds = quick ? 1 : rounds;
  const worker = await bundleProgram(new URL("../throughput/worker.ts", import.meta.url));
  const relay = await bundleProgram(new URL("../throughput/sdk-relay.ts", import.meta.url));
  const { bytes, slowBytes, shareBytes } = quick ? SIZES.quick : SIZES.whole;
  const { ends } = setting;
  const progress = (what: string) => process.stderr.write(`${what}\n`);

  const mib = (sizeBytes: number) =>
    sizeBytes < 1024 * MIB ? `${sizeBytes / MIB} MiB` : `${sizeBytes / MIB / 1024} GiB`;
  const gateOf = ({ gate }: Limits): Limits => (gate ? { gate } : {});
  const figure = (name: string, unit: string, values: readonly number[], limits: Limits = {}): Figure => ({
    name,
    unit,
    values,
    ...(quick ? gateOf(limits) : limits),
  });

  const over = (line: Line, sizeBytes: number, transfers: Readonly<Record<string, Transfer>>, times = rounds) =>
    takeTurns(
      Object.fromEntries(
        Object.entries(transfers).map(([name, transfer]) => [
          name,
          () => carryWhole(setting, transfer)(sizeBytes, line),
        ]),
      ),
      times,
    );

  const ours = deliverMedia(setting, worker);
  const curl = curlToCurl(setting);
  const ifInstalled = (program: string, transfer: Transfer): Record<string, Transfer> => {
    if (findProgram(program)) return { [program]: transfer };
    reportLeftOut(`throughput by ${program}`, `apt-get install ${program}`);
    return {};
  };
  const perhapsRclone = ifInstalled("rclone", rclone(setting));
  const perhapsOpenssl = ifInstalled("openssl", hashedCurlToCurl(setting, "openssl dgst -sha256"));

  progress("throughput: TLS on both sides");
  const tls = await over(ends.tls, bytes, {
    curl,
    ours,
    ...perhapsRclone,
    "SDK → https.request": relayBy(setting, relay, "request"),
    "SDK → undici": relayBy(setting, relay, "undici"),
    "SDK → fetch": relayBy(setting, relay, "fetch"),
  });
  progress("throughput: plain HTTP");
  const plain = await over(ends.plain, bytes, {
    curl,
    ours,
    sha256sum: hashedCurlToCurl(setting, "sha256sum"),
    ...perhapsOpenssl,
  });
  progress("throughput: a source of 50 MB/s");
  const slowTls = await over(ends.slowTls, slowBytes, { curl, ours });
  const slowPlain: Costs = quick ? {} : await over(ends.slowPlain, slowBytes, { curl, ours });
  progress("throughput: memory");
  const unseen = deliverMedia(setting, worker, { settings: { PREFLIGHT: "off" } });
  const small = await over(ends.tls, SMALL_BYTES, { ours, unseen }, steadyRounds);
  const large = await over(ends.tls, LARGE_BYTES, { ours }, steadyRounds);

  /** With the CPU that Lambda gives to the default memory, beside a whole one. */
  const measureShare = async (): Promise<readonly Figure[]> => {
    const missing = await missingCpuShare();
    if (missing !== undefined) {
      reportLeftOut(`throughput at ${DEFAULT_MB} MB`, missing);
      return [];
    }
    progress(`throughput: the CPU of ${DEFAULT_MB} MB`);
    const [share, whole] = [await createCpuShare(DEFAULT_MB), await createCpuShare(WHOLE_CPU_MB)];
    const atDefault = deliverMedia(setting, worker, { share });
    const atWhole = deliverMedia(setting, worker, { share: whole });
    try {
      const fast = await over(ends.tls, shareBytes, { atDefault }, steadyRounds);
      const slow = await over(ends.slowTls, shareBytes, { atDefault, atWhole }, steadyRounds);
      return [
        figure(
          `${DEFAULT_MB} MB, TLS, ${mib(shareBytes)}: speed`,
          "MiB/s",
          (fast["atDefault"] ?? []).map(({ ms }) => shareBytes / MIB / (ms / 1000)),
          LIMITS.shareRate,
        ),
        figure(
          `${DEFAULT_MB} MB, 50 MB/s, TLS, ${mib(shareBytes)}: GB-seconds`,
          `× ${WHOLE_CPU_MB} MB`,
          pair(slow, "atDefault", "atWhole", (one, other) => (one.ms * DEFAULT_MB) / (other.ms * WHOLE_CPU_MB)),
          LIMITS.shareCost,
        ),
      ];
    } finally {
      await share.close();
      await whole.close();
    }
  };

  const ofShare = await measureShare();

  const peers = ["rclone", "SDK → https.request", "SDK → undici", "SDK → fetch"].filter((name) => name in tls);
  const size = mib(bytes);
  return [
    figure(`TLS, ${size}: speed`, "× curl|curl", speed(tls, "ours", "curl"), LIMITS.tlsSpeed),
    figure(`TLS, ${size}: CPU`, "× curl|curl", cpu(tls, "ours", "curl"), LIMITS.tlsCpu),
    figure(
      `TLS, ${size}: CPU`,
      "× SDK → https.request, unhashed",
      cpu(tls, "ours", "SDK → https.request"),
      LIMITS.tlsCpuOfNode,
    ),
    ...peers.flatMap((name) => [
      figure(`TLS, ${size}: speed of ${name}, unhashed`, "× curl|curl", speed(tls, name, "curl")),
      figure(`TLS, ${size}: CPU of ${name}, unhashed`, "× curl|curl", cpu(tls, name, "curl")),
      figure(`TLS, ${size}: peak RSS of ${name}`, "MiB", peakMiB(tls, name)),
    ]),
    figure(`HTTP, ${size}: speed`, "× curl|tee|curl, sha256sum", speed(plain, "ours", "sha256sum"), LIMITS.hashedSpeed),
    ...("openssl" in plain
      ? [
          figure(`HTTP, ${size}: speed`, "× curl|tee|curl, openssl", speed(plain, "ours", "openssl")),
          figure(`HTTP, ${size}: CPU`, "× curl|tee|curl, openssl", cpu(plain, "ours", "openssl"), LIMITS.hashedCpu),
        ]
      : []),
    figure(`HTTP, ${size}: speed`, "× curl|curl", speed(plain, "ours", "curl"), LIMITS.plainSpeed),
    figure(`HTTP, ${size}: CPU`, "× curl|curl", cpu(plain, "ours", "curl")),
    figure("SHA-256 alone: CPU", "s/GiB", Array.from({ length: rounds }, measureHash)),
    figure(`50 MB/s, TLS, ${mib(slowBytes)}: CPU`, "× curl|curl", cpu(slowTls, "ours", "curl"), LIMITS.slowCpu),
    ...("ours" in slowPlain
      ? [figure(`50 MB/s, HTTP, ${mib(slowBytes)}: CPU`, "× curl|curl", cpu(slowPlain, "ours", "curl"), LIMITS.slowCpu)]
      : []),
    figure(`TLS, ${mib(SMALL_BYTES)}: peak RSS`, "MiB", peakMiB(small, "ours"), LIMITS.smallRss),
    figure(`TLS, ${mib(LARGE_BYTES)}: peak RSS`, "MiB", peakMiB(large, "ours"), LIMITS.largeRss),
    figure(
      `peak RSS, ${mib(LARGE_BYTES)} − ${mib(SMALL_BYTES)}`,
      "MiB",
      peakMiB(large, "ours").map((rssMiB, round) => rssMiB - (peakMiB(small, "ours")[round] ?? Number.NaN)),
      LIMITS.growth,
    ),
    figure(
      "peak RSS with the look − without",
      "MiB",
      pair(small, "ours", "unseen", (looking, unseen) => looking.peakRssMiB - unseen.peakRssMiB),
    ),
    ...ofShare,
  ];
};

/** What the receipt costs whatever carries the bytes: the CPU seconds of one GiB. */
const measureHash = (): number => {
  const chunk = Buffer.alloc(256 * 1024, 1);
  const before = process.cpuUsage();
  const hash = createHash("sha256");
  for (let sizeBytes = 0; sizeBytes < 1024 * MIB; sizeBytes += chunk.length) hash.update(chunk);
  hash.digest();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

/** How fast, and with how much CPU and memory, objects are carried. */
export const throughput: BenchPart = {
  name: "throughput",
  missing: () => {
    const missing = ["curl", "go", "sha256sum"].filter((program) => !findProgram(program));
    return Promise.resolve(
      missing.length > 0 ? `${missing.join(", ")}: apt-get install curl golang-go coreutils` : undefined,
    );
  },
  run: async (amount) => {
    const stack = await startStack({ digest: false, polls: false });
    const s3 = new S3Client(stack.s3ClientConfig);
    const ends = await startFarEnds(stack);
    try {
      return await measure({ stack, ends, s3 }, amount);
    } finally {
      s3.destroy();
      await ends.close();
      await stack.close();
    }
  },
};
