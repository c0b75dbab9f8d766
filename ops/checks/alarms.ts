import { CloudWatchClient, paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import { paginateListSubscriptionsByTopic, SNSClient, type Subscription } from "@aws-sdk/client-sns";
import { DEPLOY, failed, ok, type Check, type Finding } from "./check.ts";

export const ALARM_CHECKS: readonly Check[] = [
  {
    name: "alarms",
    isOnlyOnAws: true,
    look: async (stage) => {
      const client = new CloudWatchClient(stage.clientOptions);
      const alarms: { readonly name: string; readonly isOn: boolean; readonly isRinging: boolean }[] = [];
      const wanted = { AlarmNamePrefix: `cielo24-proxy-${stage.name}-`, AlarmTypes: ["MetricAlarm", "CompositeAlarm"] };
      try {
        for await (const page of paginateDescribeAlarms({ client }, wanted as object))
          for (const each of [...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? [])]) {
            const { AlarmName: name = "", ActionsEnabled: isOn = true, StateValue } = each;
            alarms.push({ name, isOn, isRinging: StateValue === "ALARM" });
          }
      } finally {
        client.destroy();
      }
      return judgeAlarms(alarms);
    },
  },
  {
    name: "subscriptions",
    isOnlyOnAws: true,
    look: async (stage) => {
      const client = new SNSClient(stage.clientOptions);
      const { AlarmTopicArn, NoticeTopicArn } = stage.outputs;
      const subscriptionsOf = async (TopicArn = "") => {
        const found: Subscription[] = [];
        for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client }, { TopicArn }))
          found.push(...Subscriptions);
        return found;
      };
      try {
        return judgeSubscriptions({
          alarms: await subscriptionsOf(AlarmTopicArn),
          notices: await subscriptionsOf(NoticeTopicArn),
        });
      } finally {
        client.destroy();
      }
    },
  },
];

/** Whether there are alarms that tell somebody, and which ring now. */
export const judgeAlarms = (
  alarms: readonly { readonly name: string; readonly isOn: boolean; readonly isRinging: boolean }[],
): Finding => {
  if (alarms.length === 0) return failed("The stage has no alarms.", DEPLOY);
  const off = alarms.filter(({ isOn }) => !isOn).map(({ name }) => name);
  if (off.length > 0)
    return failed(
      `Alarms tell nobody, as their actions are off: ${off.join(", ")}.`,
      "aws cloudwatch enable-alarm-actions",
    );
  const ringing = alarms.filter(({ isRinging }) => isRinging).map(({ name }) => name);
  return ringing.length === 0
    ? ok(`${alarms.length} alarms, none of which is up`)
    : failed(`Up: ${ringing.join(", ")}.`, "docs/operations.md#the-alarms has a section for each.");
};

/** Whether somebody hears of alarms and of notices. */
export const judgeSubscriptions = (topics: Readonly<Record<string, readonly Subscription[]>>): Finding => {
  const isPending = ({ SubscriptionArn = "" }: Subscription) => !SubscriptionArn.startsWith("arn:");
  const silent = Object.entries(topics).filter(([, all]) => all.every(isPending));
  const pending = Object.values(topics).flat().filter(isPending);
  if (silent.length > 0)
    return failed(
      `Nobody hears of ${silent.map(([name]) => name).join(" and ")}: ${pending.length === 0 ? "there is no subscription" : "no subscription is confirmed"}.`,
      pending.length === 0
        ? "Set alarmEmail in params.yml and deploy, or subscribe a pager to <AlarmTopicArn>."
        : "Confirm it by the link in AWS's mail. After three days it expires: deploy again, or subscribe again.",
    );
  return pending.length === 0
    ? ok("alarms and notices reach somebody")
    : failed(`Not confirmed yet: ${pending.length} subscriptions.`, "Confirm them by the links in AWS's mails.");
};
