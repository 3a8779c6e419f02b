// An OAuth server that is not ours, with an API that takes its tokens.
//
//   node server.mjs <oidc-provider's index.js> <port> <client id> <secret>
//
// GET /v1/sites  the API: 200 with a token that the server knows, else 401
// GET /expire    the API takes the token that the query is for ended
// GET /came-back  where a sign-in ends: shows the code
// GET /granted   what the token endpoint has answered, in order
import { pathToFileURL } from "node:url";

const [, , index, port, id, secret] = process.argv;
const { default: Provider } = await import(pathToFileURL(index).href);
const issuer = `http://127.0.0.1:${port}`;
const granted = [];
const ended = new Set();

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: id,
      client_secret: secret,
      redirect_uris: [`${issuer}/came-back`],
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
  cookies: { keys: ["made up for a test"] },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  pkce: { required: () => true },
  rotateRefreshToken: true,
});

const routes = {
  "/v1/sites": async (ctx) => {
    const bearer = ctx.get("authorization").replace("Bearer ", "");
    const token = await provider.AccessToken.find(bearer);
    const good = token?.isValid && !ended.has(bearer);
    ctx.status = good ? 200 : 401;
    ctx.body = good ? [] : "";
  },
  "/expire": (ctx) => {
    ended.add(ctx.querystring);
    ctx.body = "";
  },
  "/came-back": (ctx) => {
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
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
