#!/usr/bin/env bash
# ElasticMQ 1.6.16 answers 400, ReceiptHandleIsInvalid, to a DeleteMessage with a message's earlier receipt handle, and to a
# second DeleteMessage with the right one. AWS documents both as successes: a delete can be repeated, and one with an old
# handle succeeds, though the message might not be deleted. So a consumer that repeats a delete whose response was lost
# fails here and nowhere else.
#
# Seen: with the earlier handle: ReceiptHandleIsInvalid; with the latest: 200; once more: ReceiptHandleIsInvalid.
#
# Needs Java 17, Maven and Node. Exits with 1 where the behaviour has changed.
set -euo pipefail

version=1.6.16
sdk=3.1169.0
work="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>elasticmq</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.elasticmq</groupId>
      <artifactId>elasticmq-server_2.13</artifactId>
      <version>$version</version>
    </dependency>
  </dependencies>
</project>
POM
mvn --batch-mode --quiet --file "$work/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$work/lib"
npm install --silent --prefix "$work" "@aws-sdk/client-sqs@$sdk" >/dev/null
port="$(node -e 'const s = require("net").createServer().listen(0, () => { console.log(s.address().port); s.close(); })')"
java -cp "$work/lib/*" -Drest-sqs.bind-port="$port" -Drest-stats.enabled=false org.elasticmq.server.Main >"$work/log" 2>&1 &
server=$!

cat >"$work/delete.mjs" <<'NODE'
import { setTimeout as delay } from "node:timers/promises";
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const endpoint = process.argv[2];
const sqs = new SQSClient({ endpoint, region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } });
for (let tries = 0; tries < 100; tries += 1) {
  if (await fetch(endpoint).then(() => true, () => false)) break;
  await delay(200);
}
const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "q" }));
await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "m" }));
const receive = async (VisibilityTimeout) => {
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout, WaitTimeSeconds: 5 }));
  return Messages[0].ReceiptHandle;
};
const remove = (ReceiptHandle) =>
  sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })).then(
    ({ $metadata }) => String($metadata.httpStatusCode),
    (error) => error.name,
  );
const [earlier, latest] = [await receive(0), await receive(30)];
const seen = [await remove(earlier), await remove(latest), await remove(latest)];
console.log("with the earlier handle:", seen[0]);
console.log("with the latest:", seen[1]);
console.log("once more:", seen[2]);
process.exit(seen.join() === "ReceiptHandleIsInvalid,200,ReceiptHandleIsInvalid" ? 0 : 1);
NODE

echo "ElasticMQ $version, @aws-sdk/client-sqs $sdk"
if node --no-warnings "$work/delete.mjs" "http://127.0.0.1:$port"; then
  echo "as described"
else
  echo "the behaviour has changed" >&2
  exit 1
fi
