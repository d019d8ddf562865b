// Drives the API through Cloudflare's official TypeScript SDK. Takes where and what from standard input, as JSON;
// prints what the SDK made of the answers, as JSON: test_typescript_sdk.py compares it with the world behind the API.
import { readFileSync } from "node:fs";
import Cloudflare from "cloudflare";

const { url, tokens, ids } = JSON.parse(readFileSync(0, "utf8"));
const as = (apiToken) => new Cloudflare({ apiToken, baseURL: url, maxRetries: 0, apiKey: null, apiEmail: null });
const reader = as(tokens.reader);
const writer = as(tokens.writer);
const QUERY =
  "query { viewer { zones(filter: {zoneTag: $zone}) { firewallEventsAdaptive(limit: 1) { action } } } }";
const account = { account_id: ids.account };
const zone = { zone_id: ids.zone };

async function all(pages) {
  const found = [];
  for await (const item of pages) found.push(item);
  return found;
}

async function read(sdk) {
  const { access, tunnels, organizations } = sdk.zeroTrust;
  const { cloudflared } = tunnels;
  const inApp = { ...account, app_id: ids.app };
  return {
    verified: await sdk.user.tokens.verify(),
    verified_by_account: await sdk.accounts.tokens.verify(account),
    ips: await sdk.ips.list(),
    accounts: await all(sdk.accounts.list()),
    account: await sdk.accounts.get(account),
    zones: await all(sdk.zones.list({ name: "example.org" })),
    zone: await sdk.zones.get(zone),
    setting: await sdk.zones.settings.get("ssl", zone),
    records: await all(sdk.dns.records.list({ ...zone, name: { exact: ids.host } })),
    record: await sdk.dns.records.get(ids.record, zone),
    tunnels: await all(cloudflared.list({ ...account, is_deleted: false })),
    tunnel: await cloudflared.get(ids.tunnel, account),
    connections: await all(cloudflared.connections.get(ids.tunnel, account)),
    configuration: await cloudflared.configurations.get(ids.tunnel, account),
    apps: await all(access.applications.list(account)),
    app: await access.applications.get(ids.app, account),
    app_policies: await all(access.applications.policies.list(ids.app, account)),
    app_policy: await access.applications.policies.get(ids.own_policy, inApp),
    policies: await all(access.policies.list(account)),
    policy: await access.policies.get(ids.policy, account),
    groups: await all(access.groups.list(account)),
    group: await access.groups.get(ids.group, account),
    service_tokens: await all(access.serviceTokens.list(account)),
    service_token: await access.serviceTokens.get(ids.service_token, account),
    organization: await organizations.list(account),
    logins: await access.logs.accessRequests.list(account),
    access_rules: await all(sdk.firewall.accessRules.list(zone)),
    access_rule: await sdk.firewall.accessRules.get(ids.rule, zone),
    lockdowns: await all(sdk.firewall.lockdowns.list(zone)),
    lockdown: await sdk.firewall.lockdowns.get(ids.rule, zone),
    ua_rules: await all(sdk.firewall.uaRules.list(zone)),
    ua_rule: await sdk.firewall.uaRules.get(ids.rule, zone),
    bots: await sdk.botManagement.get(zone),
    worker_routes: await all(sdk.workers.routes.list(zone)),
    worker_route: await sdk.workers.routes.get(ids.rule, zone),
    graphql: await sdk.post("/graphql", { body: { query: QUERY, variables: { zone: ids.zone } } }),
  };
}

// Makes one of everything, changes it, and takes it away; what cannot be taken away stays changed.
async function write(sdk) {
  const { access, tunnels, organizations } = sdk.zeroTrust;
  const said = {};
  await sdk.zones.edit({ ...zone, paused: true });
  await sdk.zones.settings.edit("ssl", { ...zone, value: "strict" });

  const { records } = sdk.dns;
  const fields = { ...zone, type: "A", name: "made", ttl: 300 };
  const record = await records.create({ ...fields, content: "192.0.2.1" });
  const edited = await records.edit(record.id, { ...fields, content: "192.0.2.2" });
  const replaced = await records.update(record.id, { ...fields, type: "TXT", content: '"x"' });
  const deleted = await records.delete(record.id, zone);
  said.record = [record.name, edited.content, replaced.type, deleted.id === record.id];

  const { cloudflared } = tunnels;
  const tunnel = await cloudflared.create({ ...account, name: "made", config_src: "cloudflare" });
  await cloudflared.edit(tunnel.id, { ...account, name: "renamed" });
  const rule = { hostname: "made.example.org", service: "http://localhost:1" };
  const config = { ingress: [rule, { service: "http_status:404" }] };
  const configured = await cloudflared.configurations.update(tunnel.id, { ...account, config });
  const token = JSON.parse(atob(await cloudflared.token.get(tunnel.id, account)));
  await cloudflared.connections.delete(tunnel.id, account);
  const gone = await cloudflared.delete(tunnel.id, account);
  said.tunnel = [tunnel.status, configured.version, token.t === tunnel.id, gone.name, gone.deleted_at !== null];

  const own = { name: "own", decision: "bypass", include: [{ everyone: {} }] };
  const reusable = await access.policies.create({ ...account, ...own });
  await access.policies.update(reusable.id, { ...account, ...own, decision: "deny" });
  const made = { ...account, type: "self_hosted", domain: "made.example.org" };
  const app = await access.applications.create({ ...made, policies: [reusable.id] });
  const policy = await access.applications.policies.create(app.id, { ...account, ...own });
  const inApp = { ...account, app_id: app.id };
  await access.applications.policies.update(policy.id, { ...inApp, ...own, precedence: 9 });
  await access.applications.policies.delete(policy.id, inApp);
  const updated = await access.applications.update(app.id, { ...made, name: "other" });
  said.app = [app.policies[0].decision, policy.precedence, updated.name, updated.aud === app.aud];
  await access.applications.delete(app.id, account);
  await access.policies.delete(reusable.id, account);

  const service = await access.serviceTokens.create({ ...account, name: "made" });
  const rotated = await access.serviceTokens.rotate(service.id, account);
  await access.serviceTokens.refresh(service.id, account);
  await access.serviceTokens.update(service.id, { ...account, enabled: false });
  const end = await access.serviceTokens.delete(service.id, account);
  said.service_token = [service.client_secret !== rotated.client_secret, end.enabled, end.client_secret ?? null];
  await organizations.update({ ...account, deny_unmatched_requests: true });

  const phase = "http_request_firewall_custom";
  await sdk.rulesets.phases.update(phase, { ...zone, rules: [{ action: "block", expression: "true" }] });
  said.ruleset = (await sdk.rulesets.phases.get(phase, zone)).rules.map((rule) => rule.action);
  const configuration = { target: "ip", value: "192.0.2.9" };
  const ban = await sdk.firewall.accessRules.create({ ...zone, mode: "block", configuration });
  await sdk.firewall.accessRules.edit(ban.id, { ...zone, mode: "challenge", configuration });
  await sdk.firewall.accessRules.delete(ban.id, zone);
  const lock = { ...zone, urls: ["example.org/x"], configurations: [configuration] };
  const lockdown = await sdk.firewall.lockdowns.create(lock);
  await sdk.firewall.lockdowns.update(lockdown.id, lock);
  await sdk.firewall.lockdowns.delete(lockdown.id, zone);
  const agent = { ...zone, mode: "block", configuration: { target: "ua", value: "x" } };
  const banned = await sdk.firewall.uaRules.create(agent);
  await sdk.firewall.uaRules.update(banned.id, agent);
  await sdk.firewall.uaRules.delete(banned.id, zone);
  await sdk.botManagement.update({ ...zone, fight_mode: true });
  const route = await sdk.workers.routes.create({ ...zone, pattern: "example.org/a", script: "w" });
  await sdk.workers.routes.update(route.id, { ...zone, pattern: "example.org/b", script: "w" });
  await sdk.workers.routes.delete(route.id, zone);
  return said;
}

async function pages(sdk) {
  const names = (await all(sdk.dns.records.list({ ...zone, type: "A", per_page: 40 }))).map((record) => record.name);
  const beyond = await sdk.dns.records.list({ ...zone, page: 99 });
  const { result_info: info } = await sdk.dns.records.list({ ...zone, type: "A", page: 2, per_page: 40 });
  return { names, beyond: [beyond.getPaginatedItems().length, beyond.hasNextPage()], info };
}

async function refused(promise) {
  try {
    await promise;
    return "not refused";
  } catch (error) {
    return [error.constructor.name, error.status, error.errors?.[0]?.code];
  }
}

async function errors() {
  const missing = "f".repeat(32);
  return {
    unknown_token: await refused(as(tokens.unknown).dns.records.list(zone)),
    no_permission: await refused(reader.dns.records.delete(ids.record, zone)),
    not_found: await refused(reader.dns.records.get(missing, zone)),
    no_route: await refused(reader.get("/nowhere")),
    bad_request: await refused(writer.dns.records.create({ ...zone, type: "A", name: "a", content: "x", ttl: 1 })),
    conflict: await refused(writer.zeroTrust.tunnels.cloudflared.create({ ...account, name: "spark" })),
    wrong_method: await refused(writer.put("/ips")),
  };
}

// Asks until the limit says no: whoever asked before has spent a limit of his own.
async function limited(sdk) {
  for (let asked = 0; asked < 1000; asked += 1) {
    try {
      await sdk.ips.list();
    } catch (error) {
      return { asked, error: await refused(Promise.reject(error)), wait: Number(error.headers.get("retry-after")) };
    }
  }
  return "no limit";
}

const said = { read: await read(reader), pages: await pages(reader), write: await write(writer) };
said.errors = await errors();
said.limited = await limited(as(tokens.spender));
console.log(JSON.stringify(said));
