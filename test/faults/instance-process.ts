import { virtualTime } from "./virtual-time.ts";
import type { FromChild, ToChild } from "./instance.ts";

/** The process of an instance: runs functions as it is told, in the time that it is told. See `forkInstance`. */

const say = (message: FromChild): void => {
  process.send?.(message);
};
const advanceTo = (now: number): void => {
  virtualTime.tick(Math.max(now - Date.now(), 0));
};

const [{ createLambda }, { loadFunction }, { readDeployment }, { randomHex, sleep }] = await Promise.all([
  import("../../dev/stack/lambda.ts"),
  import("../../dev/stack/load.ts"),
  import("../../dev/gateway/deployment.ts"),
  import("../../lib/runtime.ts"),
]);
type Lambda = ReturnType<typeof createLambda>;

const { functions } = await readDeployment();
let lambda: Lambda | undefined;

const start = ({ env, clockOffsetMs, now }: Extract<ToChild, { say: "start" }>): void => {
  advanceTo(now);
  lambda = createLambda({
    runtime: {
      env,
      clock: () => Date.now() + clockOffsetMs,
      randomHex,
      sleep,
      writeLine: (line) => {
        say({ say: "line", line });
      },
    },
    functions,
    load: loadFunction,
  });
  say({ say: "started" });
};

process.on("message", (message: ToChild) => {
  switch (message.say) {
    case "start":
      start(message);
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
