// A certified OpenID provider on loopback, as the unit's administration would run one: code flow, PKCE, logout by the
// back channel. Its one argument (JSON) names certificate, key and client; the first line it prints is its issuer.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

import Provider from "oidc-provider";

const { certificate, key, client } = JSON.parse(process.argv[2]);
const signing = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });

server.listen(0, "127.0.0.1", () => {
  const issuer = `https://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [client],
    cookies: { keys: [randomUUID()] },
    features: { backchannelLogout: { enabled: true } },
    fetch: (url, { dispatcher: _guard, ...options }) => fetch(url, options), // its guard calls no private address
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    jwks: { keys: [{ ...signing, alg: "ES256", kid: "k1", use: "sig" }] },
  });
  provider.on("backchannel.error", (_context, error) => console.error(error));
  provider.on("server_error", (_context, error) => console.error(error));
  server.on("request", provider.callback());
  console.log(issuer);
});
