import { S3Client } from "@aws-sdk/client-s3";
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { startStack } from "../../dev/stack.ts";
import { bundleProgram } from "../bundled.ts";
import { createCpuShare, missingCpuShare } from "../cpu-share.ts";
import { describeMachine } from "../machine.ts";
import { median } from "../spread.ts";
import { startFarEnds, type Line } from "../throughput/far-ends.ts";
import { carryWhole, deliverMedia, type Transfer } from "../throughput/transfers.ts";
import { GIB, MIB } from "./figures.ts";
import { MEMORIES_MB, type MemoryTimes } from "./memories.ts";

/**
 * `node bench/scale/measure-memories.ts [--json FILE]`: how long deliver-media takes over TLS with the CPU that Lambda gives
 * at each memory. From the event on, in a new process each time. docs/costs.md computes its money from this.
 *
 * It takes three minutes, and needs Go, and root for the shares of a CPU.
 */

const SMALL_ROUNDS = 3;

const { values: options } = parseArgs({ options: { json: { type: "string" } } });

const secondsOf = async (transfer: Transfer, sizeBytes: number, line: Line): Promise<number> =>
  (await transfer(sizeBytes, line)).ms / 1000;

const measure = async (): Promise<readonly MemoryTimes[]> => {
  const worker = await bundleProgram(new URL("../throughput/worker.ts", import.meta.url));
  const stack = await startStack({ digest: false, polls: false });
  const s3 = new S3Client(stack.s3ClientConfig);
  const ends = await startFarEnds(stack);
  const setting = { stack, ends, s3 };
  const measured: MemoryTimes[] = [];
  try {
    for (const memoryMb of MEMORIES_MB) {
      const share = await createCpuShare(memoryMb);
      try {
        const transfer = carryWhole(setting, deliverMedia(setting, worker, { share }));
        const small: number[] = [];
        for (let round = 0; round < SMALL_ROUNDS; round += 1) {
          small.push(await secondsOf(transfer, MIB, ends.tls));
        }
        const times = {
          memoryMb,
          mibS: median(small),
          gibS: await secondsOf(transfer, GIB, ends.tls),
          gibAt50MbS: await secondsOf(transfer, GIB, ends.slowTls),
        };
        console.log(
          `${memoryMb} MB: 1 MiB in ${times.mibS} s, 1 GiB in ${times.gibS} s, at 50 MB/s in ${times.gibAt50MbS} s`,
        );
        measured.push(times);
      } finally {
        await share.close();
      }
    }
  } finally {
    s3.destroy();
    await ends.close();
    await stack.close();
  }
  return measured;
};

const missing = await missingCpuShare();
if (missing !== undefined) throw new Error(missing);
const at = new Date().toISOString();
const memories = await measure();
if (options.json !== undefined) {
  const results = { at, machine: await describeMachine(), memories };
  await writeFile(options.json, `${JSON.stringify(results, undefined, 1)}\n`);
}
