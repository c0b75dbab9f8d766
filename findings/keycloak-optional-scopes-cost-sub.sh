#!/usr/bin/env bash
# Keycloak 26.0.7: a client is created by REST (or kcadm, or an import) with `optionalClientScopes`, and nothing is said of
# `defaultClientScopes`. It gets none of the realm's default client scopes, not even `basic`, which since version 25 brings
# the claim `sub`. Its access tokens have no `sub` at all, though RFC 9068 requires one, and no warning is given: logins
# work, the ID token has its `sub`. A client created without either list gets all default scopes, and has the claim.
#
# What helps: name "basic" in defaultClientScopes wherever optionalClientScopes is named.
#
# Seen, of two clients that differ in `"optionalClientScopes": ["read"]` alone:
#   without the list: the access token has sub, the client 6 default scopes; with it: no sub, no default scopes.
#
# Needs Java 17, Maven, Python 3 and curl. Exits with 1 where the behaviour has changed.
set -euo pipefail

version=26.0.7
work="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get -Dtransitive=false \
  -Dartifact="org.keycloak:keycloak-quarkus-dist:$version:zip" >&2
mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
  -Dartifact="org.keycloak:keycloak-quarkus-dist:$version:zip" -DoutputDirectory="$work" >&2
python3 -m zipfile -e "$work/keycloak-quarkus-dist-$version.zip" "$work"

port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
KC_BOOTSTRAP_ADMIN_USERNAME=admin KC_BOOTSTRAP_ADMIN_PASSWORD=admin bash "$work/keycloak-$version/bin/kc.sh" start-dev \
  --db=dev-mem --cache=local --http-host=127.0.0.1 --http-port="$port" >"$work/log" 2>&1 &
server=$!
url="http://127.0.0.1:$port"
for _ in $(seq 300); do
  curl -s -o /dev/null "$url/realms/master" && break
  sleep 1
done

token() { # realm, client, form fields
  curl -sS --fail "$url/realms/$1/protocol/openid-connect/token" "${@:2}" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'
}
admin() { # path, JSON
  curl -sS --fail "$url/admin/realms$1" -H "Authorization: Bearer $ADMIN" -H "Content-Type: application/json" ${2:+-d "$2"}
}
ADMIN="$(token master -d client_id=admin-cli -d grant_type=password -d username=admin -d password=admin)"
admin "" '{"realm":"r","enabled":true}'
admin /r/client-scopes '{"name":"read","protocol":"openid-connect"}'
admin /r/users '{"username":"alice","enabled":true,"email":"alice@app.example","firstName":"A","lastName":"A",
  "credentials":[{"type":"password","value":"alice"}]}'
public='"publicClient":true,"directAccessGrantsEnabled":true'
admin /r/clients "{\"clientId\":\"plain\",$public}"
admin /r/clients "{\"clientId\":\"optional\",$public,\"optionalClientScopes\":[\"read\"]}"

look() {
  local client="$1"
  local scopes claims
  scopes="$(admin "/r/clients?clientId=$client" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)[0]["defaultClientScopes"]))')"
  claims="$(token r -d "client_id=$client" -d grant_type=password -d username=alice -d password=alice | python3 -c '
import base64, json, sys
body = sys.stdin.read().split(".")[1]
print("sub" if "sub" in json.loads(base64.urlsafe_b64decode(body + "==")) else "no sub")')"
  echo "$client: $claims, default scopes: $scopes"
}
echo "Keycloak $version"
seen="$(look plain; look optional)"
echo "$seen"
[ "$seen" = "plain: sub, default scopes: 6
optional: no sub, default scopes: 0" ] && {
  echo "as described"
  exit 0
}
echo "the behaviour has changed" >&2
exit 1
