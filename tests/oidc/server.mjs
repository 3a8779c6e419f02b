// A certified OAuth server, with an API that accepts its tokens.
//
//   node server.mjs <oidc-provider's index.js> <port> <client id> <secret>
//
// GET /v1/sites  the API: 200 with a valid token, else 401
// GET /expire    the API treats the token in the query as expired
// GET /callback  the redirect URI: shows the code
// GET /granted   the status of each response of the token endpoint, in order
import { pathToFileURL } from "node:url";

const [, , index, port, id, secret] = process.argv;
const { default: Provider } = await import(pathToFileURL(index).href);
const issuer = `http://127.0.0.1:${port}`;
const granted = [];
const expired = new Set();

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: id,
      client_secret: secret,
      redirect_uris: [`${issuer}/callback`],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "client_secret_post",
    },
    {
      client_id: `${id}-desktop`,
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/callback"], // with any port: RFC 8252, 7.3
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "none",
    },
  ],
  cookies: { keys: ["for tests only"] },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  pkce: { required: () => true },
  rotateRefreshToken: true,
});

const routes = {
  "/v1/sites": async (ctx) => {
    const bearer = ctx.get("authorization").replace("Bearer ", "");
    const token = await provider.AccessToken.find(bearer);
    const valid = token?.isValid && !expired.has(bearer);
    ctx.status = valid ? 200 : 401;
    ctx.body = valid ? [] : "";
  },
  "/expire": (ctx) => {
    expired.add(ctx.querystring);
    ctx.body = "";
  },
  "/callback": (ctx) => {
    ctx.body = ctx.query.code ?? "";
  },
  "/granted": (ctx) => {
    ctx.body = granted;
  },
};

provider.use(async (ctx, next) => {
  await (routes[ctx.path] ?? next)(ctx);
  if (ctx.path === "/token") granted.push(ctx.status);
});
// The process that started it may hold a wrapper, and can only close the pipe.
process.stdin.on("end", () => process.exit()).resume();
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
