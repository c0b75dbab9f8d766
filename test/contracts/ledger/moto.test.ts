import { it } from "@jest/globals";
import { startMoto } from "../start-moto.ts";
import { ledgerContract } from "./contract.ts";

const program = process.env["MOTO"];
const how = 'MOTO="$(bash scripts/moto.sh)" runs it (needs Python)';

// moto 5.2.5. The developer guide, "Working with items": DynamoDB carries out the writes to an item one after the other,
// and judges each by what the one before has left.
const NOT_ATOMIC = "between a condition and its update, moto lets others write";
const differences = {
  fails: {
    // The API reference, "UpdateItem", requires no UpdateExpression.
    "that sets nothing": "moto answers 500 to an UpdateItem with a condition and no UpdateExpression",
  },
  notRun: {
    "gives a job to one of 50 workers that claim it at once": NOT_ATOMIC,
    "lets one of 20 take over a row whose lease is over": NOT_ATOMIC,
    "lets one of a redirect and a withdrawal that takes it for none be written": NOT_ATOMIC,
    "counts every one of the conflicts that several workers record at once": NOT_ATOMIC,
    "are counted, those at once too": NOT_ATOMIC,
    "bind a job to one of 20 who ask at once": NOT_ATOMIC,
  },
};

// It takes 20 ms of CPU where dynalite takes 2.
if (program) ledgerContract("moto", () => startMoto(program), { differences, randomWrites: 500 });
else {
  process.stderr.write(`skipped: the ledger's contract on moto; ${how}\n`);
  it.skip(`the ledger's contract on moto; ${how}`, () => undefined);
}
