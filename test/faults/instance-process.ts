import { virtualTime } from "./virtual-time.ts";
import { createLambda, type Build, type Lambda } from "../../dev/stack/lambda.ts";
import { build as addMedia } from "../../functions/add-media/handler.ts";
import { build as deliverMedia } from "../../functions/deliver-media/handler.ts";
import { randomHex, sleep } from "../../lib/runtime.ts";
import type { FromChild, ToChild } from "./instance.ts";

/**
 * The process of an instance: runs functions on request, at the time that it is given. See `forkInstance`. It is
 * bundled, since it is started again and again.
 */
const FUNCTIONS = { "deliver-media": deliverMedia, "add-media": addMedia } as unknown as Readonly<
  Record<string, Build>
>;

const say = (message: FromChild): void => {
  process.send?.(message);
};
const advanceTo = (now: number): void => {
  virtualTime.tick(Math.max(now - Date.now(), 0));
};
const load = (name: string): Promise<Build> => {
  const build = FUNCTIONS[name];
  return build ? Promise.resolve(build) : Promise.reject(new Error(`There is no function ${name}`));
};

let lambda: Lambda | undefined;

process.on("message", (message: ToChild) => {
  switch (message.say) {
    case "start":
      advanceTo(message.now);
      lambda = createLambda({
        runtime: {
          env: message.env,
          clock: () => Date.now() + message.clockOffsetMs,
          randomHex,
          sleep,
          writeLine: (line) => {
            say({ say: "line", line });
          },
        },
        functions: message.functions,
        load,
      });
      say({ say: "started" });
      return;
    case "invoke":
      advanceTo(message.now);
      lambda?.invoke(message.name, message.event).then(
        (result) => {
          say({ say: "result", id: message.id, result });
        },
        () => {
          say({ say: "failure", id: message.id });
        },
      );
      return;
    case "time":
      advanceTo(message.now);
  }
});

process.on("disconnect", () => process.exit());
