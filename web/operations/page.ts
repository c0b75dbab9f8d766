import { byId, element } from "../dom.ts";
import { createRates, createReasons } from "./charts.ts";
import { createJobEntry } from "./job-entry.ts";
import { createKeyedList, setText } from "./keyed-list.ts";
import { createLife } from "./life.ts";
import { createNotifications } from "./notifications.ts";
import { createPromise } from "./promise.ts";
import { STATES, type Alarm, type Job, type Snapshot } from "./snapshot.ts";
import { followSnapshots } from "./stream.ts";
import { formatAge, formatDollars, STATE_WORDS } from "./words.ts";

const TITLE = document.title;

let latest: Snapshot | undefined;
const now = (): number => latest?.now ?? 0;

/** `#job=<job_id>` shows a job's life, so that its address can be kept and sent. */
const selected = (): string | undefined => /^#job=([0-9a-f]{32})$/.exec(location.hash)?.[1];
const select = (jobId: string): void => {
  location.hash = `job=${jobId}`;
};

const life = createLife({
  onClose: () => {
    if (selected() !== undefined) history.pushState(null, "", location.pathname);
    stream.follow(undefined);
  },
});
const showSelected = (): void => {
  const jobId = selected();
  if (jobId === undefined) life.close();
  else life.open(jobId);
  stream.follow(jobId);
};
addEventListener("hashchange", showSelected);
addEventListener("popstate", showSelected);

const showNotifications = createNotifications({
  list: byId("notifications"),
  empty: byId("no-notifications"),
  announce: (text) => {
    setText(byId("announcements"), text);
  },
  onSelect: select,
});

const jobList = (id: string) =>
  createKeyedList<Job>(byId(id), {
    key: ({ jobId }) => jobId,
    make: (job) => createJobEntry(job, { now, onSelect: select }),
    empty: byId(`no-${id}`),
  });
const showOpen = jobList("open");
const showEnded = jobList("ended");

const filter = byId("filter") as HTMLInputElement;
const matches = ({ jobId, name = "", state, reason }: Job): boolean =>
  [jobId, name, state, STATE_WORDS[state].name, reason?.type ?? "", reason?.comment ?? ""].some((text) =>
    text.toLowerCase().includes(filter.value.trim().toLowerCase()),
  );
const showJobs = ({ open, openCount, ended }: Pick<Snapshot, "open" | "openCount" | "ended">): void => {
  showOpen(open.filter(matches));
  showEnded(ended.filter(matches));
  setText(
    byId("open-count"),
    openCount > open.length ? `${openCount}, of which the oldest ${open.length}` : `${openCount}`,
  );
};
filter.addEventListener("input", () => {
  if (latest) showJobs(latest);
});
byId("filter-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const [only, ...others] = latest ? [...latest.open, ...latest.ended].filter(matches) : [];
  const typed = filter.value.trim().toLowerCase();
  if (/^[0-9a-f]{32}$/.test(typed)) select(typed);
  else if (only && others.length === 0) select(only.jobId);
});

const showStates = createKeyedList<{ state: (typeof STATES)[number]; count: number }>(byId("states"), {
  key: ({ state }) => state,
  make: ({ state }) => {
    const { name, tone } = STATE_WORDS[state];
    const value = element("span", { className: "value" });
    const root = element("li", {}, [value, element("span", { textContent: name })]);
    root.dataset["state"] = state;
    return {
      root,
      show: ({ count }) => {
        setText(value, String(count));
        if (count > 0) root.dataset["tone"] = tone;
        else delete root.dataset["tone"];
      },
    };
  },
});

const showAlarms = createKeyedList<Alarm>(byId("alarms"), {
  key: ({ name }) => name,
  make: ({ name, text }) => ({
    root: element("li", { className: "entry" }, [
      element("strong", { textContent: name }),
      element("p", { className: "reason", textContent: text }),
    ]),
    show: () => undefined,
  }),
  empty: byId("no-alarms"),
});

/** Names and values in a `dl`. */
const pairs = (id: string) =>
  createKeyedList<{ name: string; value: string }>(byId(id), {
    key: ({ name }) => name,
    make: ({ name }) => {
      const value = element("dd");
      const root = element("div", {}, [element("dt", { textContent: name }), value]);
      return {
        root,
        show: (shown) => {
          setText(value, shown.value);
        },
      };
    },
  });
const showFacts = pairs("facts");
const showCost = pairs("cost");
const showRates = createRates(byId("rates"));
const showReasons = createReasons(byId("reasons"), byId("no-reasons"));
const showPromise = createPromise(byId("promise"));

const show = (snapshot: Snapshot): void => {
  latest = snapshot;
  const { states, queue, open, alarms, cost, pageUrl } = snapshot;
  const oldest = open.find(({ state }) => state !== "UPLOADING" && state !== "NEEDS_REVIEW");
  const age = (at: number | undefined) => (at === undefined ? "none" : formatAge(snapshot.now - at));
  showStates(STATES.map((state) => ({ state, count: states[state] })));
  showFacts([
    { name: "Oldest file on its way", value: age(oldest?.since) },
    { name: "Messages in the queue", value: String(queue.messages) },
    { name: "Oldest message", value: age(queue.oldestAt) },
    { name: "Dead letters", value: String(queue.deadLetters) },
  ]);
  showNotifications(snapshot.notifications);
  showAlarms(alarms.ringing);
  setText(byId("alarms-watched"), `${alarms.watched} are watched here, ${alarms.others} only on AWS`);
  showJobs(snapshot);
  showRates(snapshot.rates);
  showPromise(snapshot);
  showReasons(snapshot.reasons);
  showCost([
    ...cost.lines.map(({ name, dollars }) => ({ name, value: formatDollars(dollars) })),
    { name: "all of it", value: formatDollars(cost.dollars) },
  ]);
  if (snapshot.life && snapshot.life.jobId === selected()) life.show(snapshot.life, snapshot.now);
  document.title = states.NEEDS_REVIEW > 0 ? `${states.NEEDS_REVIEW} for a person · ${TITLE}` : TITLE;
  const link = byId("upload-page") as HTMLAnchorElement;
  if (pageUrl !== undefined) link.href = pageUrl;
  link.hidden = pageUrl === undefined;
  // Until there is something to see, nothing is shown that would move then.
  for (const id of ["board", "foot"]) byId(id).hidden = false;
};

const stream = followSnapshots({
  onSnapshot: show,
  onConnection: (isLive) => {
    const sign = byId("connection");
    setText(sign, isLive ? "Live" : "Not connected. What you see is old; it is tried again by itself.");
    sign.dataset["state"] = isLive ? "ready" : "failed";
  },
});
showSelected();
