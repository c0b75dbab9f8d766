#!/usr/bin/env bash
# Clients that OpenAPI Generator 6.0.0 makes of a description with a file as the body of a request (`type: string, format:
# binary`), the version and languages that cielo24 publishes its clients in, cannot upload large files:
#
# - TypeScript (`typescript`): throws for every file, before anything is sent, since it knows no media types but JSON, form and
#   octet-stream, and the description says `video/mp4`.
# - JavaScript (`javascript`): allows 60 s for the whole of a request, the time of the upload included. Its documentation
#   calls that "the default HTTP timeout"; one expects it to begin with the wait for the response.
# - Python (`python`): reads all of an open file into memory before it sends the first byte, though urllib3 could send it as it
#   reads; and names every file what the description says, here `video/mp4` of an .mp3.
#
# Seen: TypeScript "None of the given media types are supported: video/mp4"; JavaScript "Timeout of 60000ms exceeded"
# after 60 s, with 34 of 200 MB received at 0.5 MB/s; Python 200 MB more memory for a file of 200 MB, and video/mp4.
#
# Needs Java, Maven, Node 20 or newer, npm and Python 3. Takes two minutes. Exits with 1 where the behaviour has changed.
set -euo pipefail

version=6.0.0
work="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"

cat >description.yml <<'YAML'
openapi: 3.0.0
info: { title: Films, version: 1.0.0 }
servers: [{ url: "http://127.0.0.1/api" }]
paths:
  /films:
    post:
      operationId: add_film
      tags: [film]
      requestBody:
        required: true
        content: { video/mp4: { schema: { type: string, format: binary } } }
      responses:
        200:
          description: Taken
          content: { application/json: { schema: { $ref: "#/components/schemas/Film" } } }
components:
  schemas:
    Film: { type: object, properties: { id: { type: string } } }
YAML
{
  mvn --batch-mode --quiet dependency:copy \
    -Dartifact="org.openapitools:openapi-generator-cli:$version" -DoutputDirectory="$work"
  for language in typescript javascript python; do
    java -jar "openapi-generator-cli-$version.jar" generate -i description.yml -g "$language" -o "$language" \
      --additional-properties=packageName=films,projectName=films,platform=node
  done
  python3 -m venv venv
  venv/bin/pip install --quiet --disable-pip-version-check urllib3==2.8.0 python-dateutil==2.9.0.post0
  npm init -y
  npm install --silent --no-audit --no-fund --save-exact esbuild@0.28.2 superagent@5.3.1 querystring@0.2.1 \
    typescript@4.9.5 @types/node@18.19.130 @types/node-fetch@2.5.12 @types/url-parse@1.4.4 \
    node-fetch@2.7.0 form-data@2.5.5 btoa@1.2.1 es6-promise@4.2.8 url-parse@1.5.10
  npx esbuild javascript/src/index.js --bundle --platform=node --outfile=javascript.cjs
  npx tsc -p typescript --module commonjs --declaration false --skipLibCheck --outDir typescript-built
} >log 2>&1 || { cat log >&2 && exit 1; }

# Takes films, at the rate that their size asks for, and says what it was told of them.
cat >server.mjs <<'JS'
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const BYTES_PER_S = 500_000;
createServer(async (request, response) => {
  const isSlow = request.headers["x-slow"] !== undefined;
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += chunk.length;
      if (isSlow) await sleep((1000 * chunk.length) / BYTES_PER_S);
    }
  } catch {}
  console.error(`${request.headers["content-type"]}, ${Math.round(bytes / 1e6)} MB`);
  response.setHeader("content-type", "application/json");
  response.end('{"id":"1"}');
}).listen(0, "127.0.0.1", function () {
  console.log(this.address().port);
});
JS
node server.mjs >port 2>received &
server=$!
until [ -s port ]; do sleep 0.1; done
url="http://127.0.0.1:$(cat port)/api"
head -c 200000000 /dev/zero >film.mp3

cat >upload-typescript.cjs <<'JS'
const { createConfiguration, FilmApi, ServerConfiguration } = require("./typescript-built/index.js");
const films = new FilmApi(createConfiguration({ baseServer: new ServerConfiguration(process.argv[2], {}) }));
films.addFilm(Buffer.from("a film")).then(
  () => console.log("sent"),
  (error) => console.log(error.message ?? error),
);
JS
cat >upload-javascript.cjs <<'JS'
const { ApiClient, FilmApi } = require("./javascript.cjs");
const client = new ApiClient(process.argv[2]);
client.defaultHeaders["x-slow"] = "yes";
const startedAt = Date.now();
new FilmApi(client).addFilm(require("node:fs").readFileSync("film.mp3"), (error) => {
  console.log(`${error?.message ?? "sent"} after ${Math.round((Date.now() - startedAt) / 1000)} s`);
});
JS
cat >upload.py <<'PYTHON'
import resource
import sys

import films
from films.api.film_api import FilmApi

api = FilmApi(films.ApiClient(films.Configuration(host=sys.argv[1])))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open("film.mp3", "rb") as film:
    api.add_film(film)
more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
print(f"{more / 1e6:.0f} MB more memory")
PYTHON

typescript="$(node upload-typescript.cjs "$url")"
python="$(PYTHONPATH=python venv/bin/python upload.py "$url")"
python_sent="$(tail -n 1 received)"
javascript="$(node upload-javascript.cjs "$url")"
until [ "$(wc -l <received)" -ge 2 ]; do sleep 0.5; done

echo "OpenAPI Generator $version"
echo "TypeScript: $typescript"
echo "JavaScript: $javascript; the server got $(tail -n 1 received)"
echo "Python: $python; the server got $python_sent"
case "$typescript/$javascript/$python_sent/${python%% *}" in
  "None of the given media types are supported: video/mp4"/"Timeout of 60000ms exceeded after "6?" s/video/mp4, 200 MB/"[2-9]??)
    echo "as described"
    exit 0
    ;;
esac
echo "the behaviour has changed" >&2
exit 1
