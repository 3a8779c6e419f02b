// Builds a query, shows the request as several tools send it, and runs it.
// Text of the server and of the person is only ever set as text, never as HTML.

const $ = (id) => document.getElementById(id);
const OPERATORS = {
  eq: "is", ne: "is not", gt: "is more than", ge: "is at least", lt: "is less than",
  le: "is at most", contains: "contains", startswith: "starts with",
  endswith: "ends with",
};
const FUNCTIONS = new Set(["contains", "startswith", "endswith"]);
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const INSECURE = "\n    allow_insecure_http=True,";
const SHOWN = 200_000; // characters of a response

let about = {};
let fields = {}; // types by name, of the resource that is chosen
let tool = "curl";

function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function fill(select, values, texts = values) {
  select.replaceChildren(
    ...values.map((value, i) => element("option", { value, textContent: texts[i] })),
  );
}

// --- the query ---------------------------------------------------------------

function literal(type, text) {
  if (type === "integer" || type === "number" || type === "boolean") return text.trim();
  if (type === "date-time") return text.trim();
  return "'" + text.replaceAll("'", "''") + "'";
}

function condition(row) {
  const [field, operator, value] = [...row.children].map((child) => child.value);
  const text = literal(fields[field], value);
  if (FUNCTIONS.has(operator)) return `${operator}(${field},${text})`;
  return `${field} ${operator} ${text}`;
}

function query() {
  const rows = [...$("conditions").children].filter((row) => row.children[2].value);
  const order = $("order").value;
  return {
    filter: rows.map(condition).join(" and "),
    select: [...$("select").selectedOptions].map((option) => option.value),
    order: order && order + ($("descending").checked ? " desc" : ""),
    top: Number($("top").value) || 10,
  };
}

function encoded(text) {
  return encodeURIComponent(text).replaceAll("'", "%27").replaceAll("%2C", ",");
}

function address() {
  const { filter, select, order, top } = query();
  const options = [
    ["filter", filter], ["select", select.join(",")], ["orderby", order], ["top", top],
  ];
  const text = options
    .filter(([, value]) => value)
    .map(([name, value]) => `$${name}=${encoded(String(value))}`)
    .join("&");
  return `${location.origin}${about.base_path}${encoded($("resource").value)}?${text}`;
}

function headers() {
  return {
    Authorization: `Bearer ${about.access_token}`,
    "X-Site": about.site,
    "X-Company": $("company").value,
  };
}

// --- the request as others send it -------------------------------------------

const TOOLS = {
  curl() {
    const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
    const lines = Object.entries(headers()).map(([n, v]) => `-H ${quoted(`${n}: ${v}`)}`);
    return [`curl ${quoted(address())}`, ...lines].join(" \\\n  ");
  },
  powershell() {
    const quoted = (text) => "'" + text.replaceAll("'", "''") + "'";
    const lines = Object.entries(headers()).map(([n, v]) => `    ${quoted(n)} = ${quoted(v)}`);
    return [
      "$headers = @{", ...lines, "}",
      `Invoke-RestMethod -Uri ${quoted(address())} -Headers $headers`,
    ].join("\n");
  },
  python() {
    const { filter, select, order, top } = query();
    const quoted = JSON.stringify;
    const resource = $("resource").value;
    const steps = [
      filter && `.filter(raw(${quoted(filter)}))`,
      select.length && `.select(${select.map(quoted).join(", ")})`,
      order && `.order_by(${quoted(order)})`,
      `.top(${top})`,
    ].filter(Boolean);
    return `import asyncio

from sage200_async import Sage200Client, Settings, raw

settings = Settings(
    base_url=${quoted(location.origin + about.base_path)},
    access_token=${quoted(about.access_token)},
    site=${quoted(about.site)},
    company=${quoted($("company").value)},${LOOPBACK.has(location.hostname) ? "" : INSECURE}
)


async def main() -> None:
    async with Sage200Client(settings) as client:
        query = client.${resource}${steps.join("")}
        async for record in query:
            print(record)


asyncio.run(main())`;
  },
};

function show() {
  for (const tab of $("tabs").children) {
    tab.setAttribute("aria-selected", String(tab.dataset.tool === tool));
  }
  $("code").textContent = TOOLS[tool]();
}

// --- what the person does ----------------------------------------------------

function addCondition() {
  const names = Object.keys(fields);
  const [field, operator] = [element("select"), element("select")];
  fill(field, names);
  fill(operator, Object.keys(OPERATORS), Object.values(OPERATORS));
  field.ariaLabel = "Field";
  operator.ariaLabel = "Comparison";
  const value = element("input", { ariaLabel: "Value", placeholder: "value" });
  const remove = element("button", { type: "button", textContent: "Remove" });
  const row = element("div", { className: "condition" }, field, operator, value, remove);
  const hint = () => {
    const type = fields[field.value];
    value.placeholder = type === "date-time" ? "2026-01-31T00:00:00Z" : type;
  };
  field.addEventListener("change", hint);
  remove.addEventListener("click", () => { row.remove(); show(); });
  hint();
  $("conditions").append(row);
  show();
}

async function chooseResource() {
  if (!about.resources.includes($("resource").value)) return;
  const url = `${about.base_path}${$("resource").value}?$metadata=false`;
  const response = await fetch(url, { headers: headers() });
  const data = response.ok ? await response.json() : [];
  const rows = Array.isArray(data)
    ? data
    : Object.entries(data).map(([name, rest]) => ({ name, ...rest }));
  fields = Object.fromEntries(rows.map((row) => [row.name, row.type]));
  const names = Object.keys(fields);
  fill($("select"), names);
  fill($("order"), ["", ...names], ["(as they come)", ...names]);
  $("conditions").replaceChildren();
  addCondition();
}

async function run(event) {
  event.preventDefault();
  $("status").className = "";
  $("status").textContent = "Sent …";
  $("body").hidden = true;
  try {
    const response = await fetch(address(), { headers: headers() });
    const text = await response.text();
    let [shown, count] = [text, ""];
    try {
      const data = JSON.parse(text);
      shown = JSON.stringify(data, null, 2);
      if (Array.isArray(data)) count = `, ${data.length} record${data.length === 1 ? "" : "s"}`;
    } catch { /* no JSON: shown as it is */ }
    $("status").className = response.ok ? "" : "error";
    $("status").textContent = `${response.status} ${response.statusText}${count}`;
    $("body").textContent = shown.length > SHOWN ? `${shown.slice(0, SHOWN)}\n…` : shown;
    $("body").hidden = !shown;
  } catch (error) {
    $("status").className = "error";
    $("status").textContent = `No response: ${error.message}`;
  }
}

async function copy(event) {
  const button = event.target;
  await navigator.clipboard.writeText($(button.dataset.copy).textContent);
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

async function start() {
  about = await (await fetch("start.json")).json();
  const rows = {
    API: location.origin + about.base_path,
    "X-Site": about.site,
    "X-Company": about.companies.map((c) => `${c.number} (${c.name})`).join(", "),
    "Sign-in": `${location.origin}/authorize`,
    Tokens: `${location.origin}/oauth/token`,
    "OpenID configuration": `${location.origin}/.well-known/openid-configuration`,
    Client: `${about.client_id}, secret ${about.client_secret}`,
    Resources: `${about.resources.length}, in Sage 200 ${about.edition}`,
  };
  for (const [name, text] of Object.entries(rows)) {
    $("addresses").append(
      element("dt", { textContent: name }),
      element("dd", { textContent: text }),
    );
  }
  $("token").textContent = about.access_token;
  fill($("company"), about.companies.map((c) => c.number), about.companies.map((c) => c.name));
  fill($("resources"), about.resources);
  $("resource").addEventListener("change", chooseResource);
  $("add").addEventListener("click", addCondition);
  $("query").addEventListener("input", show);
  $("query").addEventListener("submit", run);
  for (const tab of $("tabs").children) {
    tab.addEventListener("click", () => { tool = tab.dataset.tool; show(); });
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", copy);
  }
  await chooseResource();
  document.body.dataset.ready = "true";
}

start();
